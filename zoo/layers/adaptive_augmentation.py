"""Adaptive discriminator augmentation (Karras et al. 2020, https://arxiv.org/abs/2006.06676)."""

from typing import Any

import keras
from keras import ops

from zoo.layers.picture_pool import whole_batch

UNIFORM = 10
NORMAL = 3
EVERY = 4
# From 0 to 1. The paper takes 500,000; a training on processors sees hardly more pictures than that in all.
PICTURES = 100_000


@keras.saving.register_keras_serializable("zoo")
class AdaptiveAugmentation(keras.layers.Layer):
    """Changes what a discriminator is shown, real and generated alike, more often the more it overfits.

    Called on `[pictures, uniform, normal]`, [N, S, S, C] in [0, 1], [N, 10] in [0, 1) and standard normal [N, 3]: each of
    mirroring, quarter turns, whole-pixel shifts up to an eighth of the side, brightness, contrast and saturation comes about with
    `probability`, by the paper's amounts. As none of them is certain, the generator does not learn to make them. Values may leave
    [0, 1]. `update` moves `probability`, a weight that checkpoints carry and that is one for all replicas.

    Args:
        target: the share by which the discriminator's verdicts on real pictures may lean to "real", 0 to 1; 0.6 in the paper.

    Raises:
        ValueError: the target is not above 0 and below 1.
    """

    def __init__(self, target: float, **kwargs: Any) -> None:
        super().__init__(trainable=False, dtype="float32", **kwargs)
        if not 0 < target < 1:
            raise ValueError(f"augmentation_target lies between 0 and 1, such as 0.6 (0 leaves it out), not {target}")
        self.target = target

    def build(self, input_shape: Any) -> None:
        # All replicas assign the same values, so that those of the first are those of all.
        options = {"initializer": "zeros", "trainable": False, "aggregation": "only_first_replica"}
        self.probability = self.add_weight(shape=(), name="probability", **options)
        self.verdict = self.add_weight(shape=(), name="verdict", **options)
        self.updates = self.add_weight(shape=(), dtype="int32", name="updates", **options)

    def update(self, score: Any, boundary: float = 0.0) -> None:
        """Takes in the scores [N, 1] of real pictures, which are real above `boundary`; every fourth time moves `probability`."""
        (scores,), _ = whole_batch([ops.cast(ops.stop_gradient(score), "float32")])
        due = self.updates % EVERY == EVERY - 1
        verdict = self.verdict + ops.mean(ops.sign(scores - boundary)) / EVERY
        step = ops.sign(verdict - self.target) * ops.cast(ops.shape(scores)[0], "float32") * (EVERY / PICTURES)
        probability = ops.convert_to_tensor(self.probability)
        self.probability.assign(ops.where(due, ops.clip(probability + step, 0.0, 1.0), probability))
        self.verdict.assign(ops.where(due, 0.0, verdict))
        self.updates.assign_add(1)

    def call(self, inputs: Any) -> Any:
        pictures, uniform, normal = inputs
        chosen = uniform[:, :6] < self.probability
        return self._colored(self._moved(pictures, chosen[:, :3], uniform[:, 6:]), chosen[:, 3:], normal)

    def _moved(self, pictures: Any, chosen: Any, draws: Any) -> Any:
        """Mirrored, turned, then shifted; what a shift uncovers is filled by reflection."""
        _, size, _, channels = pictures.shape
        mirror = ops.logical_and(chosen[:, 0], draws[:, 0] < 0.5)
        turns = ops.where(chosen[:, 1], ops.cast(ops.floor(4 * draws[:, 1]), "int32") % 4, 0)
        shifts = ops.cast(ops.round((draws[:, 2:] - 0.5) * (size / 4)), "int32") * ops.cast(chosen[:, 2:3], "int32")

        def reflected(shift: Any) -> Any:
            return (size - 1) - ops.abs((size - 1) - ops.abs(ops.arange(size)[None] - shift[:, None]))

        def flipped(index: Any, when: Any) -> Any:
            return ops.where(when[:, None, None], size - 1 - index, index)

        # Where a pixel comes from, one step after the other backwards.
        rows, columns = reflected(shifts[:, 0])[:, :, None], reflected(shifts[:, 1])[:, None, :]
        odd = (turns % 2 == 1)[:, None, None]
        rows, columns = ops.where(odd, columns, rows), ops.where(odd, rows, columns)
        rows, columns = flipped(rows, turns >= 2), flipped(columns, ops.logical_or(turns == 1, turns == 2))
        source = ops.reshape(rows * size + flipped(columns, mirror), (-1, size * size, 1))
        flat = ops.reshape(pictures, (-1, size * size, channels))
        return ops.reshape(ops.take_along_axis(flat, source, axis=1), (-1, size, size, channels))

    def _colored(self, pictures: Any, chosen: Any, normal: Any) -> Any:
        """Brighter or darker, of more or less contrast about the middle gray, and, in colour, more or less saturated."""
        amounts = ops.where(chosen, normal, 0.0)[:, :, None, None, None]
        pictures = pictures + 0.1 * amounts[:, 0]
        pictures = 0.5 + (pictures - 0.5) * 2 ** (0.5 * amounts[:, 1])
        if pictures.shape[-1] == 1:
            return pictures
        gray = ops.mean(pictures, axis=-1, keepdims=True)
        return gray + (pictures - gray) * 2 ** amounts[:, 2]

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target": self.target}
