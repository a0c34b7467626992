"""The families of the zoo, by name."""

import difflib
from collections.abc import Callable, Iterable
from typing import Any

import keras

_FAMILIES: dict[str, type[Any]] = {}


def register(name: str) -> Callable[[type], type]:
    """Class decorator: adds an `ImageModel` under `name`, and makes it loadable from a `.keras` file."""

    def add(cls: type) -> type[Any]:
        if name in _FAMILIES:
            raise ValueError(f"the name {name!r} is taken by {_FAMILIES[name].__qualname__}")
        _FAMILIES[name] = cls
        return keras.saving.register_keras_serializable("zoo", name)(cls)

    return add


def family(name: str) -> type[Any]:
    """The class registered under `name`; ValueError names the nearest one."""
    return _FAMILIES[choose("model", name, _FAMILIES)]


def families() -> dict[str, type[Any]]:
    """Every family, in alphabetical order."""
    return dict(sorted(_FAMILIES.items()))


def choose(kind: str, value: str, among: Iterable[str]) -> str:
    """`value`, if it is one of `among`; otherwise a ValueError that names the nearest right one."""
    among = sorted(among)
    if value in among:
        return value
    near = difflib.get_close_matches(value, among, 1, 0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(among) or 'none'}"
    raise ValueError(f"no {kind} {value!r}; {hint}")
