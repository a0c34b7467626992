"""What a batch holds: the tensors of a model's `batch_spec`, each drawn by training/ from the sample's number alone."""

import dataclasses


class _Tensor:
    @property
    def limits(self) -> tuple[float, float] | None:
        """The range of the values; None where there is none."""
        return None

    @property
    def integer(self) -> bool:
        return False


class _Share(_Tensor):
    @property
    def limits(self) -> tuple[float, float] | None:
        return (0.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Picture(_Share):
    """A crop of a picture of the source: float32 [N, size, size, channels] in [0, 1].

    `scale` is the range from which the crop's side is drawn, as a share of the picture's short side; the crop is then resized
    (antialiased) to `size`. None cuts `size` native pixels, as restoration needs them. `source` names the data source
    ("data", or a setting such as "target" for the second folder of unpaired translation). `binarize` draws every value 0 or 1,
    1 with the probability that it was, once for a picture: every crop of it is drawn with the same noise.
    """

    size: int
    channels: int = 3
    scale: tuple[float, float] | None = (0.6, 1.0)
    flip: bool = True
    source: str = "data"
    binarize: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.size, self.size, self.channels)


@dataclasses.dataclass(frozen=True)
class OneHot(_Share):
    """One of `classes`, drawn evenly: float32 [N, classes]."""

    classes: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.classes,)


@dataclasses.dataclass(frozen=True)
class Normal(_Tensor):
    """Standard normal noise: float32 [N, *shape]."""

    shape: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Uniform(_Tensor):
    """Uniform noise in [low, high): float32 [N, *shape]."""

    shape: tuple[int, ...]
    low: float = 0.0
    high: float = 1.0


@dataclasses.dataclass(frozen=True)
class Label(_Tensor):
    """The class of the example that the `image` of the batch comes from: int32 [N], 0 to classes - 1.

    `balance` takes the examples from every class in turn, however many pictures it has.
    """

    classes: int
    balance: bool = False

    @property
    def limits(self) -> tuple[float, float] | None:
        return (0, self.classes - 1)

    @property
    def integer(self) -> bool:
        return True

    @property
    def shape(self) -> tuple[int, ...]:
        return ()


@dataclasses.dataclass(frozen=True)
class Mask(_Share):
    """A mask whose hole is marked by 1: float32 [N, size, size, 1], of one of the `kinds` that `zoo.training.masks` draws.

    `area` is the least and largest share of the picture that the hole takes; None leaves it to the kind.
    """

    size: int
    kinds: tuple[str, ...] = ("free_form",)
    area: tuple[float, float] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.size, self.size, 1)


@dataclasses.dataclass(frozen=True)
class Noisy(_Tensor):
    """The picture `of` of the same batch with noise: float32 [N, size, size, channels], around [0, 1].

    `kind` and the range `level` from which each example's level is drawn are those of `zoo.training.degradations.add_noise`.
    """

    of: str
    size: int
    channels: int
    kind: str
    level: tuple[float, float]

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.size, self.size, self.channels)


@dataclasses.dataclass(frozen=True)
class Reduced(_Share):
    """The picture `of` of the same batch, `factor` times smaller: float32 [N, size, size, frames * channels] in [0, 1].

    Reduced by antialiased bicubic and rounded to 8 bits. More than one frame shows the picture from a camera that moves by up to
    `motion` of its pixels either way; it then has a margin of that many pixels on every side.
    """

    of: str
    size: int
    factor: int
    channels: int = 3
    frames: int = 1
    motion: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.size, self.size, self.frames * self.channels)


RECIPES = ("camera", "dim", "web", "worn")  # of `Degraded`


@dataclasses.dataclass(frozen=True)
class Degraded(_Share):
    """The picture `of` of the same batch after a history of damage: float32 [N, size, size, channels] in [0, 1], of 8 bits.

    `recipe` is one of `RECIPES`, which `zoo.training.degradations` carries out; the picture ends `factor` times smaller.
    """

    of: str
    size: int
    channels: int = 3
    recipe: str = "camera"
    factor: int = 1

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.size, self.size, self.channels)


Spec = Picture | OneHot | Normal | Uniform | Label | Mask | Noisy | Reduced | Degraded
