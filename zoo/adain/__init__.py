"""Arbitrary style transfer: the style is an input, of which one pass takes the statistics."""

import functools
from typing import Any

import keras
import numpy as np
from keras import ops

from zoo import features as feature_networks
from zoo._base import ImageModel
from zoo._perceptual import perceptual_loss
from zoo._registry import choose, register
from zoo._schedules import warm_cosine
from zoo.adain.networks import describer, painter, published_decoder
from zoo.layers import AdaptiveInstanceNormalization, CropLike, PadToMultiple
from zoo.losses.content import content_loss
from zoo.losses.moments import moments_loss
from zoo.losses.perceptual import PerceptualLoss
from zoo.losses.recolor import color_moments, recolor
from zoo.losses.total_variation import total_variation
from zoo.roles import Photograph, Result, Share, Signature, StylePicture, Weights
from zoo.specs import Picture

MOMENTS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")  # of vgg19: the maps whose moments are the published objective
ENCODED = "relu4_1"  # and the one that is decoded


@register("adain")
class AdaIN(ImageModel):
    """Arbitrary style transfer (Huang and Belongie 2017, https://arxiv.org/abs/1703.06868; Ghiasi et al. 2017, below).

    The default, made for phones: the light network of fast_style, whose instance normalisation takes scales and offsets
    predicted from the statistics of the style in the deep features (Ghiasi et al. 2017, "Exploring the structure of a real-time,
    arbitrary neural artistic stylization network", https://arxiv.org/abs/1705.06830), and which sees the photograph in the
    style's colours, by adaptive instance normalisation, as well. The objective is that of fast_style. The preset `huang` is as
    published in 2017: content and style pass VGG19 up to relu4_1; the content's maps take the channels' means and deviations of
    the style's; a decoder without normalisation, which alone is trained, paints a picture of them.

    Deployed inputs: `image` [batch, height, width, 3] and `style` [batch, style_height, style_width, 3] in [0, 1], each of any
    size; `strength` [batch]: 0 is the photograph, 1 the whole style; with vgg19 it is the paper's alpha, and 0 what the decoder
    makes of the photograph. Output: `output_image`, like `image`. VGG19's weights are part of the deployed network; a saved
    model leaves them out and finds them again. The deep features are saved with the model.

    Args:
        features: what describes the style: "deep", or "vgg19" for the published network.
        loss_features: what the objective sees, such as "compact" or "compact:0.5+squeezenet:2" (see `zoo.features.create`); None,
            for vgg19 alone, is the published objective: moments of its maps, and the maps that the decoder was given.
        feature_weights: a local weights file for what does not ship of the two; of vgg19, None lets Keras download them.
        total_variation_weight: weight of the differences of neighbouring pixels, squared, of what is painted; 0 leaves it out.
        recolor_content: whether the content of the objective is measured on the photograph in the style's colours.
        width: channels of the first layer; of the published decoder, those of its last layer, 64 as published.
        residual_blocks: how many, at a quarter of the sides; of the published decoder, without meaning.
        codes: how many learned scales and offsets are blended for a style; of the published decoder, without meaning.
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
        "light": {},
        "huang": {
            "features": "vgg19",
            "width": 64,
            "loss_features": None,
            "content_weight": 1.0,
            "style_weight": 10.0,
            "learning_rate": 1e-4,
        },
        "tiny": {"width": 4, "residual_blocks": 1, "codes": 4, "size": 32},
    }

    def __init__(
        self,
        features: str = "deep",
        loss_features: str | None = "compact",
        feature_weights: str | None = None,
        width: int = 32,
        residual_blocks: int = 5,
        codes: int = 96,
        size: int = 256,
        content_weight: float = 0.25,
        style_weight: float = 1.0,
        total_variation_weight: float = 0.0,
        recolor_content: bool = True,
        learning_rate: float = 2e-3,
        name: str = "adain",
    ) -> None:
        super().__init__(name=name)
        choose("encoder", features, ("deep", "vgg19"))
        if size < 32 or size % 16:
            raise ValueError(f"size {size}: adain trains on crops whose side is a multiple of 16, at least 32")
        if features == "deep" and not loss_features:
            raise ValueError(
                "loss_features=None, the published objective, is for features='vgg19'; name what it sees, as 'compact'"
            )
        self.features = features
        self.loss_features = loss_features
        self.feature_weights = feature_weights
        self.width = width
        self.residual_blocks = residual_blocks
        self.codes = codes
        self.size = size
        self.content_weight = content_weight
        self.style_weight = style_weight
        self.total_variation_weight = total_variation_weight
        self.recolor_content = recolor_content
        self.learning_rate = learning_rate
        if features == "deep":
            self.describer = describer()
            self.painter = painter(self.describer.output_shape[-1], width, residual_blocks, codes)
        else:
            self.painter = published_decoder(width / 64)
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
        if self.features == "vgg19":
            self.encoder()
        if self.loss_features:
            self.perceptual()

    def encoder(self) -> keras.Model:
        """VGG19, frozen, from pictures to the maps of the published objective, of which the last is decoded.

        Raises:
            FileNotFoundError, OSError, ValueError: the weights cannot be had; see `zoo.features.create`.
        """
        if "_encoder" not in vars(self):
            encoder = feature_networks.create(self.features, weights=self.feature_weights, layers=MOMENTS)
            object.__setattr__(self, "_encoder", encoder)  # past Keras, so that a saved model holds the decoder alone
        return self._encoder

    def perceptual(self) -> PerceptualLoss:
        """What the objective sees.

        Raises:
            FileNotFoundError, OSError, ValueError: the weights cannot be had; see `zoo.features.create`.
        """
        if "_perceptual" not in vars(self):
            assert self.loss_features
            object.__setattr__(self, "_perceptual", perceptual_loss(self.loss_features, self.feature_weights))
        return self._perceptual

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        target = self._target(batch["image"], batch["style"])
        return {"picture": self.painter(target, training=training), "target": target}

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        picture = outputs["picture"]
        if self.loss_features:
            loss = self.perceptual()
            content = recolor(batch["image"], *color_moments(batch["style"])) if self.recolor_content else batch["image"]
            maps = loss.features(picture)
            style_term = loss.style(maps, loss.gram_matrices(loss.features(batch["style"])))
            content_term = loss.content(maps, loss.content_features(ops.stop_gradient(content)))
        else:
            maps, style = self.encoder()(picture), self.encoder()(batch["style"])
            style_term = sum(moments_loss(maps[name], style[name]) for name in MOMENTS)
            content_term = content_loss(maps[ENCODED], outputs["target"][ENCODED])
        terms = {"style": self.style_weight * style_term, "content": self.content_weight * content_term}
        if self.total_variation_weight:
            terms["total_variation"] = self.total_variation_weight * total_variation(picture)
        return terms

    @property
    def signature(self) -> Signature:
        return self.blending(1)

    def blending(self, styles: int) -> Signature:
        """The signature of `inference_model(styles)`."""
        names = style_inputs(styles)
        weights = [Weights(names=tuple(names))] if styles > 1 else []
        least = "the picture itself" if self.features == "deep" else "the content's own statistics"
        strength = Share(name="strength", meaning=f"0 ({least}) to 1")
        return Signature.of([Photograph(), *(StylePicture(name=name) for name in names), *weights, strength], [Result()])

    def inference_model(self, styles: int = 1) -> keras.Model:
        """The deployed network; with several styles, one that blends them: `style_0`, `style_1`, ... by `style_weights`."""
        names = style_inputs(styles)
        inputs = self.deployed_inputs(self.blending(styles))
        pad, image = PadToMultiple(16, minimum=32), inputs["image"]
        photograph = image if self.features == "deep" else pad(image)
        targets = [self._target(photograph, pad(inputs[name])) for name in names]
        target = targets[0]
        if styles > 1:
            shares = [ops.reshape(inputs["style_weights"][:, i], (-1, 1, 1, 1)) for i in range(styles)]
            target = {key: sum(share * t[key] for share, t in zip(shares, targets, strict=True)) for key in target}
        strength = ops.reshape(ops.clip(inputs["strength"], 0.0, 1.0), (-1, 1, 1, 1))
        if self.features == "deep":
            output = image + strength * (ops.clip(self.painter(target), 0.0, 1.0) - image)
        else:
            own = self._target(photograph, photograph)
            mixed = {name: own[name] + strength * (target[name] - own[name]) for name in target}
            output = ops.clip(CropLike()([self.painter(mixed), image]), 0.0, 1.0)
        return keras.Model(inputs, {"output_image": output}, name=self.name)

    def blend(self, image: Any, styles: list[Any], weights: list[float], strength: float = 1.0) -> np.ndarray:
        """One picture in several styles at once: interpolates between the scales and offsets of their styles.

        Args:
            image: float32 [N, H, W, 3] in [0, 1].
            styles: pictures [N, H', W', 3] in [0, 1], of any sizes.
            weights: one number for each style; they sum to 1.
            strength: 0 to 1, as deployed.

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

    def _target(self, photograph: Any, style: Any) -> dict[str, Any]:
        """What is painted from, of two pictures: the inputs of `painter`."""
        if self.features == "vgg19":
            return {ENCODED: AdaptiveInstanceNormalization()([self._short_encoder(photograph), self._short_encoder(style)])}
        # A nearly flat photograph is not raised to the contrast of the style: its noise would be too.
        colors = AdaptiveInstanceNormalization(1e-3)([photograph, style])
        return {"image": photograph, "colors": colors, "statistics": self.describer(style)}

    @functools.cached_property  # past Keras too
    def _short_encoder(self) -> keras.Model:
        """VGG19 up to the map that is decoded."""
        encoder = self.encoder()
        return keras.Model(encoder.input, encoder.output[ENCODED], name="encoder")


def style_inputs(styles: int) -> list[str]:
    """The names of the inputs of one style picture or of several."""
    return ["style"] if styles == 1 else [f"style_{i}" for i in range(styles)]
