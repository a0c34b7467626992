"""The named inputs and outputs of a deployed model: types, dimension names, value ranges, and real inputs to try it with."""

import dataclasses
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.common.luma import luma
from zoo.common.strokes import free_form

BATCH = "batch"
SHARES = ("strength", "style_weights", "truncation")  # beside the pictures, the inputs whose values lie in [0, 1]


@dataclasses.dataclass(frozen=True)
class Tensor:
    """One input or output. `shape` holds sizes and names of free dimensions (`batch`, `height`, `width`)."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]
    range: tuple[float, float] | None = None

    @property
    def is_picture(self) -> bool:
        return len(self.shape) == 4

    def sized(self, batch: int | None, size: tuple[int, int] | None) -> tuple[int | None, ...]:
        """The shape with the batch and, for pictures, (height, width) filled in; what stays free is None."""
        shape = [(batch if axis == BATCH else None) if isinstance(axis, str) else axis for axis in self.shape]
        if self.is_picture and size:
            shape[1:3] = [side if free is None else free for free, side in zip(shape[1:3], size, strict=True)]
        return tuple(shape)


@dataclasses.dataclass(frozen=True)
class Signature:
    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]

    @property
    def picture_inputs(self) -> dict[str, Tensor]:
        return {name: tensor for name, tensor in self.inputs.items() if tensor.is_picture}

    @property
    def free_size(self) -> bool:
        """Whether pictures of any height and width come in."""
        return any(isinstance(axis, str) for tensor in self.picture_inputs.values() for axis in tensor.shape[1:3])

    @property
    def own_size(self) -> tuple[int, int] | None:
        """(height, width) of a network that has a size of its own, a generator for one; None where sizes are free."""
        pictures = [t for t in (*self.picture_inputs.values(), *self.outputs.values()) if t.is_picture]
        if self.free_size or not pictures:
            return None
        return int(pictures[0].shape[1]), int(pictures[0].shape[2])


def named(name: str, dtype: str, shape: Sequence[int | None], classes: int | None = None) -> Tensor:
    """The tensor with the contract's names for its free dimensions; a style has a height and width of its own."""
    prefix = "style_" if name == "style" else ""
    names = (BATCH, f"{prefix}height", f"{prefix}width") if len(shape) == 4 else (BATCH,)
    free = (*names, *(f"{name}_{axis}" for axis in range(len(names), len(shape))))
    axes = tuple(free[axis] if size is None or size < 0 else int(size) for axis, size in enumerate(shape))
    if len(shape) == 4 or name in SHARES:
        return Tensor(name, dtype, axes, (0.0, 1.0))
    if name == "label":
        highest = 1.0 if len(shape) > 1 else classes and classes - 1.0
        return Tensor(name, dtype, axes, None if highest is None else (0.0, highest))
    return Tensor(name, dtype, axes)


def signature_of(model: Any, classes: int | None = None) -> Signature:
    """The signature of a functional `keras.Model` with dicts of named inputs and outputs.

    A model that changes the size of the picture by a whole factor k has outputs `k*height` and `k*width`.
    `classes` is the number of classes where `label` is one integer an example.
    """
    if not isinstance(model.input, dict) or not isinstance(model.output, dict):
        raise ValueError("the deployed network needs dicts of named inputs and outputs; name them in inference_model()")
    inputs = {name: named(name, t.dtype, t.shape, classes) for name, t in sorted(model.input.items())}
    outputs = {name: named(name, t.dtype, t.shape) for name, t in sorted(model.output.items())}
    signature = Signature(inputs, outputs)
    if signature.free_size:
        probe = (32, 48)  # sides that differ and that every stride divides
        zeros = {name: np.zeros([axis or 1 for axis in t.sized(1, probe)], t.dtype) for name, t in inputs.items()}
        results = model(zeros, training=False)
        outputs.update({name: _scaled(tensor, results[name].shape, probe) for name, tensor in outputs.items()})
    return signature


