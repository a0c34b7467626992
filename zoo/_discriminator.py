"""The second player of restoration models: a patch discriminator, and the terms that both players add to the objective."""

from typing import Any

import keras
from keras import layers, ops

from zoo._registry import choose
from zoo.losses.adversarial import OBJECTIVES

ADVERSARIAL_TERMS = ("discriminator_real", "discriminator_fake", "adversarial")


def patch_discriminator(channels: int, width: int = 64, levels: int = 3) -> keras.Model:
    """Pictures [N, H, W, channels] in [0, 1] to scores of their patches [N, H', W', 1] (Isola et al. 2017).

    Spectral norms or batch statistics are not needed at the small weights that restoration gives it. The names of its layers
    start with "discriminator", by which `RateScaledAdam` finds them.
    """
    image = layers.Input((None, None, channels), name="image")
    x = layers.Rescaling(2.0, -1.0)(image)
    for level in range(levels):
        filters = width * min(2**level, 8)
        x = layers.Conv2D(filters, 4, 2, "same", name=f"discriminator_{level}")(x)
        x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(1, 3, padding="same", dtype="float32", name="discriminator_score")(x)
    return keras.Model(image, x, name="discriminator")


def adversarial_terms(scores: dict[str, Any], objective: str, weight: float, hole: Any = None) -> dict[str, Any]:
    """The terms `ADVERSARIAL_TERMS`, per example; `weight` is that of the model's own, the discriminator's have weight 1.

    With a `hole` [N, H, W, 1] of ones and zeros a made picture is judged there: patches without any of it are real ones (Suvorov
    et al. 2022, LaMa, https://arxiv.org/abs/2109.07161).
    """
    players = OBJECTIVES[choose("objective", objective, OBJECTIVES)]()

    def mean(values: Any) -> Any:
        return ops.mean(values, axis=tuple(range(1, len(values.shape))))

    real, fake, generator = players.real(scores["real"]), players.fake(scores["fake"]), players.generator(scores["fooled"])
    if hole is not None:
        share = ops.image.resize(hole, ops.shape(fake)[1:3], interpolation="bilinear", antialias=True)
        made = ops.stop_gradient(ops.cast(share > 0.1, "float32"))
        made /= ops.mean(made, axis=(1, 2, 3), keepdims=True) + 1e-3
        fake, generator = made * fake, made * generator
    return {
        "discriminator_real": mean(real),
        "discriminator_fake": mean(fake),
        "adversarial": weight * mean(generator),
    }
