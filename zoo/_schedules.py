"""The learning rate over a training of known length."""

from typing import Any

import keras


def warm_cosine(rate: float, steps: int | None) -> Any:
    """Warms up for a twentieth of the steps, at most 500, then falls to a hundredth by a cosine; without `steps`, constant.

    Args:
        rate: the highest rate.
        steps: how many steps the training takes, or None.
    """
    if steps is None:
        return rate
    warm_up = min(500, steps // 20)
    return keras.optimizers.schedules.CosineDecay(0.0, steps - warm_up, alpha=0.01, warmup_target=rate, warmup_steps=warm_up)
