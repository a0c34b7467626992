"""A pool of generated pictures from the past (Shrivastava et al. 2017, https://arxiv.org/abs/1612.07828)."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("zoo")
class PicturePool(keras.layers.Layer):
    """Shows a discriminator past pictures in place of half of the new ones.

    Called on `[pictures, draws]`, [N, H, W, C] and [N, 2] in [0, 1). While the pool is filling, pictures are kept and returned.
    Then the first draw of a picture decides whether it is returned itself (below 0.5), or takes the place of a kept one, chosen
    by the second draw, which is returned instead. The kept pictures are weights, which checkpoints carry. Under several replicas
    the pool is one for all: each sees the pictures and draws of the whole batch, so that one replica and many do the same.

    Args:
        capacity: how many pictures are kept.
        picture_shape: height, width and channels of a picture.
    """

    def __init__(self, capacity: int, picture_shape: tuple[int, int, int], **kwargs: Any) -> None:
        super().__init__(trainable=False, dtype="float32", **kwargs)
        self.capacity = capacity
        self.picture_shape = tuple(picture_shape)

    def build(self, input_shape: Any) -> None:
        # All replicas assign the same values, so that those of the first are those of all.
        options = {"initializer": "zeros", "trainable": False, "aggregation": "only_first_replica"}
        self.pictures = self.add_weight(shape=(self.capacity, *self.picture_shape), name="pictures", **options)
        self.seen = self.add_weight(shape=(), dtype="int32", name="seen", **options)

    def call(self, inputs: Any) -> Any:
        own = inputs[0]
        (pictures, draws), first = whole_batch(inputs)
        number = ops.arange(ops.shape(pictures)[0])
        kept, seen = ops.convert_to_tensor(self.pictures), ops.convert_to_tensor(self.seen)
        filling = seen + number < self.capacity
        drawn = ops.minimum(ops.cast(draws[:, 1] * self.capacity, "int32"), self.capacity - 1)
        slot = ops.where(filling, seen + number, drawn)
        stored = ops.logical_or(filling, draws[:, 0] >= 0.5)

        mine = first + ops.arange(ops.shape(own)[0])
        place = ops.take(slot, mine)
        swapped = ops.take(ops.logical_and(stored, ops.logical_not(filling)), mine)
        past = ops.logical_and(swapped, place < seen)[:, None, None, None]
        shown = ops.where(past, ops.take(kept, place, axis=0), own)

        # Of several pictures for one place the last one stays; 0 stands for none.
        here = ops.logical_and(stored[:, None], slot[:, None] == ops.arange(self.capacity))
        newest = ops.max(ops.where(here, number[:, None] + 1, 0), axis=0)
        new = ops.take(pictures, ops.maximum(newest - 1, 0), axis=0)
        self.pictures.assign(ops.where(newest[:, None, None, None] > 0, new, kept))
        self.seen.assign(ops.minimum(seen + ops.shape(pictures)[0], self.capacity))
        return shown

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "capacity": self.capacity, "picture_shape": self.picture_shape}


def whole_batch(tensors: list[Any]) -> tuple[list[Any], Any]:
    """The tensors of all replicas, in the order of the batch, and the place of this replica's first row in them."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            return [gather(tensor, context) for tensor in tensors], context.replica_id_in_sync_group * ops.shape(tensors[0])[0]
    return tensors, 0


def gather(tensor: Any, context: Any) -> Any:
    """[N, ...] of every replica to [replicas * N, ...], as a sum, the one collective that every strategy has."""
    mine = ops.one_hot(context.replica_id_in_sync_group, context.num_replicas_in_sync)
    spread = ops.reshape(mine, (-1,) + (1,) * len(tensor.shape)) * tensor[None]
    return ops.reshape(context.all_reduce("SUM", spread), (-1, *tensor.shape[1:]))
