"""Arbitrary style transfer: the style is an input, of which one pass takes the statistics."""

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from zoo import features as feature_networks
from zoo._base import ImageModel
from zoo._perceptual import perceptual_loss
from zoo._registry import choose, register
from zoo._schedules import warm_cosine
from zoo.layers import (
    AdaptiveInstanceNormalization,
    ChannelMoments,
    ConditionalInstanceNormalization,
    CropLike,
    NearestUpsampling2D,
    PadToMultiple,
    ReflectionPadding2D,
    ThinConv2D,
)
from zoo.losses.content import content_loss
from zoo.losses.moments import moments_loss
from zoo.losses.perceptual import PerceptualLoss
from zoo.losses.recolor import color_moments, recolor
from zoo.losses.total_variation import total_variation
from zoo.roles import Photograph, Result, Share, Signature, StylePicture, Weights
from zoo.specs import Picture

# The encoder of each feature network: its maps from coarse to fine, each with its stride and channels; "image" is the input.
ENCODERS = {
    "vgg19": {"relu4_1": (8, 512)},
    "compact": {"level3_layer2": (16, 128), "level2_layer2": (8, 128), "level1_layer2": (4, 128), "image": (1, 3)},
}
# The decoder's convolutions at each stride, in channels at full width. Of vgg19: the paper's, its encoder mirrored.
DECODERS = {
    "vgg19": {8: (256,), 4: (256, 256, 256, 128), 2: (128, 64), 1: (64,)},
    "compact": {16: (128,), 8: (128, 128), 4: (128, 128, 64), 2: (64, 64), 1: (32,)},
}
STYLE = {
    "vgg19": ("relu1_1", "relu2_1", "relu3_1", "relu4_1"),
    "compact": feature_networks.style_layers("compact"),
}


