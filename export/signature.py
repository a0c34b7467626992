"""What a network of any kind takes and gives, as roles, and real inputs to try it with."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from zoo import roles
from zoo.common.luma import luma
from zoo.roles import Role, Signature, assumed


def signature_of(model: Any) -> Signature:
    """The signature of a functional `keras.Model` with dicts of named inputs and outputs that declares none, by its names.

    A model that changes the size of the picture by a whole factor k has outputs of that scale.
    """
    if not isinstance(model.input, dict) or not isinstance(model.output, dict):
        raise ValueError("the deployed network needs dicts of named inputs and outputs; name them in inference_model()")
    inputs = {name: assumed(name, t.dtype, t.shape) for name, t in sorted(model.input.items())}
    outputs = {name: assumed(name, t.dtype, t.shape, output=True) for name, t in sorted(model.output.items())}
    signature = Signature(inputs, outputs)
    if not signature.free_size:
        return signature
    probe = (32, 48)  # sides that differ and that every stride divides
    zeros = {name: np.zeros([axis or 1 for axis in role.sized(1, probe)], role.dtype) for name, role in inputs.items()}
    results = model(zeros, training=False)
    return Signature(inputs, {name: _scaled(role, results[name].shape, probe) for name, role in outputs.items()})


def _scaled(role: Role, shape: Sequence[int], probe: tuple[int, int]) -> Role:
    if not isinstance(role, roles.Result) or role.size:
        return role
    return roles.Result(name=role.name, channels=role.channels, scale=shape[1] // probe[0])


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
    to `style_size`. What each role is given is in `EXAMPLES`; all of it is decided by the seed and the place in the batch.
    """
    size = size or pictures[0].shape[:2]
    batch: dict[str, list[np.ndarray]] = {name: [] for name in signature.inputs}
    for index in range(len(pictures)):
        for role in signature.inputs.values():
            random = np.random.default_rng([seed, index, zlib.crc32(role.name.encode())])
            own_size = (style_size or size) if isinstance(role, roles.StylePicture) else size
            shape = [int(axis) for axis in role.sized(1, own_size)[1:] if axis is not None]
            in_turn = [pictures[(index + other) % len(pictures)] for other in range(len(pictures))]
            batch[role.name].append(EXAMPLES[type(role)](role, shape, in_turn, index, random))
    return {t.name: np.stack(batch[t.name]).astype(t.dtype) for t in signature.inputs.values()}


Example = Callable[[Any, list[int], Sequence[np.ndarray], int, np.random.Generator], np.ndarray]


def _photograph(role: Role, shape: list[int], pictures: Sequence[np.ndarray], _: int, random: np.random.Generator) -> np.ndarray:
    crop = _crop(pictures[0], shape, random)
    return luma(crop) if shape[2] == 1 else crop


def _frames(role: Any, shape: list[int], pictures: Sequence[np.ndarray], _: int, random: np.random.Generator) -> np.ndarray:
    """The same crop from a camera that moves by a pixel a frame."""
    wide = _crop(pictures[0], [shape[0], shape[1] + role.count - 1], random)
    return np.concatenate([wide[:, frame : frame + shape[1]] for frame in range(role.count)], axis=2)


def _strokes(shape: list[int], random: np.random.Generator) -> np.ndarray:
    from zoo.common.strokes import free_form  # draws with Pillow, which running a file does not need

    return free_form(shape[0], shape[1], random)


def _layers(role: Any, shape: list[int], pictures: Sequence[np.ndarray], _: int, random: np.random.Generator) -> np.ndarray:
    chosen = [pictures[layer % len(pictures)] for layer in range(role.count)]
    layers = [(_crop(picture, shape, random), _strokes(shape, random)) for picture in chosen]
    return np.concatenate([part for layer in layers for part in layer], axis=2)


def _mask(role: Role, shape: list[int], pictures: Sequence[np.ndarray], _: int, random: np.random.Generator) -> np.ndarray:
    return _strokes(shape, random)


def _style(role: Role, shape: list[int], pictures: Sequence[np.ndarray], _: int, random: np.random.Generator) -> np.ndarray:
    return _crop(pictures[1 % len(pictures)], shape, random)


def _share(role: Role, shape: list[int], pictures: Sequence[np.ndarray], _: int, random: np.random.Generator) -> np.ndarray:
    return random.uniform(0.5, 1.0, shape)


def _weights(role: Role, shape: list[int], pictures: Sequence[np.ndarray], index: int, _: np.random.Generator) -> np.ndarray:
    """One alone or a blend of two, in turn."""
    one = np.eye(shape[0])[index % shape[0]]
    return one if index % 2 == 0 else 0.5 * one + 0.5 * np.eye(shape[0])[(index + 1) % shape[0]]


def _normal(role: Role, shape: list[int], pictures: Sequence[np.ndarray], _: int, random: np.random.Generator) -> np.ndarray:
    return random.standard_normal(shape)


def _choice(role: Any, shape: list[int], pictures: Sequence[np.ndarray], index: int, _: np.random.Generator) -> np.ndarray:
    number = index % len(role.names)
    return np.eye(len(role.names))[number] if role.one_hot else np.array(number)


EXAMPLES: Mapping[type[Role], Example] = {
    roles.Photograph: _photograph,
    roles.Frames: _frames,
    roles.Layers: _layers,
    roles.HoleMask: _mask,
    roles.StylePicture: _style,
    roles.Share: _share,
    roles.Weights: _weights,
    roles.Latent: _normal,
    roles.Choice: _choice,
    roles.Values: _normal,
}


def _crop(picture: np.ndarray, shape: list[int], random: "np.random.Generator") -> np.ndarray:
    """A crop of the shape's height and width, float32 [height, width, 3]; a picture that is too small is reflected."""
    height, width = shape[:2]
    missing = [(0, max(0, side - have)) for side, have in zip((height, width), picture.shape, strict=False)]
    picture = np.pad(picture, [*missing, (0, 0)], mode="symmetric")
    top = random.integers(picture.shape[0] - height + 1)
    left = random.integers(picture.shape[1] - width + 1)
    crop = picture[top : top + height, left : left + width]
    return np.repeat(crop, 3, axis=2) if crop.shape[2] == 1 else crop
