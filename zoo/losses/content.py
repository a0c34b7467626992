"""Content losses: distances of feature maps, place by place."""

from typing import Any

from keras import ops


def content_loss(maps: Any, target: Any) -> Any:
    """Mean squared difference of maps [N, H, W, C]: float32 [N] (formula 2 of https://arxiv.org/abs/1603.08155)."""
    maps, target = ops.cast(maps, "float32"), ops.cast(target, "float32")
    return ops.mean(ops.square(maps - target), axis=(1, 2, 3))


def relative_content_loss(maps: Any, target: Any, epsilon: float = 1e-3) -> Any:
    """Mean squared difference of maps [N, H, W, C] over the variance of the target: float32 [N].

    The variance is taken about the means of each example's channels: 1 for maps that hold nothing but those means, whatever the
    scale of the features. `epsilon` keeps a flat target from dividing by nothing.
    """
    target = ops.cast(target, "float32")
    deviation = target - ops.mean(target, axis=(1, 2), keepdims=True)
    return content_loss(maps, target) / (ops.mean(ops.square(deviation), axis=(1, 2, 3)) + epsilon)
