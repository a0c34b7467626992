"""What is wrong with a batch that somebody made themselves, in one line, before a step is spent on it."""

import weakref
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from zoo.specs import Spec

COMPLETES = "zoo.training.complete.complete_batches(model, dataset) makes such batches of pictures"
SLACK = 1e-3  # beyond [0, 1], as resizing leaves
EXAMPLES = 64  # of arrays, whose values are looked at

# Datasets that are right by construction, and need not be made twice to look at their first batch.
right: weakref.WeakSet[Any] = weakref.WeakSet()


def check_data(name: str, spec: Mapping[str, Spec], data: Any) -> None:
    """Looks at what `fit` is given: its types, and the values of the first batch. What only an iterator knows is left to it.

    Raises:
        ValueError: a wrong or missing key, another type or shape, or values out of range; the line says what to do.
    """
    if (elements := getattr(data, "element_spec", None)) is not None:
        check_types(name, spec, elements)
        if hasattr(data, "take") and data not in right:
            for batch in data.take(1):
                check_values(spec, batch)
    elif isinstance(data, Mapping) or hasattr(data, "shape"):
        check_types(name, spec, data)
        check_values(spec, {key: data[key][:EXAMPLES] for key in spec})


def check_types(name: str, spec: Mapping[str, Spec], batch: Any) -> None:
    """The keys of a batch, and the types and shapes of its tensors, as far as they are known; ValueError as above."""
    if isinstance(batch, tuple) and all(part is None for part in batch[1:]):
        batch = batch[0]
    if not isinstance(batch, Mapping):
        what = "a pair" if isinstance(batch, tuple) and len(batch) == 2 else f"a {type(batch).__name__}"
        raise ValueError(f"{name} trains on batches that are dicts of {_listed(spec)}, not on {what}; {COMPLETES}")
    for key, tensor in spec.items():
        if key not in batch:
            others = [other for other in batch if other not in spec]
            wrong = f", but there is {', '.join(map(repr, others))}" if others else ""
            raise ValueError(f"{name} trains on batches of {_listed(spec)}: there is no {key!r}{wrong}; {COMPLETES}")
        dtype = keras.backend.standardize_dtype(batch[key].dtype)
        in_memory = isinstance(batch[key], np.ndarray) and dtype == "float64"  # which Keras itself casts
        check_type(key, tensor, "float32" if in_memory else dtype, batch[key].shape)


def check_type(key: str, tensor: Spec, dtype: str, shape: Any) -> None:
    """One tensor of a batch."""
    if tensor.integer and not dtype.startswith("int"):
        raise ValueError(f"{key!r} is {dtype}; it holds classes as int32")
    if not tensor.integer and dtype != "float32":
        remedy = "cast it and divide by 255" if dtype == "uint8" else "cast it"
        raise ValueError(f"{key!r} is {dtype}, and must be float32, pictures in [0, 1]: {remedy}")
    if shape is None or getattr(shape, "rank", 0) is None:
        return
    sides, want = tuple(shape)[1:], tuple(tensor.shape)
    if len(sides) + 1 == len(want) and _fits(tuple(shape), want):
        raise ValueError(f"{key!r} has no axis for the examples: batch the dataset, as by dataset.batch(4)")
    if len(sides) == 3 == len(want) and sides[0] == want[2] != sides[2]:
        raise ValueError(f"{key!r} is {_sides(shape)}; channels come last, [N, H, W, C]: transpose it by (0, 2, 3, 1)")
    if not _fits(sides, want):
        raise ValueError(
            f"{key!r} is {_sides(shape)}; this model trains on {_sides((None, *want))}: resize it, or change the model"
        )


def check_values(spec: Mapping[str, Spec], batch: Any) -> None:
    """The values of one batch, read back."""
    batch = batch[0] if isinstance(batch, tuple) else batch
    for key, tensor in spec.items():
        check_range(key, keras.ops.convert_to_numpy(batch[key]), tensor.limits)


def check_range(key: str, values: np.ndarray, limits: tuple[float, float] | None) -> None:
    """Finite values, within `limits` if there are any."""
    if not values.size:
        raise ValueError(f"{key!r} is empty: there are no examples")
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise ValueError(f"{key!r} has values that are not finite")
    if limits and not (limits[0] - SLACK <= low and high <= limits[1] + SLACK):
        remedy = ": divide by 255" if 2 < high <= 255 and low >= 0 else ""
        raise ValueError(f"{key!r} has values from {low:.4g} to {high:.4g}; they lie in [{limits[0]:g}, {limits[1]:g}]{remedy}")


def explain_missing(name: str, spec: Mapping[str, Spec], batch: Mapping[str, Any]) -> None:
    """For a model that was called: ValueError where its batch lacks a key."""
    for key in spec:
        if key not in batch:
            raise ValueError(
                f"{name} is called with a batch of {_listed(spec)}, and there is no {key!r}; "
                "give it a plain picture [H, W, C], or pictures [N, H, W, C], for the deployed answer"
            ) from None


def _listed(spec: Mapping[str, Spec]) -> str:
    return " and ".join(filter(None, [", ".join(list(spec)[:-1]), list(spec)[-1]]))


def _fits(sides: tuple[Any, ...], want: tuple[int, ...]) -> bool:
    return len(sides) == len(want) and all(side is None or side == other for side, other in zip(sides, want, strict=True))


def _sides(shape: Any) -> str:
    return " x ".join("N" if place == 0 else str(side) for place, side in enumerate(shape))
