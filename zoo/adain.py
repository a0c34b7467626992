"""Arbitrary style transfer: the style is an input, of which one pass takes the statistics."""

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from zoo import features as feature_networks
from zoo._base import ImageModel
from zoo._registry import choose, register
from zoo._schedules import warm_cosine
from zoo.layers import AdaptiveInstanceNormalization, CropLike, NearestUpsampling2D, PadToMultiple, ReflectionPadding2D
from zoo.losses.content import content_loss
from zoo.losses.moments import moments_loss
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
    decoder, which alone is trained, paints a picture of them. The encoder is relu4_1 of VGG19, as published, or the second
    layers of the compact features at strides 16, 8 and 4 and the colours themselves, each of which the decoder takes in where it
    has reached its stride.

    Deployed inputs: `image` [batch, height, width, 3] and `style` [batch, style_height, style_width, 3] in [0, 1], each of any
    size; `strength` [batch], the paper's alpha: 0 keeps the content's own statistics and gives what the decoder makes of them,
    not the photograph to the bit; 1 is the whole style. Output: `output_image`, like `image`. The encoder's weights are part of
    the deployed network; a saved model leaves them out and finds them again.

    Args:
        features: the frozen encoder, which also measures the loss: "compact" or "vgg19".
        feature_weights: a local weights file for vgg19; None lets Keras download them.
        width: share of the decoder's channels; 1 is full width.
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
        "huang": {"features": "vgg19", "style_weight": 10.0, "learning_rate": 1e-4},
        "tiny": {"width": 0.125, "size": 32},
    }

    def __init__(
        self,
        features: str = "compact",
        feature_weights: str | None = None,
        width: float = 1.0,
        size: int = 256,
        content_weight: float = 1.0,
        style_weight: float = 4.0,
        learning_rate: float = 1e-3,
        name: str = "adain",
    ) -> None:
        super().__init__(name=name)
        choose("encoder", features, ENCODERS)
        if size < 32 or size % 16:
            raise ValueError(f"size {size}: adain trains on crops whose side is a multiple of 16, at least 32")
        self.features = features
        self.feature_weights = feature_weights
        self.width = width
        self.size = size
        self.content_weight = content_weight
        self.style_weight = style_weight
        self.learning_rate = learning_rate
        self.decoder = decoder(ENCODERS[features], DECODERS[features], width)
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        return {"image": Picture(self.size), "style": Picture(self.size, source="style")}

    @property
    def loss_names(self) -> tuple[str, ...]:
        return ("style", "content")

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        """Adam; over a known number of steps the rate warms up and falls to a hundredth by a cosine."""
        return keras.optimizers.Adam(warm_cosine(self.learning_rate, steps))

    def compile(self, optimizer: Any = None, **kwargs: Any) -> None:
        """As the base class does, with the encoder found before the first step is traced."""
        self.encoder()
        super().compile(optimizer, **kwargs)

    def encoder(self) -> keras.Model:
        """The frozen network from pictures to the maps of the encoder and of the style loss.

        Raises:
            FileNotFoundError, OSError, ValueError: the weights of vgg19 cannot be had; see `zoo.features.create`.
        """
        if "_encoder" not in vars(self):
            names = dict.fromkeys((*STYLE[self.features], *ENCODERS[self.features]))
            maps = tuple(name for name in names if name != "image")
            encoder = feature_networks.create(self.features, weights=self.feature_weights, layers=maps)
            object.__setattr__(self, "_encoder", encoder)  # past Keras, so that a saved model holds the decoder alone
        return self._encoder

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        encode = with_colors(self.encoder())
        style = encode(batch["style"])
        target = transfer(encode(batch["image"]), style, ENCODERS[self.features])
        return {"picture": self.decoder(target, training=training), "target": target, "style": style}

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        maps, target, style = self.encoder()(outputs["picture"]), outputs["target"], outputs["style"]
        return {
            "style": self.style_weight * sum(moments_loss(maps[name], style[name]) for name in STYLE[self.features]),
            "content": self.content_weight * sum(content_loss(maps[name], target[name]) for name in target if name != "image"),
        }

    def inference_model(self, styles: int = 1) -> keras.Model:
        """The deployed network; with several styles, one that blends them: `style_0`, `style_1`, ... by `style_weights`."""
        names = ["style"] if styles == 1 else [f"style_{i}" for i in range(styles)]
        inputs = {name: layers.Input((None, None, 3), name=name) for name in ("image", *names)}
        inputs["strength"] = layers.Input((), name="strength")
        encode, pad = with_colors(self._short_encoder()), PadToMultiple(16, minimum=32)
        content = encode(pad(inputs["image"]))
        targets = [transfer(content, encode(pad(inputs[name])), ENCODERS[self.features]) for name in names]
        target = targets[0]
        if styles > 1:
            inputs["style_weights"] = layers.Input((styles,), name="style_weights")
            shares = [ops.reshape(inputs["style_weights"][:, i], (-1, 1, 1, 1)) for i in range(styles)]
            target = {key: sum(share * t[key] for share, t in zip(shares, targets, strict=True)) for key in target}
        strength = ops.reshape(ops.clip(inputs["strength"], 0.0, 1.0), (-1, 1, 1, 1))
        mixed = {name: content[name] + strength * (target[name] - content[name]) for name in target}
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

    def _short_encoder(self) -> keras.Model:
        """The encoder without the maps that only the loss looks at."""
        encoder = self.encoder()
        maps = {name: encoder.output[name] for name in ENCODERS[self.features] if name != "image"}
        return keras.Model(encoder.input, maps, name="encoder")


def with_colors(encoder: keras.Model) -> Callable[[Any], dict[str, Any]]:
    """The encoder's maps with the picture itself as one more."""
    return lambda picture: {**encoder(picture), "image": picture}


def transfer(content: dict[str, Any], style: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The content's maps with the statistics of the style's.

    A nearly flat photograph is not raised to the contrast of the style: its noise would be too.
    """
    epsilons = {"image": 1e-3}
    return {name: AdaptiveInstanceNormalization(epsilons.get(name, 1e-5))([content[name], style[name]]) for name in names}


def decoder(encoder: dict[str, tuple[int, int]], blocks: dict[int, tuple[int, ...]], width: float) -> keras.Model:
    """From the encoder's maps to an unclipped picture; each map joins where the decoder has reached its stride."""
    inputs = {name: layers.Input((None, None, channels), name=name) for name, (_, channels) in encoder.items()}
    joins = {stride: inputs[name] for name, (stride, _) in encoder.items()}
    x = None
    for stride, widths in blocks.items():
        parts = [] if x is None else [NearestUpsampling2D()(x)]
        parts += [joins[stride]] if stride in joins else []
        x = layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
        for channels in widths:
            x = layers.Conv2D(max(round(width * channels), 1), 3, activation="relu")(ReflectionPadding2D(1)(x))
    if "image" not in inputs:
        x = layers.Conv2D(3, 3, dtype="float32")(ReflectionPadding2D(1)(x))
        return keras.Model(inputs, x, name="decoder")
    # What is painted is added to the photograph in the style's colours, where training begins: from a picture, not from gray.
    small = keras.initializers.VarianceScaling(0.01)
    x = layers.Conv2D(3, 3, kernel_initializer=small, dtype="float32")(ReflectionPadding2D(1)(x))
    return keras.Model(inputs, layers.Add(dtype="float32")([x, inputs["image"]]), name="decoder")