@register("adain")
class AdaIN(ImageModel):
    """Arbitrary style transfer with adaptive instance normalisation (Huang and Belongie 2017, https://arxiv.org/abs/1703.06868).

    Content and style pass one frozen encoder; the content's maps take the channels' means and deviations of the style's; a
    decoder, which alone is trained, paints a picture of them. The preset `huang` is as published: relu4_1 of VGG19, a decoder
    without normalisation, moments as the objective. The default is made for little training: the encoder is the second layers
    of the compact features at strides 16, 8 and 4 and the colours themselves, each of which the decoder takes in where it has
    reached its stride; the scales and offsets of its instance normalisation are predicted from the style's statistics (Ghiasi et
    al. 2017, https://arxiv.org/abs/1705.06830); the objective is that of fast_style.

    Deployed inputs: `image` [batch, height, width, 3] and `style` [batch, style_height, style_width, 3] in [0, 1], each of any
    size; `strength` [batch], the paper's alpha: 0 keeps the content's own statistics and gives what the decoder makes of them,
    not the photograph to the bit; 1 is the whole style. Output: `output_image`, like `image`. The encoder's weights are part of
    the deployed network; a saved model leaves them out and finds them again.

    Args:
        features: the frozen encoder: "compact" or "vgg19".
        loss_features: what the objective "gram" sees: None for the encoder itself; else networks of `zoo.features.create`, such
            as "compact:0.5+squeezenet:2".
        feature_weights: a local weights file for what does not ship of the two; of vgg19, None lets Keras download them.
        total_variation_weight: weight of the differences of neighbouring pixels, squared, of what is painted; 0 leaves it out.
        recolor_content: whether the content of the objective "gram" is measured on the photograph in the style's colours.
        width: share of the decoder's channels; 1 is full width.
        codes: how many learned scales and offsets the decoder blends for a style; 0 leaves its normalisation out, as published.
        objective: "gram", fast_style's, with the content in the colours of the style; or "moments", as published: the channels'
            means and deviations, and the maps that the decoder was given.
        size: side of the training crops, in pixels.
        content_weight: weight of the content term.
        style_weight: weight of the style term.
        learning_rate: Adam's highest rate.

    Example:
        >>> model = zoo.create("adain", preset="tiny")
        >>> model.compile()
        >>> model.fit(dataset)
        >>> picture = model.blend(photo[None], [waves[None], mosaic[None]], [0.7, 0.3])
    """

    task = "style transfer"
    paper = "Huang and Belongie 2017"
    source_settings = ("style",)
    presets = {
        "compact": {},
        "huang": {
            "features": "vgg19",
            "width": 1.0,
            "codes": 0,
            "objective": "moments",
            "content_weight": 1.0,
            "style_weight": 10.0,
            "learning_rate": 1e-4,
        },
        "tiny": {"width": 0.125, "codes": 4, "size": 32},
    }

    def __init__(
        self,
        features: str = "compact",
        loss_features: str | None = None,
        feature_weights: str | None = None,
        width: float = 0.5,
        codes: int = 64,
        objective: str = "gram",
        size: int = 256,
        content_weight: float = 0.25,
        style_weight: float = 1.0,
        total_variation_weight: float = 0.0,
        recolor_content: bool = True,
        learning_rate: float = 2e-3,
        name: str = "adain",
    ) -> None:
        super().__init__(name=name)
        choose("encoder", features, ENCODERS)
        if size < 32 or size % 16:
            raise ValueError(f"size {size}: adain trains on crops whose side is a multiple of 16, at least 32")
        self.features = features
        self.loss_features = loss_features
        self.feature_weights = feature_weights
        self.width = width
        self.codes = codes
        self.objective = choose("objective", objective, ("gram", "moments"))
        self.size = size
        self.content_weight = content_weight
        self.style_weight = style_weight
        self.total_variation_weight = total_variation_weight
        self.recolor_content = recolor_content
        self.learning_rate = learning_rate
        self.decoder = decoder(ENCODERS[features], DECODERS[features], width, codes)
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        return {"image": Picture(self.size), "style": Picture(self.size, source="style")}

    @property
    def loss_names(self) -> tuple[str, ...]:
        return ("style", "content") + (("total_variation",) if self.total_variation_weight else ())

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        """Adam; over a known number of steps the rate warms up and falls to a hundredth by a cosine."""
        return keras.optimizers.Adam(warm_cosine(self.learning_rate, steps))

    def prepare(self) -> None:
        self.encoder()

    def encoder(self) -> keras.Model:
        """The frozen network from pictures to the maps of the encoder and of the style loss.

        Raises:
            FileNotFoundError, OSError, ValueError: the weights of vgg19 cannot be had; see `zoo.features.create`.
        """
        if "_encoder" not in vars(self):
            measured = () if self.loss_features else (*STYLE[self.features], *feature_networks.content_layers(self.features))
            names = dict.fromkeys((*measured, *ENCODERS[self.features]))
            maps = tuple(name for name in names if name != "image")
            weights = None if self.features == "compact" else self.feature_weights
            encoder = feature_networks.create(self.features, weights=weights, layers=maps)
            object.__setattr__(self, "_encoder", encoder)  # past Keras, so that a saved model holds the decoder alone
        return self._encoder

    def perceptual(self) -> PerceptualLoss:
        """What the objective "gram" sees.

        Raises:
            FileNotFoundError, OSError, ValueError: the weights cannot be had; see `zoo.features.create`.
        """
        if not self.loss_features:
            layers_of = feature_networks.content_layers(self.features)
            return PerceptualLoss(self.encoder(), dict.fromkeys(STYLE[self.features], 1.0), layers_of)
        if "_perceptual" not in vars(self):
            object.__setattr__(self, "_perceptual", perceptual_loss(self.loss_features, self.feature_weights))
        return self._perceptual

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        encode = with_colors(self.encoder())
        style = encode(batch["style"])
        target = self._target(encode(batch["image"]), style)
        return {"picture": self.decoder(target, training=training), "target": target, "style": style}

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        target, style = outputs["target"], outputs["style"]
        if self.objective == "moments":
            maps = self.encoder()(outputs["picture"])
            style_term = sum(moments_loss(maps[name], style[name]) for name in STYLE[self.features])
            content_term = sum(content_loss(maps[name], target[name]) for name in ENCODERS[self.features] if name != "image")
        else:
            loss = self.perceptual()
            content = recolor(batch["image"], *color_moments(batch["style"])) if self.recolor_content else batch["image"]
            maps = loss.features(outputs["picture"])
            style_maps = loss.features(batch["style"]) if self.loss_features else style
            style_term = loss.style(maps, loss.gram_matrices(style_maps))
            content_term = loss.content(maps, loss.content_features(ops.stop_gradient(content)))
        terms = {"style": self.style_weight * style_term, "content": self.content_weight * content_term}
        if self.total_variation_weight:
            terms["total_variation"] = self.total_variation_weight * total_variation(outputs["picture"])
        return terms

    @property
    def signature(self) -> Signature:
        return self.blending(1)

    def blending(self, styles: int) -> Signature:
        """The signature of `inference_model(styles)`."""
        names = style_inputs(styles)
        weights = [Weights(names=tuple(names))] if styles > 1 else []
        strength = Share(name="strength", meaning="0 (the content's own statistics) to 1")
        return Signature.of([Photograph(), *(StylePicture(name=name) for name in names), *weights, strength], [Result()])

    def inference_model(self, styles: int = 1) -> keras.Model:
        """The deployed network; with several styles, one that blends them: `style_0`, `style_1`, ... by `style_weights`."""
        names = style_inputs(styles)
        inputs = self.deployed_inputs(self.blending(styles))
        encode, pad = with_colors(self._short_encoder()), PadToMultiple(16, minimum=32)
        content = encode(pad(inputs["image"]))
        targets = [self._target(content, encode(pad(inputs[name]))) for name in names]
        target = targets[0]
        if styles > 1:
            shares = [ops.reshape(inputs["style_weights"][:, i], (-1, 1, 1, 1)) for i in range(styles)]
            target = {key: sum(share * t[key] for share, t in zip(shares, targets, strict=True)) for key in target}
        strength = ops.reshape(ops.clip(inputs["strength"], 0.0, 1.0), (-1, 1, 1, 1))
        own = self._described(content, content)
        mixed = {name: own[name] + strength * (target[name] - own[name]) for name in target}
        output = ops.clip(CropLike()([self.decoder(mixed), inputs["image"]]), 0.0, 1.0)
        return keras.Model(inputs, {"output_image": output}, name=self.name)

    def blend(self, image: Any, styles: list[Any], weights: list[float], strength: float = 1.0) -> np.ndarray:
        """One picture in several styles at once: interpolates between what each style makes of the content's maps.

        Args:
            image: float32 [N, H, W, 3] in [0, 1].
            styles: pictures [N, H', W', 3] in [0, 1], of any sizes.
            weights: one number for each style; they sum to 1.
            strength: 0 (the content's own statistics) to 1.

        Returns:
            The pictures, float32 [N, H, W, 3] in [0, 1].
        """
        if len(weights) != len(styles) or abs(sum(weights) - 1) > 1e-3:
            raise ValueError(f"blend needs {len(styles)} weight(s), one for each style, that sum to 1")
        count = len(image)
        inputs = {"image": image, "strength": np.full(count, strength, "float32")}
        if len(styles) == 1:
            inputs["style"] = styles[0]
        else:
            inputs |= {f"style_{i}": style for i, style in enumerate(styles)}
            inputs["style_weights"] = np.tile(np.array(weights, "float32"), (count, 1))
        return ops.convert_to_numpy(self.inference_model(len(styles))(inputs)["output_image"])

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        picture = self(batch, training=False)["picture"]
        return {"content": batch["image"], "style": batch["style"], "stylised": ops.clip(picture, 0.0, 1.0)}

    def _target(self, content: dict[str, Any], style: dict[str, Any]) -> dict[str, Any]:
        """What the decoder paints from: the content's maps with the statistics of the style's."""
        return self._described(transfer(content, style, ENCODERS[self.features]), style)

    def _described(self, maps: dict[str, Any], style: dict[str, Any]) -> dict[str, Any]:
        """The maps, and beside them, where the decoder takes it, the statistics of the maps `style`."""
        return {**maps, "statistics": statistics(style, ENCODERS[self.features])} if self.codes else maps

    def _short_encoder(self) -> keras.Model:
        """The encoder without the maps that only the loss looks at."""
        encoder = self.encoder()
        maps = {name: encoder.output[name] for name in ENCODERS[self.features] if name != "image"}
        return keras.Model(encoder.input, maps, name="encoder")


