"""Adam with rates of their own for some variables: how players with different rates share one optimizer."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("zoo")
class RateScaledAdam(keras.optimizers.Adam):
    """Adam whose rate is multiplied by a factor for the variables whose path starts with a given prefix.

    Args:
        learning_rate: a rate or a schedule.
        rate_scales: prefix of `variable.path` -> factor; the first prefix that fits counts, and 1 where none does.
        kwargs: those of Keras' Adam.

    Example:
        >>> RateScaledAdam(2e-3, {"discriminator": 0.1}, beta_1=0.5)
    """

    def __init__(self, learning_rate: Any = 1e-3, rate_scales: dict[str, float] | None = None, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        self.rate_scales = dict(rate_scales or {})

    def build(self, var_list: list[Any]) -> None:
        # Under a strategy `update_step` sees bare TensorFlow variables, which have no path: they are known by their place.
        self._scales = [self._scale(variable.path) for variable in var_list]
        super().build(var_list)

    def _scale(self, path: str) -> float:
        return next((factor for prefix, factor in self.rate_scales.items() if path.startswith(prefix)), 1.0)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        scale = self._scales[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * scale)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate_scales": self.rate_scales}
