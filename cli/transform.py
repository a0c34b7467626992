"""From a picture file to what a model makes of it, for `zoo apply`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo import roles
from zoo.cli.colors import Space
from zoo.cli.inputs import Asked, constant_inputs, find_hole, read_mask
from zoo.cli.pictures import as_picture
from zoo.cli.underpainting import with_scale
from zoo.common.luma import luma
from zoo.roles import Role, Signature


def painted(paint: Any, side: int | None = None) -> Any:
    """From a picture file to its painting, in the picture's own colour space, and the transparency to write with it."""
    from zoo.cli.photo import as_floats, read_array, reduced

    def transform(source: Path) -> tuple[Any, Any]:
        pixels, facts = read_array(source, warn=True)
        rgb, alpha = as_floats(reduced(pixels, side))
        space = Space(facts.profile, styled=True)
        result = paint(space.seen(rgb))
        return space.written(result, rgb), alpha if alpha is None else resized(alpha, result.shape)

    return transform


def transformed(runtime: Any, asked: Asked, preserve_color: bool) -> Any:
    """From a picture (what `as_picture` takes) to what the model makes of it, in sRGB, and the transparency that goes with it.

    Raises:
        ValueError: something was asked that the model has no input for.
    """
    constants = constant_inputs(runtime.signature, asked)
    runtime = with_scale(runtime, asked)
    hole = read_mask(runtime.signature, asked.mask)
    read = as_picture if frames_of(runtime.signature) == 1 else neighbourhood(runtime.signature, ())
    return lambda source: run_on(runtime, source, read(source), constants, hole, preserve_color)


def files_transformed(
    runtime: Any, asked: Asked, preserve_color: bool, sources: Sequence[Path] = (), side: int | None = None
) -> Any:
    """From a picture file to what the model makes of it, in its own colour space, and the transparency to write with it.

    A model that looks at neighbouring frames finds them among `sources`, in the folder of the picture. `side` reduces.

    Raises:
        ValueError: something was asked that the model has no input for.
    """
    from zoo.cli.photo import as_floats, read_array, reduced
    from zoo.training.pictures import Picture

    constants = constant_inputs(runtime.signature, asked)
    runtime = with_scale(runtime, asked)
    hole = read_mask(runtime.signature, asked.mask, side)
    if frames_of(runtime.signature) > 1:
        read = neighbourhood(runtime.signature, sources, side)
        return lambda source: run_on(runtime, source, read(source), constants, hole, preserve_color)

    def transform(source: Path) -> tuple[Any, Any]:
        pixels, facts = read_array(source, warn=True)
        rgb, alpha = as_floats(reduced(pixels, side))
        space = space_of(runtime.signature, facts.profile, constants, preserve_color)
        result, alpha = run_on(runtime, source, Picture(space.seen(rgb), alpha), constants, hole, preserve_color)
        return space.written(result, rgb), alpha

    return transform


def is_styled(signature: Signature) -> bool:
    """Whether the model holds styles, or takes them."""
    return signature.input(roles.Weights) is not None or signature.input(roles.StylePicture) is not None


def space_of(signature: Signature, profile: Any, constants: Mapping[str, Any], preserve_color: bool) -> Space:
    """How the model sees the colours of a picture with this profile."""
    share = signature.input(roles.Share)
    strength = float(constants[share.name][0]) if share else 1.0
    return Space(profile, is_styled(signature), 1.0 if preserve_color else 1.0 - strength)


def frames_of(signature: Signature) -> int:
    """How many neighbouring frames the model looks at, an odd number: 1 for a model of single pictures."""
    frames = signature.input(roles.Frames)
    return frames.count if frames else 1


