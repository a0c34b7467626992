"""What the plain generators share: two players on pictures, latents and perhaps labels."""

from typing import Any

import keras

from zoo._base import ImageModel
from zoo.layers import AdaptiveAugmentation
from zoo.layers.adaptive_augmentation import NORMAL, UNIFORM
from zoo.losses.adversarial import OBJECTIVES, judge
from zoo.roles import Latent, Result, Role, Signature
from zoo.specs import Normal, Picture, Spec, Uniform


class AdversarialModel(ImageModel):
    """A generator and a discriminator, each seen through its own term of one loss (Goodfellow et al. 2014).

    A family sets `size`, `channels`, `latent`, `flip`, `objective`, `learning_rate`, and two functional networks of named inputs:
    `generator` (`latent` and its conditions to a picture in [0, 1]) and `discriminator` (`image` and its conditions to a score).
    One that augments what the discriminator is shown also sets `augmentation`.
    """

    task = "generation"
    recommended_batch_size = 64
    augmentation: AdaptiveAugmentation | None = None

    @property
    def batch_spec(self) -> dict[str, Any]:
        return {
            "image": Picture(self.size, self.channels, scale=(1.0, 1.0), flip=self.flip),
            "latent": Normal((self.latent,)),
            **augmentation_spec(self.augmentation),
        }

    @property
    def loss_names(self) -> tuple[str, ...]:
        return ("discriminator_real", "discriminator_fake", "generator")

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        """Adam with the momentum of 0.5 that keeps two players from circling (Radford et al. 2016)."""
        return keras.optimizers.Adam(self.learning_rate, beta_1=0.5)

    def call(self, batch: dict[str, Any], training: bool = False) -> dict[str, Any]:
        fake = self.generator({name: batch[name] for name in self.generator.input}, training=training)
        conditions = {name: batch[name] for name in self.discriminator.input if name != "image"}
        real, fake = shown(self.augmentation, batch, batch["image"], fake)
        scores = judge(self.discriminator, {"image": real, **conditions}, {"image": fake, **conditions}, training)
        if training and self.augmentation:
            self.augmentation.update(scores["real"], OBJECTIVES[self.objective].boundary)
        return scores

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        objective = OBJECTIVES[self.objective]()
        return {
            "discriminator_real": objective.real(outputs["real"]),
            "discriminator_fake": objective.fake(outputs["fake"]),
            "generator": objective.generator(outputs["fooled"]),
        }

    @property
    def conditions(self) -> list[Role]:
        """What the generator takes beside the latent."""
        return []

    @property
    def signature(self) -> Signature:
        picture = Result(channels=self.channels, size=(self.size, self.size))
        return Signature.of([Latent(length=self.latent), *self.conditions], [picture])

    def inference_model(self) -> keras.Model:
        return keras.Model(self.generator.input, {"output_image": self.generator.output}, name=self.name)

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        inputs = {name: batch[name] for name in self.generator.input}
        return {"picture": batch["image"], "generated": self.generator(inputs, training=False)}


def adaptive_augmentation(target: float) -> AdaptiveAugmentation | None:
    """The augmentation that holds a discriminator at `target`; None for 0."""
    if not target:
        return None
    augmentation = AdaptiveAugmentation(target, name="augmentation")
    augmentation.build(None)
    return augmentation


def augmentation_spec(augmentation: AdaptiveAugmentation | None) -> dict[str, Spec]:
    """What a batch holds for it: the draws of the real picture and of the generated one."""
    if augmentation is None:
        return {}
    return {"augmentation": Uniform((2, UNIFORM)), "augmentation_normal": Normal((2, NORMAL))}


def shown(augmentation: AdaptiveAugmentation | None, batch: dict[str, Any], *pictures: Any) -> list[Any]:
    """What a discriminator is shown of the real and, if given, of the generated pictures."""
    if augmentation is None:
        return list(pictures)
    uniform, normal = batch["augmentation"], batch["augmentation_normal"]
    return [augmentation([picture, uniform[:, place], normal[:, place]]) for place, picture in enumerate(pictures)]


def halvings(size: int) -> int:
    """How often `size` halves down to a side of 4 to 7 pixels, where a convolutional generator begins.

    Raises:
        ValueError: it does not come out even; 28, 32, 48, 64, 96, 128 do.
    """
    levels = 0
    while size >> levels >= 8:
        levels += 1
    if levels == 0 or size % (1 << levels):
        near = max(size >> levels, 4) << max(levels, 1)
        raise ValueError(f"size {size} does not halve evenly down to 4 to 7 pixels; take {near}")
    return levels