def _scaled(tensor: Tensor, shape: Sequence[int], probe: tuple[int, int]) -> Tensor:
    if not tensor.is_picture:
        return tensor
    axes = list(tensor.shape)
    for axis, side in zip((1, 2), probe, strict=True):
        if isinstance(axes[axis], str) and shape[axis] != side:
            axes[axis] = f"{shape[axis] // side}*{axes[axis]}"
    return dataclasses.replace(tensor, shape=tuple(axes))


def tensor_specs(signature: Signature, size: tuple[int, int] | None, batch: int | None = None) -> dict[str, Any]:
    """`tf.TensorSpec` of every input, by name; `size` None leaves height and width free."""
    import tensorflow as tf

    return {t.name: tf.TensorSpec(t.sized(batch, size), t.dtype, name=t.name) for t in signature.inputs.values()}


def example_inputs(
    signature: Signature,
    pictures: Sequence[np.ndarray],
    seed: int = 0,
    size: tuple[int, int] | None = None,
    style_size: tuple[int, int] | None = None,
) -> dict[str, np.ndarray]:
    """A batch of real inputs, one example a picture (float32 [height, width, 1 or 3] in [0, 1]).

    Pictures are cropped to `size` (height, width), the first picture's own unless given; a style is the next picture, cropped
    to `style_size`. Strengths and truncations lie in [0.5, 1]; style weights are a single style or a blend, in turn; latents
    are standard normal; masks are free-form strokes, and so is what shows of pictures with alpha (4 channels each, several in
    one input). All of it is decided by the seed and the place in the batch.
    """
    size = size or pictures[0].shape[:2]
    batch: dict[str, list[np.ndarray]] = {name: [] for name in signature.inputs}
    for index in range(len(pictures)):
        for tensor in signature.inputs.values():
            random = np.random.default_rng([seed, index, zlib.crc32(tensor.name.encode())])
            own_size = (style_size or size) if tensor.name == "style" else size
            shape = [int(axis) for axis in tensor.sized(1, own_size)[1:] if axis is not None]
            offset = 1 if tensor.name == "style" else 0
            chosen = [
                pictures[(index + offset + other) % len(pictures)] for other in range(max(1, len(shape) and shape[-1] // 4))
            ]
            batch[tensor.name].append(_example(tensor, shape, chosen, index, random))
    return {t.name: np.stack(batch[t.name]).astype(t.dtype) for t in signature.inputs.values()}


def _example(
    tensor: Tensor, shape: list[int], pictures: Sequence[np.ndarray], index: int, random: "np.random.Generator"
) -> np.ndarray:
    if tensor.name == "mask":
        return free_form(shape[0], shape[1], random)
    if tensor.is_picture and shape[2] % 4 == 0:
        layers = [(_crop(picture, shape, random), free_form(shape[0], shape[1], random)) for picture in pictures]
        return np.concatenate([part for layer in layers for part in layer], axis=2)
    if tensor.is_picture:
        crop = _crop(pictures[0], shape, random)
        return luma(crop) if shape[2] == 1 else crop
    if tensor.name in ("strength", "truncation"):
        return random.uniform(0.5, 1.0, shape)
    if tensor.name == "style_weights":
        one = np.eye(shape[0])[index % shape[0]]
        return one if index % 2 == 0 else 0.5 * one + 0.5 * np.eye(shape[0])[(index + 1) % shape[0]]
    if tensor.name == "label" and tensor.range:
        return np.eye(shape[0])[index % shape[0]] if shape else np.array(index % (int(tensor.range[1]) + 1))
    return random.standard_normal(shape)


def _crop(picture: np.ndarray, shape: list[int], random: "np.random.Generator") -> np.ndarray:
    """A crop of the shape's height and width, float32 [height, width, 3]; a picture that is too small is reflected."""
    height, width = shape[:2]
    missing = [(0, max(0, side - have)) for side, have in zip((height, width), picture.shape, strict=False)]
    picture = np.pad(picture, [*missing, (0, 0)], mode="symmetric")
    top = random.integers(picture.shape[0] - height + 1)
    left = random.integers(picture.shape[1] - width + 1)
    crop = picture[top : top + height, left : left + width]
    return np.repeat(crop, 3, axis=2) if crop.shape[2] == 1 else crop
