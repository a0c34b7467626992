"""What a person may say of a model's inputs beside the picture: its styles, strength and hole, a row a role."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from zoo import roles
from zoo.cli.printable import printable
from zoo.roles import Role, Signature

trust_option = click.option("--trust", is_flag=True, help="Run a SavedModel that no manifest lists; it can write files.")


@dataclasses.dataclass(frozen=True)
class Asked:
    """What was said; nothing of it unless given.

    `styles` are pictures (arrays or files) for a model that takes them, or names and numbers of the styles that it holds; each
    may be followed by :WEIGHT. `mask` is a file or an array [H, W, 1], 1 in the hole. `option` names the option of a value for
    error messages. `style_scale` is how many times larger than usual the strokes are.
    """

    styles: Sequence[Any] = ()
    strength: float | None = None
    mask: Any = None
    option: Callable[[str], str] = "--{}".format
    style_scale: float | None = None


def constant_inputs(signature: Signature, asked: Asked) -> dict[str, Any]:
    """The inputs that are the same for every picture, one example each.

    Raises:
        ValueError: something was asked that this model has no input for, or a style that it does not hold.
    """
    if signature.output(roles.Result) is None:
        takes, gives = ", ".join(signature.inputs), ", ".join(signature.outputs)
        raise ValueError(f"this file makes no picture: it takes {takes} and gives {gives}")
    if not signature.picture_inputs:
        raise ValueError("this model takes no picture; zoo sample makes pictures from a generator")
    types = {type(role) for role in signature.inputs.values()}
    for option, answering in ANSWERS.items():
        if said(getattr(asked, option.field)) and not types & set(answering):
            raise ValueError(f"{asked.option(option.name)}: this model has no such input")
    values = {name: VALUES[type(role)](role, asked, signature) for name, role in signature.inputs.items()}
    return {name: value for name, value in values.items() if value is not None}


@dataclasses.dataclass(frozen=True)
class Option:
    """An option of the command line (or keyword of the call), and the field of `Asked` that holds it."""

    name: str
    field: str


def said(value: Any) -> bool:
    """Whether anything was asked."""
    return value is not None and not (isinstance(value, list | tuple) and not value)


# Which roles an option is for.
ANSWERS: Mapping[Option, tuple[type[Role], ...]] = {
    Option("style", "styles"): (roles.StylePicture, roles.Weights),
    Option("style-scale", "style_scale"): (roles.StylePicture, roles.Weights),
    Option("strength", "strength"): (roles.Share,),
    Option("mask", "mask"): (roles.HoleMask,),
}


def _of_the_picture(role: Role, asked: Asked, signature: Signature) -> None:
    """It comes with each picture."""


def _share(role: Any, asked: Asked, signature: Signature) -> Any:
    import numpy as np

    return np.array([role.default if asked.strength is None else asked.strength], "float32")


def _style_picture(role: Role, asked: Asked, signature: Signature) -> Any:
    places = [name for name, other in signature.inputs.items() if isinstance(other, roles.StylePicture)]
    if len(asked.styles) != len(places):
        raise ValueError(f"this model takes the style as a picture: {asked.option('style')} PICTURE, once")
    picture, _ = weighted_picture(asked.styles[places.index(role.name)], asked)
    return read_picture_or_array(picture)[None]


def _weights(role: Any, asked: Asked, signature: Signature) -> Any:
    import numpy as np

    if signature.input(roles.StylePicture) is not None:
        weights = [weighted_picture(style, asked)[1] for style in asked.styles]
    else:
        weights = [0.0] * len(role.names)
        for style in asked.styles or role.names[:1]:
            number, weight = weighted_name(str(style), role, asked)
            weights[number] += weight
    if not (min(weights) >= 0 and 0 < sum(weights) < float("inf")):  # nan is neither
        raise ValueError(f"{asked.option('style')}: weights are above 0, and not all 0")
    return (np.array([weights]) / sum(weights)).astype("float32")


def _refused(role: Role, asked: Asked, signature: Signature) -> None:
    raise ValueError(f"this model takes {role.name} ({role.words}) beside the picture, which there is no option for")


VALUES: Mapping[type[Role], Callable[[Any, Asked, Signature], Any]] = {
    roles.Photograph: _of_the_picture,
    roles.Frames: _of_the_picture,
    roles.Layers: _of_the_picture,
    roles.HoleMask: _of_the_picture,
    roles.StylePicture: _style_picture,
    roles.Share: _share,
    roles.Weights: _weights,
    roles.Latent: _refused,
    roles.Choice: _refused,
    roles.Values: _refused,
}


def weighted_name(text: str, role: roles.Weights, asked: Asked) -> tuple[int, float]:
    """The number and the weight of NAME, NAME:WEIGHT, N or N:WEIGHT. Raises ValueError, which names the nearest."""
    from zoo._registry import choose

    name, _, weight = text.rpartition(":") if ":" in text else (text, "", "1")
    if name not in role.names:
        if name.isdigit() and int(name) < len(role.names):
            name = role.names[int(name)]
        elif name.isdigit():
            raise ValueError(f"{asked.option('style')} {text}: this model holds the {role.things}s {', '.join(role.names)}")
        else:
            choose(f"{role.things} in this model", name, role.names)
    try:
        return role.names.index(name), float(weight)
    except ValueError:
        raise ValueError(f"{asked.option('style')} {text} is not NAME or NAME:WEIGHT, such as {role.names[0]}:0.7") from None


def weighted_picture(style: Any, asked: Asked) -> tuple[Any, float]:
    """The picture and the weight of PICTURE or PICTURE:WEIGHT."""
    if not isinstance(style, str) or Path(style).is_file():
        return style, 1.0
    file, _, weight = style.rpartition(":")
    if not file:
        return style, 1.0
    try:
        return file, float(weight)
    except ValueError:
        raise ValueError(f"{asked.option('style')} {style} is not PICTURE or PICTURE:WEIGHT, such as wave.jpg:0.7") from None


def read_picture_or_array(style: Any) -> Any:
    """A style picture: float32 [H, W, 3] in [0, 1]."""
    from zoo.training.pictures import read_style

    if isinstance(style, str | Path):
        import numpy as np

        from zoo.cli.photo import facts_of

        profile, rgb = facts_of(Path(style)).profile, read_style(style)
        return np.clip(profile.to_srgb(rgb), 0, 1) if profile and not profile.says_srgb else rgb
    from zoo.cli.pictures import as_picture

    return as_picture(style).rgb


def blending(runtime: Any, styles: Sequence[Any]) -> Any:
    """The runtime, with a network for so many styles where one takes the style as a picture and several are given.

    Raises:
        ValueError: a file that takes one style.
    """
    from zoo.export.runtimes import KerasRuntime

    if len(styles) < 2 or runtime.signature.input(roles.StylePicture) is None:
        return runtime
    if not isinstance(runtime, KerasRuntime):
        from zoo.cli.runtime import taken_apart

        if not (keras := taken_apart(runtime)):
            raise ValueError(f"{runtime.path}: this file takes one style; the run directory or the .keras file blends several")
        runtime = keras
    import zoo

    model: Any = zoo.load(str(runtime.path))
    runtime.network = model.inference_model(len(styles))
    runtime.signature = model.blending(len(styles))
    return runtime


def read_mask(signature: Signature, mask: Any, side: int | None = None) -> Any:
    """The hole, float32 [H, W, 1] of 0 and 1, or None where none is given; reduced as a picture of its size is."""
    if mask is None:
        return None
    from zoo.cli.pictures import as_picture, in_srgb

    picture = in_srgb(Path(mask), side) if side else as_picture(mask)
    values = picture.rgb.mean(axis=-1, keepdims=True)
    if picture.alpha is not None and values.min() == values.max():  # drawn with an eraser, on one colour
        click.echo(printable(f"{mask} is of one colour; what is transparent in it counts as the hole"), err=True)
        values = 1 - picture.alpha
    if ((values > 0.1) & (values < 0.9)).any():
        named = mask if isinstance(mask, str | Path) else "the mask"
        click.echo(printable(f"{named} is not black and white; what is brighter than half counts as the hole"), err=True)
    return (values > 0.5).astype("float32")


def find_hole(source: Any, hole: Any, alpha: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The hole of a picture of `shape`, [H, W, 1], and the transparency to write: that of the picture, unless it is the hole.

    Raises:
        ValueError: there is none, or it is of another size.
    """
    import numpy as np

    if hole is None and alpha is None:
        raise ValueError(f"{source}: this model fills a hole; give --mask, or a picture with a transparent part")
    if hole is None:
        hole, alpha = np.less(np.asarray(alpha), 0.5).astype("float32"), None
    if hole.shape[:2] != shape[:2]:
        sizes = [f"{size[1]} x {size[0]}" for size in (hole.shape, shape)]
        raise ValueError(f"{source}: the mask is {sizes[0]} pixels, the picture {sizes[1]}")
    return hole, alpha
