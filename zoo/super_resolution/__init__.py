"""Single-picture and multi-frame super-resolution by sub-pixel convolution."""

from typing import Any

import keras
from keras import ops

from zoo._discriminator import ADVERSARIAL_TERMS, adversarial_terms, patch_discriminator
from zoo._perceptual import PerceptualModel
from zoo._registry import choose, register
from zoo._schedules import warm_cosine
from zoo.layers import BicubicUpsampling2D, fold
from zoo.losses.adversarial import judge
from zoo.roles import Frames, Photograph, Result, Signature
from zoo.specs import RECIPES, Degraded, Picture, Reduced
from zoo.super_resolution.networks import enlarging_network


@register("super_resolution")
class SuperResolution(PerceptualModel):
    """Enlarges pictures 2, 3 or 4 times; the network works at the small size and adds detail to the bicubic enlargement.

    `network="espcn"` is the sub-pixel convolutional network (Shi et al. 2016, https://arxiv.org/abs/1609.05158);
    `network="srresnet"` has residual blocks (Ledig et al. 2017, https://arxiv.org/abs/1609.04802), without batch normalisation
    and the two wide layers at the large size, which cost more than they bring (Lim et al. 2017,
    https://arxiv.org/abs/1707.02921); `network="span"` has blocks whose result weighs itself without parameters (Wan et al. 2024,
    https://arxiv.org/abs/2311.12770), of convolutions that are trained as several and deployed as one. More frames are stacked as
    channels, the wanted one in the middle (Kappeler et al. 2016, VSRNet); they are trained on still pictures shown from a moving
    camera. Any height and width of at least 2.

    Deployed input: `image` [batch, height, width, 3 frames] in [0, 1].
    Output: `output_image` [batch, factor height, factor width, 3].

    Args:
        factor: 2, 3 or 4.
        network: "espcn", "srresnet" or "span".
        width: channels of the first convolution; the residual blocks have as many, ESPCN's second convolution half.
        residual_blocks: how many, of srresnet and of span.
        frames: how many neighbouring frames the network sees: 1, 3 or 5.
        motion: how far the camera moves in training with several frames, in pixels of the large picture.
        pixel_weight: weight of the mean absolute difference; 0 leaves it out.
        perceptual_weight: weight of the distance of feature maps (Johnson et al. 2016); 0 leaves it out.
        features: perceptual features: "compact", "vgg16" or "vgg19".
        feature_weights: a local weights file for vgg16 or vgg19; None lets Keras download them.
        adversarial_weight: weight of a patch discriminator's verdict (SRGAN: 1e-3 of the perceptual weight); 0 leaves it out.
        damage: what the small pictures of the training went through: "bicubic", the reduction of the literature and nothing else;
            or "web" (reductions of several kinds, then a JPEG file), "camera" or "worn".
        size: side of the training crops of the large picture, in pixels; a multiple of the factor.
        learning_rate: Adam's highest rate.

    Raises:
        ValueError: a size that is no multiple of the factor, an even number of frames, or several frames with damage.

    Example:
        >>> model = zoo.create("super_resolution", factor=4)
        >>> model.compile()
        >>> model.fit(dataset)
    """

    task = "super-resolution"
    paper = "Shi et al. 2016"
    presets = {
        "espcn": {"network": "espcn"},
        "srresnet": {"residual_blocks": 16},
        "johnson": {"pixel_weight": 0.0, "perceptual_weight": 1.0},
        "srgan": {"residual_blocks": 16, "perceptual_weight": 0.1, "adversarial_weight": 1e-4},
        "video": {"frames": 3},
        "span": {"network": "span", "width": 48, "residual_blocks": 6},
        "photo": {"damage": "web"},
        "tiny": {"width": 4, "residual_blocks": 1, "factor": 2, "size": 16},
    }

    def __init__(
        self,
        factor: int = 4,
        network: str = "srresnet",
        width: int = 64,
        residual_blocks: int = 8,
        frames: int = 1,
        motion: int = 8,
        pixel_weight: float = 1.0,
        perceptual_weight: float = 0.0,
        features: str = "compact",
        feature_weights: str | None = None,
        adversarial_weight: float = 0.0,
        damage: str = "bicubic",
        size: int = 192,
        learning_rate: float = 1e-3,
        name: str = "super_resolution",
    ) -> None:
        super().__init__(name=name)
        choose("network of super_resolution", network, ("espcn", "srresnet", "span"))
        choose("damage of super_resolution", damage, ("bicubic", *RECIPES))
        if size % factor:
            raise ValueError(f"size {size} is no multiple of the factor {factor}; take {size // factor * factor}")
        if frames % 2 == 0:
            raise ValueError(f"{frames} frames have no middle one; take {frames + 1}")
        if frames > 1 and damage != "bicubic":
            raise ValueError(f"frames of a moving camera are reduced by bicubic alone; for damage {damage!r} take 1 frame")
        self.factor = factor
        self.network = network
        self.width = width
        self.residual_blocks = residual_blocks
        self.frames = frames
        self.motion = motion
        self.pixel_weight = pixel_weight
        self.perceptual_weight = perceptual_weight
        self.features = features
        self.feature_weights = feature_weights
        self.adversarial_weight = adversarial_weight
        self.damage = damage
        self.size = size
        self.learning_rate = learning_rate
        self.enlarge = enlarging_network(network, factor, frames, width, residual_blocks)
        if adversarial_weight:
            self.discriminator = patch_discriminator(3)
        self.built = True

    @property
    def batch_spec(self) -> dict[str, Any]:
        margin = self.motion if self.frames > 1 else 0
        small = self.size // self.factor
        reduced: Reduced | Degraded = Reduced("image", small, self.factor, frames=self.frames, motion=margin)
        if self.damage != "bicubic":
            reduced = Degraded("image", small, recipe=self.damage, factor=self.factor)
        return {"image": Picture(self.size + 2 * margin, scale=None), "reduced": reduced}

    @property
    def loss_names(self) -> tuple[str, ...]:
        names = {"pixel": self.pixel_weight, "perceptual": self.perceptual_weight}
        names |= dict.fromkeys(ADVERSARIAL_TERMS, self.adversarial_weight)
        return tuple(name for name, weight in names.items() if weight)

    @property
    def needs_features(self) -> bool:
        return bool(self.perceptual_weight)

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        return keras.optimizers.Adam(warm_cosine(self.learning_rate, steps))

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        outputs = {"picture": self.enlarge(batch["reduced"], training=training)}
        if self.adversarial_weight:
            outputs |= judge(self.discriminator, self._original(batch), outputs["picture"], training)
        return outputs

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        original, picture = self._original(batch), outputs["picture"]
        terms = {}
        if self.pixel_weight:
            terms["pixel"] = self.pixel_weight * ops.mean(ops.abs(picture - original), axis=(1, 2, 3))
        if self.perceptual_weight:
            maps, targets = (self.perceptual.content_features(x) for x in (picture, original))
            terms["perceptual"] = self.perceptual_weight * self.perceptual.content(maps, targets)
        if self.adversarial_weight:
            terms |= adversarial_terms(outputs, "non_saturating", self.adversarial_weight)
        return terms

    def _original(self, batch: dict[str, Any]) -> Any:
        """The large picture without the margin that the camera moves over."""
        margin = (batch["image"].shape[1] - self.size) // 2
        return batch["image"][:, margin : margin + self.size, margin : margin + self.size]

    @property
    def signature(self) -> Signature:
        picture = Photograph() if self.frames == 1 else Frames(count=self.frames)
        return Signature.of([picture], [Result(scale=self.factor)])

    def inference_model(self) -> keras.Model:
        inputs = self.deployed_inputs()
        picture = fold(self.enlarge)(inputs["image"], training=False)
        return keras.Model(inputs, {"output_image": ops.clip(picture, 0.0, 1.0)}, name=self.name)

    def deployable_networks(self) -> list[keras.Model]:
        """What is folded when it is deployed."""
        return [self.enlarge]

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        middle = 3 * (self.frames // 2)
        bicubic = BicubicUpsampling2D(self.factor)(batch["reduced"][..., middle : middle + 3])
        picture = self.enlarge(batch["reduced"], training=False)
        columns = {"bicubic": bicubic, "enlarged": picture, "original": self._original(batch)}
        return {title: ops.clip(pictures, 0.0, 1.0) for title, pictures in columns.items()}