def neighbourhood(signature: Signature, sources: Sequence[Path], side: int | None = None) -> Any:
    """From a picture file to it and those around it by name in its folder, as channels; the first and last are repeated."""
    import functools
    import re

    import numpy as np

    from zoo.cli.photo import as_floats, read_array, reduced
    from zoo.training.pictures import Picture

    frames = frames_of(signature)

    @functools.lru_cache(frames)
    def read(source: Path) -> Picture:
        return Picture(*as_floats(reduced(read_array(source)[0], side)))

    def key(path: Path) -> list[Any]:
        """Frame 10 comes after frame 9."""
        return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path.name)]

    def stacked(source: Path) -> Picture:
        source = Path(source)
        order = sorted((other for other in sources if other.parent == source.parent), key=key) or [source]
        place = order.index(source)
        reach = frames // 2
        around = [order[min(max(place + step, 0), len(order) - 1)] for step in range(-reach, reach + 1)]
        pictures = [read(other) for other in around]
        for other, picture in zip(around, pictures, strict=True):
            if picture.rgb.shape != pictures[reach].rgb.shape:
                raise ValueError(
                    f"{source}: this model looks at {frames} neighbouring frames of one size, and {other} is of another"
                )
        return Picture(np.concatenate([picture.rgb for picture in pictures], axis=-1), pictures[reach].alpha)

    return stacked


def run_on(
    runtime: Any, source: Any, picture: Any, constants: dict[str, Any], hole: Any, preserve_color: bool
) -> tuple[Any, Any]:
    """The result for the picture read from `source` (what messages call it), and the transparency to write with it.

    A model that takes a mask fills the hole; without one, what is transparent is the hole, and comes back opaque.

    Raises:
        ValueError: the picture or its mask does not fit the model.
    """
    inputs, alpha = dict(constants), picture.alpha
    for name, role in runtime.signature.inputs.items():
        if name not in constants:
            value, alpha = PICTURES[type(role)](role, source, picture, hole, alpha)
            inputs[name] = value[None]
    result = runtime(**inputs)[runtime.signature.output(roles.Result).name][0]
    if preserve_color:
        middle = picture.rgb.shape[-1] // 2
        result = keep_color(picture.rgb[..., middle - 1 : middle + 2], result)
    return result, alpha if alpha is None else resized(alpha, result.shape)


def _photograph(role: Any, source: Any, picture: Any, hole: Any, alpha: Any) -> tuple[Any, Any]:
    return luma(picture.rgb) if role.channels == 1 else picture.rgb, alpha


def _frames(role: Any, source: Any, picture: Any, hole: Any, alpha: Any) -> tuple[Any, Any]:
    return picture.rgb, alpha


def _mask(role: Any, source: Any, picture: Any, hole: Any, alpha: Any) -> tuple[Any, Any]:
    return find_hole(source, hole, alpha, picture.rgb.shape)


def _layers(role: Any, source: Any, picture: Any, hole: Any, alpha: Any) -> tuple[Any, Any]:
    raise ValueError(f"this model takes {role.words}, which one picture is not")


# What comes with each picture: from the role, what the picture is called, the picture, its hole and the transparency to write, to
# the input's example and the transparency to write then.
PICTURES: Mapping[type[Role], Callable[..., tuple[Any, Any]]] = {
    roles.Photograph: _photograph,
    roles.Frames: _frames,
    roles.HoleMask: _mask,
    roles.Layers: _layers,
}


def resized(alpha: Any, shape: tuple[int, ...]) -> Any:
    """The transparency [H, W, 1] of a picture that is now of `shape`."""
    import numpy as np
    from PIL import Image

    if alpha.shape[:2] == shape[:2]:
        return alpha
    picture = Image.fromarray(alpha[..., 0]).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(picture)[..., None], 0, 1)


def keep_color(picture: Any, result: Any) -> Any:
    """The luminance of `result` with the colours of `picture` (BT.601), both [H, W, 3] in [0, 1]."""
    import numpy as np

    if picture.shape != result.shape:
        raise ValueError("--preserve-color needs a result of the picture's own size and channels")
    return np.clip(picture + luma(result - picture), 0, 1)
