"""Batch normalisation for averaged weights."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras

from zoo.training.optimizers import innermost

BATCHES = 100


def normalisations(layer: Any) -> Iterator[keras.layers.BatchNormalization]:
    """Every batch normalisation inside a model."""
    if isinstance(layer, keras.layers.BatchNormalization):
        yield layer
    for inner in getattr(layer, "layers", ()):
        yield from normalisations(inner)


def has_average(model: Any) -> bool:
    """Whether the model's optimizer keeps a moving average of the weights."""
    return bool(innermost(model.optimizer).use_ema)


@contextlib.contextmanager
def average_assigned(model: Any) -> Iterator[None]:
    """Inside the block the model's weights are their moving average, where there is one; afterwards they are as before."""
    before = [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    try:
        yield
    finally:
        for variable, value in zip(model.trainable_variables, before, strict=True):
            variable.assign(value)


def averaged_copy(model: Any, batches: Callable[[int], dict[str, Any]], count: int | None = None) -> Any:
    """A copy of the model as it is deployed: in the float32 policy of the caller, without its optimizer.

    With an exponential moving average it holds the averaged weights. Its batch normalisations then measure their statistics
    again, over the first `count` batches (BATCHES): those of the training belong to the weights of the training (Izmailov et al.
    2018, https://arxiv.org/abs/1803.05407, section 3.2).
    """
    copy = model.fresh_copy()
    with average_assigned(model):
        copy.set_weights(model.get_weights())
    layers = list(normalisations(copy)) if has_average(model) else []
    momenta = [layer.momentum for layer in layers]
    for step in range((count or BATCHES) if layers else 0):
        for layer in layers:
            layer.momentum = step / (step + 1)  # the mean over the batches so far
        copy({name: keras.ops.convert_to_tensor(value) for name, value in batches(step).items()}, training=True)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
    return copy
