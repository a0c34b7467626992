"""Mean and standard deviation of each channel, the style statistics of adaptive instance normalisation."""

from typing import Any

from keras import ops


def channel_moments(maps: Any, epsilon: float = 1e-5) -> tuple[Any, Any]:
    """Mean and standard deviation over the places: maps [N, H, W, C] to two float32 [N, C].

    `epsilon` is added to the variance, as in Huang and Belongie (2017, https://arxiv.org/abs/1703.06868).
    """
    mean, variance = ops.moments(ops.cast(maps, "float32"), axes=(1, 2))
    return mean, ops.sqrt(variance + epsilon)


def moments_loss(maps: Any, target: Any) -> Any:
    """Squared distance of the channels' means plus that of their deviations, averaged over channels: float32 [N].

    Maps and target are [N, H, W, C] and may differ in height and width. It is formula 13 of Huang and Belongie for one layer,
    with squared norms divided by C, as in their released code.
    """
    mean, deviation = channel_moments(maps)
    target_mean, target_deviation = channel_moments(target)
    return ops.mean(ops.square(mean - target_mean) + ops.square(deviation - target_deviation), axis=1)
