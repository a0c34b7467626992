"""The families of the zoo, by name: ours, those of other packages (entry points), and those registered in this process."""

import difflib
import functools
import importlib
import importlib.metadata
import inspect
import warnings
from collections.abc import Callable, Iterable
from typing import Any

# Each in a module of its own name, imported when it is first asked for.
OURS = (
    "adain",
    "cgan",
    "compositor",
    "context_encoder",
    "cyclegan",
    "dcgan",
    "denoiser",
    "enhancer",
    "fast_style",
    "gan",
    "neural_style",
    "stylegan",
    "super_resolution",
    "unet_inpainter",
    "vae",
)
ENTRY_POINTS = "keras_image_zoo.families"

_FAMILIES: dict[str, type[Any]] = {}


def register(name: str) -> Callable[[type], type]:
    """Class decorator: adds an `ImageModel` under `name`, and makes it loadable from a `.keras` file.

    A package whose families should be found without being imported first names each as an entry point of the group
    `keras_image_zoo.families`: `sharpener = their_package:Sharpener`.

    Raises:
        ValueError: another class has that name.
    """
    import keras

    def add(cls: type) -> type[Any]:
        taken = _FAMILIES.get(name)
        if taken is not None and (taken.__module__, taken.__qualname__) != (cls.__module__, cls.__qualname__):
            raise ValueError(
                f"the name {name!r} is taken by {taken.__module__}.{taken.__qualname__}; "
                f"register {cls.__module__}.{cls.__qualname__} under another"
            )
        if taken is None and name in OURS and cls.__module__.partition(".")[0] != __package__:
            raise ValueError(f"the name {name!r} is that of a family of the zoo; register {cls.__qualname__} under another")
        _FAMILIES[name] = cls
        return keras.saving.register_keras_serializable("zoo", name)(cls)

    return add


def family(name: str) -> type[Any]:
    """The class registered under `name`; ValueError names the nearest one, or why its package cannot be imported."""
    if points := _others().get(name):
        _refuse_two(name, points)
        if name not in _FAMILIES:
            _import(name, points[0])
    if name not in _FAMILIES and name in OURS:
        importlib.import_module(f"{__package__}.{name}")
    return _FAMILIES[choose("model", name, names())]


def name_of(cls: type) -> str:
    """The name that a family is registered under."""
    import keras

    return keras.saving.get_registered_name(cls).removeprefix("zoo>")


class OtherVersion(ValueError):
    """A saved model that this version of its family cannot hold."""


def settings_of(cls: Any) -> dict[str, Any]:
    """The arguments of a family's constructor, with their defaults."""
    return {name: each.default for name, each in inspect.signature(cls.__init__).parameters.items() if name != "self"}


def families() -> dict[str, type[Any]]:
    """Every family, in alphabetical order; one that cannot be had is named in a warning and left out."""
    every = {}
    for name in names():
        try:
            every[name] = family(name)
        except ValueError as error:
            warnings.warn(str(error), stacklevel=2)
    return every


def names() -> list[str]:
    """The names of all families, in alphabetical order; imports none of them."""
    return sorted({*OURS, *_others(), *_FAMILIES})


@functools.cache
def _others() -> dict[str, list[importlib.metadata.EntryPoint]]:
    """The entry points of other packages, by the names of their families; one that is listed twice is one."""
    others: dict[str, list[importlib.metadata.EntryPoint]] = {}
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        points = others.setdefault(point.name, [])
        if all((_package(other), other.value) != (_package(point), point.value) for other in points):
            points.append(point)
    return others


def _refuse_two(name: str, points: list[importlib.metadata.EntryPoint]) -> None:
    """ValueError where two packages give one name; all others go on working."""
    packages = [*(["the zoo"] if name in OURS else []), *map(_package, points)]
    if len(packages) > 1:
        raise ValueError(f"the family {name!r} is given by {' and by '.join(packages)}; uninstall one of them")


def _import(name: str, point: importlib.metadata.EntryPoint) -> None:
    try:
        cls = point.load()
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"the family {name!r} of {_package(point)} cannot be imported ({type(error).__name__}: {reason})"
        ) from error
    if _FAMILIES.get(name) is not cls:
        raise ValueError(
            f"{point.value} of {_package(point)} is not registered as {name!r}: decorate it with @zoo.register({name!r})"
        )


def _package(point: importlib.metadata.EntryPoint) -> str:
    return point.dist.name if point.dist else point.value


def choose(kind: str, value: str, among: Iterable[str]) -> str:
    """`value`, if it is one of `among`; otherwise a ValueError that names the nearest right one."""
    among = sorted(among)
    if value in among:
        return value
    near = difflib.get_close_matches(value, among, 1, 0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(among) or 'none'}"
    raise ValueError(f"no {kind} {value!r}; {hint}")