def style_inputs(styles: int) -> list[str]:
    """The names of the inputs of one style picture or of several."""
    return ["style"] if styles == 1 else [f"style_{i}" for i in range(styles)]


def with_colors(encoder: keras.Model) -> Callable[[Any], dict[str, Any]]:
    """The encoder's maps with the picture itself as one more."""
    return lambda picture: {**encoder(picture), "image": picture}


def transfer(content: dict[str, Any], style: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The content's maps with the statistics of the style's.

    A nearly flat photograph is not raised to the contrast of the style: its noise would be too.
    """
    epsilons = {"image": 1e-3}
    return {name: AdaptiveInstanceNormalization(epsilons.get(name, 1e-5))([content[name], style[name]]) for name in names}


def statistics(maps: dict[str, Any], names: Iterable[str]) -> Any:
    """Means and deviations of all channels of the maps `names`, float32 [N, 1, 1, twice the channels]."""
    return ops.concatenate([ChannelMoments()(maps[name]) for name in names], axis=-1)


def decoder(encoder: dict[str, tuple[int, int]], blocks: dict[int, tuple[int, ...]], width: float, codes: int) -> keras.Model:
    """From the encoder's maps to an unclipped picture; each map joins where the decoder has reached its stride."""
    inputs = {name: layers.Input((None, None, channels), name=name) for name, (_, channels) in encoder.items()}
    joins = {stride: inputs[name] for name, (stride, _) in encoder.items()}
    if codes:
        inputs["statistics"] = layers.Input((1, 1, 2 * sum(channels for _, channels in encoder.values())), name="statistics")
        code = style_code(inputs["statistics"], codes)

    def convolve(x: Any, filters: int) -> Any:
        x = layers.Conv2D(filters, 3, use_bias=not codes)(ReflectionPadding2D(1)(x))
        return layers.ReLU()(ConditionalInstanceNormalization(codes)([x, code]) if codes else x)

    upsampled = smoothly_upsampled if "image" in inputs else NearestUpsampling2D()
    x = None
    for stride, widths in blocks.items():
        parts = [] if x is None else [upsampled(x)]
        parts += [joins[stride]] if stride in joins else []
        x = layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
        for channels in widths:
            x = convolve(x, max(round(width * channels), 1))
    if "image" not in inputs:
        x = ThinConv2D(3, 3, dtype="float32")(ReflectionPadding2D(1)(x))
        return keras.Model(inputs, x, name="decoder")
    # What is painted is added to the photograph in the style's colours, where training begins: from a picture, not from gray.
    small = keras.initializers.VarianceScaling(0.05)
    x = ThinConv2D(3, 3, kernel_initializer=small, dtype="float32")(ReflectionPadding2D(1)(x))
    return keras.Model(inputs, layers.Add(dtype="float32")([x, inputs["image"]]), name="decoder")


def smoothly_upsampled(x: Any) -> Any:
    """Twice the size by the binomial filter 1 3 3 1, without the blocks of nearest neighbours, which are painted as pores."""
    x = ReflectionPadding2D(1)(NearestUpsampling2D()(x))
    for _ in range(2):
        x = layers.AveragePooling2D(2, strides=1)(x)
    return x


def style_code(numbers: Any, codes: int) -> Any:
    """How much of each learned scale and offset a style has, from its statistics: float32 [N, codes], which sum to 1."""
    x = layers.Dense(2 * codes, activation="relu", dtype="float32", name="statistics_hidden")(layers.Flatten()(numbers))
    x = layers.Dense(codes, dtype="float32", name="statistics_code")(x)
    return x - ops.mean(x, axis=1, keepdims=True) + 1 / codes
