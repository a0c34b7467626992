"""What the options of a run make of a model's recommended optimizer; correct for any number of replicas."""

from typing import Any

import keras
from keras import ops

SCHEDULES = ("constant", "cosine")


def configured_optimizer(
    model: Any,
    steps: int,
    replicas: int = 1,
    *,
    precision: str = "float32",
    schedule: str | None = None,
    warm_up: int = 0,
    ema: float | None = None,
    clip: float | None = None,
    accumulate: int = 1,
) -> keras.optimizers.Optimizer:
    """The model's recommended optimizer, with the options of a run. Call it in the strategy's scope.

    Args:
        model: its `recommended_optimizer` and `learning_rate` are what the options start from.
        steps: batches to train in all.
        replicas: how many share a batch.
        precision: "mixed_float16" scales the loss.
        schedule: "constant" or "cosine" (down to a hundredth) in place of the family's own.
        warm_up: updates over which the rate rises from nothing.
        ema: momentum of the moving average of the weights.
        clip: the largest norm of the gradient of a whole batch, all variables together.
        accumulate: batches whose mean gradient makes one update.

    Raises:
        ValueError: the warm-up is longer than the training.

    Example:
        >>> model.compile(configured_optimizer(model, 1000, clip=1.0), auto_scale_loss=False)
    """
    updates = max(1, steps // accumulate)
    if schedule is None and not warm_up:
        optimizer = model.recommended_optimizer(updates)
    else:
        optimizer = model.recommended_optimizer(None)
        optimizer.learning_rate = _rate(float(ops.convert_to_numpy(optimizer.learning_rate)), schedule, warm_up, updates)
    if ema is not None:
        optimizer.use_ema, optimizer.ema_momentum = True, ema
    if clip is not None:
        # Each replica holds the mean of all of them when it clips, and their sum is what moves the weights.
        optimizer.global_clipnorm = clip / replicas
    if precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    if accumulate > 1 or (replicas > 1 and (clip is not None or precision == "mixed_float16")):
        optimizer = WholeBatch(optimizer, accumulate)
    return optimizer


def innermost(optimizer: Any) -> keras.optimizers.Optimizer:
    """The optimizer that updates the weights, inside those around it."""
    while hasattr(optimizer, "inner_optimizer"):
        optimizer = optimizer.inner_optimizer
    return optimizer


def _rate(rate: float, schedule: str | None, warm_up: int, updates: int) -> Any:
    if warm_up >= updates:
        raise ValueError(f"a warm-up of {warm_up} updates does not fit into a training of {updates}")
    if schedule == "cosine":
        schedules = keras.optimizers.schedules
        return schedules.CosineDecay(
            0.0 if warm_up else rate, updates - warm_up, alpha=0.01, warmup_target=rate if warm_up else None, warmup_steps=warm_up
        )
    return keras.optimizers.schedules.PolynomialDecay(0.0, warm_up, rate) if warm_up else rate


@keras.saving.register_keras_serializable("training")
class WholeBatch(keras.optimizers.Optimizer):
    """Hands the gradient of the whole batch, over all replicas, to another optimizer, once every `batches` batches.

    Keras adds up the replicas' gradients last of all, after each has clipped its own or has found its own finite or not. Here
    their mean is taken first, so that every replica clips and judges the same values; the sum that follows makes the mean of R
    replicas R times as large, as it is for one replica's share.

    Args:
        inner_optimizer: what updates the weights; a `LossScaleOptimizer` may be around it.
        batches: how many batches make one update, by the mean of their gradients.
    """

    def __init__(self, inner_optimizer: keras.optimizers.Optimizer, batches: int = 1, name: str | None = None) -> None:
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer, self.batches = inner_optimizer, batches

    def build(self, var_list: list[Any]) -> None:
        self._own = []
        if self.batches > 1:
            shared = {"initializer": "zeros", "aggregation": "only_first_replica"}
            self.place = self.add_variable((), dtype="int", name="place", **shared)
            self.means = [self.add_variable(v.shape, dtype="float32", name="mean_gradient", **shared) for v in var_list]
            self._own = [self.place, *self.means]
        self.inner_optimizer.build(var_list)
        super().build(var_list)

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        import tensorflow as tf

        context = tf.distribute.get_replica_context()
        variables = list(trainable_variables)
        grads = [ops.zeros(v.shape) if g is None else g for g, v in zip(grads, variables, strict=True)]
        if context.num_replicas_in_sync > 1:
            grads = context.all_reduce(tf.distribute.ReduceOp.MEAN, grads)
        if self.batches == 1:
            self.inner_optimizer.apply(grads, variables)
            return
        first, last = ops.equal(self.place, 0), ops.equal(self.place, self.batches - 1)
        for mean, gradient in zip(self.means, grads, strict=True):
            mean.assign(ops.where(first, 0.0, mean) + gradient / self.batches)
        self.place.assign((self.place + 1) % self.batches)
        means = [ops.convert_to_tensor(mean) for mean in self.means]

        def apply_means(means: Any) -> None:
            # What comes from outside a condition has no device, by which the replicas find one another: its copy has.
            self.inner_optimizer.apply([tf.identity(mean) for mean in means], variables)

        if tf.__internal__.distribute.strategy_supports_no_merge_call():
            ops.cond(last, lambda: apply_means(means), lambda: None)
            return

        def update(strategy: Any, last: Any, means: Any) -> None:
            # Replicas of one process meet in every update, and may not meet inside a condition: that is taken outside, for all.
            def on_each() -> None:
                strategy.extended.call_for_each_replica(apply_means, args=(means,))

            ops.cond(strategy.experimental_local_results(last)[0], on_each, lambda: None)

        context.merge_call(update, args=(last, means))

    def stateless_apply(self, optimizer_variables: list[Any], grads: list[Any], trainable_variables: list[Any]) -> Any:
        """The same as a function of values, as JAX's step takes it, whose devices have added up their gradients before."""
        own, inner = optimizer_variables[: len(self._own)], optimizer_variables[len(self._own) :]
        if not own:
            return self.inner_optimizer.stateless_apply(inner, grads, trainable_variables)
        place, *means = own
        first, last = ops.equal(place, 0), ops.equal(place, self.batches - 1)
        means = [ops.where(first, 0.0, mean) + gradient / self.batches for mean, gradient in zip(means, grads, strict=True)]
        weights, inner = ops.cond(
            last,
            lambda: self.inner_optimizer.stateless_apply(inner, means, trainable_variables),
            lambda: (trainable_variables, inner),
        )
        return weights, [(place + 1) % self.batches, *means, *inner]

    @property
    def variables(self) -> list[Any]:
        return [*self._own, *self.inner_optimizer.variables]

    @property
    def iterations(self) -> Any:
        """Updates of the weights, not batches."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.inner_optimizer.learning_rate = learning_rate

    def scale_loss(self, loss: Any) -> Any:
        return self.inner_optimizer.scale_loss(loss)

    def finalize_variable_values(self, var_list: list[Any]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        inner = keras.saving.serialize_keras_object(self.inner_optimizer)
        return {"name": self.name, "inner_optimizer": inner, "batches": self.batches}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "WholeBatch":
        inner = keras.saving.deserialize_keras_object(config.pop("inner_optimizer"), custom_objects=custom_objects)
        return cls(inner, **config)
