"""What a deployed model takes and gives: roles, each of them one named tensor that says what it is for.

A family lists its roles in `ImageModel.signature`; they travel in manifest.json and in the metadata of every exported file. What
the command line, the pages, the phones, the client and the verification do for a role is a row each in tables keyed by its class.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

BATCH = "batch"

Axis = int | str  # a size, or the name of a free dimension


@dataclasses.dataclass(frozen=True, kw_only=True)
class Role:
    """One input or output. `batch` is a number where a file takes so many examples at a time.

    Every role has `kind` (its name in files), `dtype`, `shape` (sizes and names of free dimensions), `range` (least and largest
    value, or None), `default` (one example's value, for what a request may leave out, or None) and `words`, for a person.
    """

    name: str
    batch: Axis = BATCH

    kind: ClassVar[str]
    is_picture: ClassVar[bool] = False
    dtype: ClassVar[str] = "float32"
    range: ClassVar[tuple[float, float] | None] = None

    @property
    def shape(self) -> tuple[Axis, ...]:
        return (self.batch, *self.example)

    @property
    def example(self) -> tuple[Axis, ...]:
        """The shape of one example."""
        raise NotImplementedError

    @property
    def default(self) -> Any:
        return None

    @property
    def words(self) -> str:
        raise NotImplementedError

    def sized(self, batch: int | None, size: tuple[int, int] | None) -> tuple[int | None, ...]:
        """The shape with the batch and, for pictures, (height, width) filled in; what stays free is None."""
        shape = [(batch if axis == BATCH else None) if isinstance(axis, str) else axis for axis in self.shape]
        if self.is_picture and size:
            shape[1:3] = [side if free is None else free for free, side in zip(shape[1:3], size, strict=True)]
        return tuple(shape)

    def fitted(self, shape: Sequence[Axis | None]) -> "Role":
        """The same role in a file whose tensor has this shape; None and -1 stay free."""
        first = shape[0]
        return dataclasses.replace(self, batch=first if isinstance(first, int) and first > 0 else self.batch)

    def to_json(self) -> dict[str, Any]:
        derived = {name: getattr(self, name) for name in ("dtype", "shape", "range", "default", "words")}
        return json.loads(json.dumps({"role": self.kind, **dataclasses.asdict(self), **derived}))


@dataclasses.dataclass(frozen=True, kw_only=True)
class PictureRole(Role):
    """A picture of values in [0, 1]; `size` is (height, width) where it is fixed."""

    size: tuple[Axis, Axis] | None = None

    is_picture = True
    range = (0.0, 1.0)

    @property
    def depth(self) -> int:
        """Channels of the tensor."""
        raise NotImplementedError

    @property
    def free(self) -> tuple[Axis, Axis]:
        """The names of a free height and width."""
        return ("height", "width")

    @property
    def example(self) -> tuple[Axis, ...]:
        return (*(self.size or self.free), self.depth)

    def fitted(self, shape: Sequence[Axis | None]) -> "Role":
        sides = [side if isinstance(side, int) and side > 0 else free for side, free in zip(shape[1:3], self.free, strict=True)]
        size = None if tuple(sides) == self.free else (sides[0], sides[1])
        return dataclasses.replace(super().fitted(shape), size=size)  # type: ignore[call-arg]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Photograph(PictureRole):
    """The picture to be changed, gray (1 channel) or RGB (3)."""

    name: str = "image"
    channels: int = 3

    kind = "photograph"

    @property
    def depth(self) -> int:
        return self.channels

    @property
    def words(self) -> str:
        return "the picture, gray" if self.channels == 1 else "the picture"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Frames(PictureRole):
    """Neighbouring frames of a film as channels, an odd number of them, the wanted one in the middle."""

    name: str = "image"
    count: int

    kind = "frames"

    @property
    def depth(self) -> int:
        return 3 * self.count

    @property
    def words(self) -> str:
        return f"{self.count} neighbouring frames, the wanted one in the middle"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Layers(PictureRole):
    """Pictures with transparency to be laid one over the other, the lowest first: RGB and alpha of each as channels."""

    name: str = "image"
    count: int

    kind = "layers"

    @property
    def depth(self) -> int:
        return 4 * self.count

    @property
    def words(self) -> str:
        return f"{self.count} picture(s) with transparency, the lowest first"


@dataclasses.dataclass(frozen=True, kw_only=True)
class HoleMask(PictureRole):
    """Where the hole is: 1 there, 0 elsewhere."""

    name: str = "mask"

    kind = "mask"

    @property
    def depth(self) -> int:
        return 1

    @property
    def words(self) -> str:
        return "white where the hole is"


@dataclasses.dataclass(frozen=True, kw_only=True)
class StylePicture(PictureRole):
    """The picture whose style is taken; its height and width are its own."""

    name: str = "style"

    kind = "style_picture"

    @property
    def depth(self) -> int:
        return 3

    @property
    def free(self) -> tuple[Axis, Axis]:
        return (f"{self.name}_height", f"{self.name}_width")

    @property
    def words(self) -> str:
        return "the style picture"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Share(Role):
    """One number from 0 to 1; `meaning` says what both ends are."""

    meaning: str = ""
    value: float = 1.0  # where nothing is said

    kind = "share"
    range = (0.0, 1.0)

    @property
    def example(self) -> tuple[Axis, ...]:
        return ()

    @property
    def default(self) -> float:
        return self.value

    @property
    def words(self) -> str:
        return self.meaning or "0 to 1"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Weights(Role):
    """How much of each of several named things, such as styles: numbers that add up to 1; equal ones where nothing is said."""

    name: str = "style_weights"
    names: tuple[str, ...]
    things: str = "style"

    kind = "weights"
    range = (0.0, 1.0)

    @property
    def example(self) -> tuple[Axis, ...]:
        return (len(self.names),)

    @property
    def default(self) -> list[float]:
        return [1 / len(self.names)] * len(self.names)

    @property
    def words(self) -> str:
        return f"{len(self.names)} values from 0 to 1 that add up to 1, one a {self.things}: {', '.join(self.names)}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Latent(Role):
    """Standard normal values that a picture is made of."""

    name: str = "latent"
    length: int

    kind = "latent"

    @property
    def example(self) -> tuple[Axis, ...]:
        return (self.length,)

    @property
    def words(self) -> str:
        return f"{self.length} standard normal values"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Choice(Role):
    """One of several named classes: its number from 0, or a vector with a 1 in its place."""

    name: str = "label"
    names: tuple[str, ...]
    one_hot: bool = False

    kind = "choice"

    @property
    def dtype(self) -> str:  # type: ignore[override]
        return "float32" if self.one_hot else "int32"

    @property
    def range(self) -> tuple[float, float]:  # type: ignore[override]
        return (0.0, 1.0 if self.one_hot else len(self.names) - 1.0)

    @property
    def example(self) -> tuple[Axis, ...]:
        return (len(self.names),) if self.one_hot else ()

    @property
    def words(self) -> str:
        return f"the class, 0 to {len(self.names) - 1}" + (", as a vector with a 1 in its place" if self.one_hot else "")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Values(Role):
    """Numbers that are no picture, such as the code of a picture; `type` is their data type."""

    axes: tuple[Axis, ...]
    type: str = "float32"

    kind = "values"

    @property
    def dtype(self) -> str:  # type: ignore[override]
        return self.type

    @property
    def example(self) -> tuple[Axis, ...]:
        return self.axes

    @property
    def words(self) -> str:
        return "numbers"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result(PictureRole):
    """The picture that comes out, `scale` times as large as the one that went in."""

    name: str = "output_image"
    channels: int = 3
    scale: int = 1

    kind = "result"

    @property
    def depth(self) -> int:
        return self.channels

    @property
    def free(self) -> tuple[Axis, Axis]:
        times = "" if self.scale == 1 else f"{self.scale}*"
        return (f"{times}height", f"{times}width")

    @property
    def words(self) -> str:
        return "the result"


ROLES: tuple[type[Role], ...] = (
    Photograph,
    Frames,
    Layers,
    HoleMask,
    StylePicture,
    Share,
    Weights,
    Latent,
    Choice,
    Values,
    Result,
)
_BY_KIND = {role.kind: role for role in ROLES}

R = TypeVar("R", bound=Role)


@dataclasses.dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a deployed model, by name, in the order in which a person is asked for them."""

    inputs: dict[str, Role]
    outputs: dict[str, Role]

    @classmethod
    def of(cls, inputs: Iterable[Role], outputs: Iterable[Role]) -> "Signature":
        return cls({role.name: role for role in inputs}, {role.name: role for role in outputs})

    @property
    def picture_inputs(self) -> dict[str, Role]:
        return {name: role for name, role in self.inputs.items() if role.is_picture}

    @property
    def optional(self) -> dict[str, Any]:
        """The values of one example of what a request may leave out, by name."""
        return {name: role.default for name, role in self.inputs.items() if role.default is not None}

    @property
    def free_size(self) -> bool:
        """Whether pictures of any height and width come in."""
        return any(isinstance(axis, str) for role in self.picture_inputs.values() for axis in role.shape[1:3])

    @property
    def own_size(self) -> tuple[int, int] | None:
        """(height, width) of a network that has a size of its own, a generator for one; None where sizes are free."""
        pictures = [role for role in (*self.picture_inputs.values(), *self.outputs.values()) if role.is_picture]
        if self.free_size or not pictures:
            return None
        height, width = pictures[0].shape[1:3]
        return int(height), int(width)

    def input(self, role: type[R]) -> R | None:
        """The first input of that role."""
        return next((instance for instance in self.inputs.values() if isinstance(instance, role)), None)

    def output(self, role: type[R]) -> R | None:
        """The first output of that role."""
        return next((instance for instance in self.outputs.values() if isinstance(instance, role)), None)

    def fitted(self, inputs: Mapping[str, Sequence[Any]], outputs: Mapping[str, Sequence[Any]]) -> "Signature":
        """The same roles in a file whose tensors, by name, have these shapes.

        Raises:
            ValueError: the file has other tensors than the roles name.
        """
        for side, tensors in ((self.inputs, inputs), (self.outputs, outputs)):
            if set(side) != set(tensors):
                raise ValueError(f"its tensors are {', '.join(sorted(tensors))}, and its roles {', '.join(sorted(side))}")
        return Signature(
            {name: role.fitted(inputs[name]) for name, role in self.inputs.items()},
            {name: role.fitted(outputs[name]) for name, role in self.outputs.items()},
        )

    def to_json(self) -> dict[str, Any]:
        return {
            side: {name: role.to_json() for name, role in roles.items()}
            for side, roles in (("inputs", self.inputs), ("outputs", self.outputs))
        }

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> "Signature":
        """Raises ValueError, KeyError or TypeError for what `to_json` does not write."""
        signature = cls(*({name: role_of(fact) for name, fact in facts[side].items()} for side in ("inputs", "outputs")))
        if any(name != role.name for side in (signature.inputs, signature.outputs) for name, role in side.items()):
            raise ValueError("a role is listed under another name than its own")
        return signature


def role_of(facts: Mapping[str, Any]) -> Role:
    """The role that `Role.to_json` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    kind = facts["role"]
    if kind not in _BY_KIND:
        raise ValueError(f"there is no role {kind!r}")
    cls: Any = _BY_KIND[kind]
    values = {field.name: facts[field.name] for field in dataclasses.fields(cls)}
    role: Role = cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
    texts = [role.name, role.dtype, role.words, *(axis for axis in role.shape if isinstance(axis, str))]
    sizes = [axis for axis in role.shape if not isinstance(axis, str)]
    plain = all(isinstance(text, str) and text.isprintable() for text in texts)
    if (
        not plain
        or (role.is_picture and (len(role.shape) != 4 or isinstance(role.shape[3], str)))
        or not all(isinstance(size, int) and 0 < size < 1 << 31 for size in sizes)
    ):
        raise ValueError(f"the role {ascii(role.name)[:60]} is described wrongly")
    return role


def numbered(count: int) -> tuple[str, ...]:
    """Names for what has none: its numbers, from 0."""
    return tuple(str(number) for number in range(count))


def assumed(name: str, dtype: str, shape: Sequence[int | None], output: bool = False) -> Role:
    """The role of a tensor that says nothing of itself, such as one of a file made elsewhere, by the names that the zoo uses.

    Args:
        name: the tensor's name.
        dtype: a NumPy name.
        shape: with the batch; None or -1 is free.
        output: whether it comes out.
    """
    axes = [None if axis is None or axis < 0 else int(axis) for axis in shape]
    last = axes[-1] if axes else None
    role: Role
    if len(axes) == 4 and output:
        role = Result(name=name, channels=last or 3)
    elif len(axes) == 4:
        role = _assumed_picture(name, last or 3)
    elif name in ("strength", "truncation") and len(axes) == 1 and not output:
        role = Share(name=name)
    elif name == "style_weights" and len(axes) == 2 and last and not output:
        role = Weights(name=name, names=numbered(last))
    elif name == "latent" and len(axes) == 2 and last and not output:
        role = Latent(name=name, length=last)
    elif name == "label" and len(axes) == 2 and last and not output:
        role = Choice(name=name, names=numbered(last), one_hot=True)
    else:
        free = tuple(f"{name}_{index}" if axis is None else axis for index, axis in enumerate(axes))
        role = Values(name=name, axes=free[1:], type=dtype)
    return role.fitted(axes) if axes else role


def _assumed_picture(name: str, channels: int) -> Role:
    if name == "mask" and channels == 1:
        return HoleMask(name=name)
    if name.partition("_")[0] == "style":
        return StylePicture(name=name)
    if channels % 4 == 0:
        return Layers(name=name, count=channels // 4)
    if channels % 6 == 3 and channels > 3:
        return Frames(name=name, count=channels // 3)
    return Photograph(name=name, channels=channels)
