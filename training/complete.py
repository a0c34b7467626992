"""Batches of somebody's own pictures, completed to what a model trains on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo import specs
from zoo._batch_check import check_range, check_type
from zoo.training.batches import DRAWS, generator

if TYPE_CHECKING:
    import tensorflow as tf

PAIRS = ("label", "mask")  # what the second of a pair may be, after the image


def complete_batches(model: Any, dataset: "tf.data.Dataset", seed: int = 0, start: int = 0) -> "tf.data.Dataset":
    """A `tf.data.Dataset` for `fit`: your batches, and whatever else the model's `batch_spec` asks for.

    Pictures and labels are yours. Masks, noisy and reduced pictures, latents and everything else that is drawn is drawn from the
    number of the example, as `zoo train` does: the same seed and order give the same batches, on any machine. What your batches
    hold already, such as your own masks, is taken as it is.

    Args:
        model: an `ImageModel`.
        dataset: batches of pictures, float32 [N, size, size, C] in [0, 1]; pairs of pictures and labels (int32 [N]) or masks
            (float32 [N, size, size, 1], 1 marks the hole); or dicts with the names of `batch_spec`, at least its pictures.
        seed: of what is drawn.
        start: number of the first example; that which is reached, to go on where a training ended.

    Raises:
        ValueError: a picture or label is missing, or has another type, size or order of axes than the model trains on; in one
            line. Values are looked at by `fit`.

    Example:
        >>> model = zoo.create("denoiser", preset="gray")
        >>> model.compile()
        >>> model.fit(complete_batches(model, photographs.batch(16).repeat()), steps_per_epoch=1000)
    """
    import tensorflow as tf

    spec = model.batch_spec
    names = _names(model.name, spec, dataset.element_spec)
    named = dataset.map(lambda *parts: _named(names, parts))
    for name in names:
        element = named.element_spec[name]
        check_type(name, spec[name], element.dtype.name, element.shape)
    others = _others(spec, names)
    if not others:
        return named
    numbered = named.scan(tf.constant(start, tf.int64), lambda first, batch: (first + _count(batch), (first, batch)))

    def completed(first: Any, batch: dict[str, Any]) -> dict[str, Any]:
        def arrays(first: np.ndarray, *values: np.ndarray) -> list[np.ndarray]:
            drawn = _drawn(others, dict(zip(names, values, strict=True)), seed, int(first))
            return [drawn[name] for name in others]

        types = [tf.int32 if tensor.integer else tf.float32 for tensor in others.values()]
        made = tf.numpy_function(arrays, [first, *(batch[name] for name in names)], types, stateful=False)
        count = batch[names[0]].shape[0]
        shaped = {name: tf.ensure_shape(value, (count, *others[name].shape)) for name, value in zip(others, made, strict=True)}
        return {name: shaped.get(name, batch.get(name)) for name in spec}

    return numbered.map(completed, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(2)


def complete(model: Any, batch: Mapping[str, Any], seed: int = 0, start: int = 0) -> dict[str, np.ndarray]:
    """One batch of arrays completed, as `complete_batches` does; `start` is the number of its first example.

    Example:
        >>> sorted(complete(zoo.create("denoiser", preset="tiny"), {"image": np.zeros((2, 16, 16, 3), "float32")}))
        ['image', 'noisy']
    """
    spec = model.batch_spec
    names = _names(model.name, spec, batch)
    arrays = {name: np.asarray(batch[name]) for name in names}
    for name, array in arrays.items():
        check_type(name, spec[name], array.dtype.name, array.shape)
        check_range(name, array, spec[name].limits)
    return arrays | _drawn(_others(spec, names), arrays, seed, start)


def _names(model: str, spec: Mapping[str, specs.Spec], elements: Any) -> list[str]:
    """The tensors of the spec that the elements hold, in their order."""
    yours = [name for name, tensor in spec.items() if isinstance(tensor, specs.Picture | specs.Label)]
    if isinstance(elements, Mapping):
        names = [name for name in elements if name in spec]
        if unknown := [name for name in elements if name not in spec]:
            raise ValueError(f"{model} does not train on {unknown[0]!r}; a batch may hold {', '.join(map(repr, spec))}")
    else:
        parts = elements if isinstance(elements, tuple) else (elements,)
        pair = [name for name in ("image", *PAIRS) if name in spec]
        names = pair[: len(parts)]
        if len(parts) > len(names):
            raise ValueError(f"{model} takes {' and '.join(pair) or 'no picture'} from each batch, which has {len(parts)} parts")
    if missing := [name for name in yours if name not in names]:
        raise ValueError(f"{model} also needs your {', '.join(map(repr, missing))}: give batches that are dicts of them")
    return names


def _named(names: list[str], parts: tuple[Any, ...]) -> dict[str, Any]:
    import tensorflow as tf

    batch = parts[0] if isinstance(parts[0], Mapping) else dict(zip(names, parts, strict=True))
    # Labels come as int64 from most data sets.
    return {name: tf.cast(value, tf.int32) if value.dtype == tf.int64 else value for name, value in batch.items()}


def _count(batch: dict[str, Any]) -> Any:
    import tensorflow as tf

    return tf.cast(tf.shape(next(iter(batch.values())))[0], tf.int64)


def _others(spec: Mapping[str, specs.Spec], names: list[str]) -> dict[str, specs.Spec]:
    """What is to be made: that which is not there, and pictures whose values are drawn 0 or 1."""
    return {name: tensor for name, tensor in spec.items() if name not in names or getattr(tensor, "binarize", False)}


def _drawn(others: Mapping[str, specs.Spec], arrays: dict[str, np.ndarray], seed: int, start: int) -> dict[str, np.ndarray]:
    """The tensors `others` for examples `start` on."""
    count = len(next(iter(arrays.values()), ()))
    made = {name: np.empty((count, *tensor.shape), np.int32 if tensor.integer else np.float32) for name, tensor in others.items()}
    for row in range(count):
        example = _Example({name: array[row] for name, array in arrays.items()})
        for name, tensor in others.items():
            random = generator(seed, name, start + row)
            if isinstance(tensor, specs.Picture):
                made[name][row] = random.random(tensor.shape, np.float32) < arrays[name][row]
            else:
                DRAWS[type(tensor)](tensor, random, example, made[name][row, ...])
            example.drawn[name] = made[name][row]
    return made


class _Example:
    """What others are made from: the pictures that were given."""

    def __init__(self, drawn: dict[str, np.ndarray]) -> None:
        self.drawn = drawn
