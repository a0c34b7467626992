"""Whole histories of a picture: what happened to it, in which order and how strongly, drawn and then carried out.

After BSRGAN (Zhang et al. 2021, https://arxiv.org/abs/2103.14006: the order is random) and Real-ESRGAN (Wang et al. 2021,
https://arxiv.org/abs/2107.10833: everything happens twice). Both are far heavier than what most photographs went through, and
networks trained on them invent; so two milder recipes stand beside theirs, and one of too little light.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from zoo.training.degradations import files
from zoo.training.degradations.blur import blur, disc_kernel, gaussian_kernel, sinc_kernel
from zoo.training.degradations.noise import NOISES
from zoo.training.degradations.reduction import RESIZES, downscale, resize_to


@dataclasses.dataclass(frozen=True)
class Step:
    """One damage: its name, a key of `DAMAGES`, and its settings."""

    name: str
    settings: Mapping[str, Any]

    def __str__(self) -> str:
        return " ".join([self.name, *(f"{key}={_short(value)}" for key, value in self.settings.items())])


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(_short, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _light(picture: np.ndarray, random: np.random.Generator, exposure: float, cast: Sequence[float]) -> np.ndarray:
    """Another exposure, in linear light: `exposure` times as much, each colour in its share of `cast`."""
    linear = np.where(picture <= 0.04045, picture / 12.92, ((picture + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear * exposure * np.asarray(cast, np.float32)[: picture.shape[-1]], 0, 1)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return encoded.astype(np.float32)


def _fade(picture: np.ndarray, random: np.random.Generator, contrast: float, saturation: float, black: float) -> np.ndarray:
    """What a print loses: contrast, colour, and its blacks, which rise to `black`."""
    gray = picture.mean(axis=-1, keepdims=True)
    return (black + contrast * (1 - black) * (gray + saturation * (picture - gray))).astype(np.float32)


def _noise(picture: np.ndarray, random: np.random.Generator, kind: str, level: float) -> np.ndarray:
    return NOISES[kind](picture, level, random)


def _resize(picture: np.ndarray, random: np.random.Generator, scale: float, kind: str) -> np.ndarray:
    height, width = (max(4, round(scale * side)) for side in picture.shape[:2])
    return resize_to(picture, (height, width), kind)


def _final_size(picture: np.ndarray, random: np.random.Generator, height: int, width: int, kind: str) -> np.ndarray:
    return picture if picture.shape[:2] == (height, width) else resize_to(picture, (height, width), kind)


DAMAGES: dict[str, Callable[..., np.ndarray]] = {
    "light": _light,
    "fade": _fade,
    "noise": _noise,
    "blur": lambda picture, random, along, across, angle: blur(picture, gaussian_kernel(along, across, angle)),
    "defocus": lambda picture, random, radius: blur(picture, disc_kernel(radius)),
    "ringing": lambda picture, random, cutoff: blur(picture, sinc_kernel(cutoff)),
    "resize": _resize,
    "reduce": lambda picture, random, factor: downscale(picture, factor),
    "size": _final_size,
    "jpeg": lambda picture, random, **settings: files.jpeg(picture, **settings),
    "webp": lambda picture, random, quality: files.webp(picture, quality),
}


def camera(size: tuple[int, int], factor: int, random: np.random.Generator) -> list[Step]:
    """What a camera does: noise up to 50 of 255, more often a little, then a JPEG file; one picture in 16 stays as it is."""
    if random.random() < 1 / 16:
        return []
    steps = []
    if random.random() < 0.95:
        kind = _choose({"gaussian": 10, "sensor": 3, "poisson": 1, "by_channel": 2, "correlated": 2, "chroma": 2}, random)
        steps.append(Step("noise", {"kind": kind, "level": float(50 * random.random() ** 1.5)}))
    if random.random() < 0.85:
        steps.append(_file(random, (30, 98)))
    return _reduced(steps, factor)


def dim(size: tuple[int, int], factor: int, random: np.random.Generator) -> list[Step]:
    """Too little light: up to five stops less, a cast of colour, faded, a little noise; one picture in five as it is."""
    if random.random() < 0.2:
        return _reduced([], factor)
    cast = np.exp(random.normal(0, 0.08, 3))
    exposure = float(2 ** -(5 * random.random() ** 0.8))
    steps = [Step("light", {"exposure": exposure, "cast": tuple(float(share) for share in cast / cast.max())})]
    if random.random() < 0.25:
        contrast, saturation, black = (float(random.uniform(*limits)) for limits in ((0.5, 1), (0.3, 1), (0, 0.15)))
        steps.append(Step("fade", {"contrast": contrast, "saturation": saturation, "black": black}))
    if random.random() < 0.5:
        steps.append(Step("noise", {"kind": "sensor", "level": _up_to(4, random)}))
    return _reduced(steps, factor)


def web(size: tuple[int, int], factor: int, random: np.random.Generator) -> list[Step]:
    """What the web does: a reduction by `factor`, seldom a soft lens before or a little noise after it, then a JPEG file."""
    steps = []
    if random.random() < 0.2:
        steps.append(_soft(random, 0.25 * factor))
    if random.random() < 0.75:
        steps.append(Step("reduce", {"factor": factor}))
    else:
        kind = _choose({"area": 1, "bilinear": 1, "lanczos": 1}, random)
        steps.append(Step("size", {"height": size[0] // factor, "width": size[1] // factor, "kind": kind}))
    if random.random() < 0.15:
        kind = _choose({"gaussian": 2, "sensor": 1, "chroma": 1}, random)
        steps.append(Step("noise", {"kind": kind, "level": _up_to(6, random)}))
    if random.random() < 0.9:
        steps.append(_file(random, (40, 98)))
    return steps


def worn(size: tuple[int, int], factor: int, random: np.random.Generator) -> list[Step]:
    """What copies of copies go through: two rounds of blur, resizing, noise and files in random order, ringing, a last file."""
    steps: list[Step] = []
    scale = 1.0
    for strength in (1.0, 0.6):
        rounds: list[Step] = []
        if random.random() < 0.8:
            rounds.append(_soft(random, strength * (0.8 + 0.4 * factor)))
        change = float(np.clip(2 ** random.uniform(-1.2, 0.4), 0.3 / (scale * factor), 1.5))
        scale *= change
        rounds.append(Step("resize", {"scale": change, "kind": _choose(dict.fromkeys(RESIZES, 1), random)}))
        kinds = dict.fromkeys(("gaussian", "by_channel", "correlated", "chroma", "poisson", "sensor"), 1)
        rounds.append(Step("noise", {"kind": _choose(kinds, random), "level": _up_to(30 * strength, random)}))
        if random.random() < 0.7:
            rounds.append(_file(random, (30, 95)))
        steps += [rounds[place] for place in random.permutation(len(rounds))]
    if random.random() < 0.3:
        steps.append(Step("ringing", {"cutoff": float(random.uniform(np.pi / 3, np.pi))}))
    last = Step("size", {"height": size[0] // factor, "width": size[1] // factor, "kind": _choose(_SMOOTH, random)})
    ending = [last, _file(random, (30, 95))]
    return steps + (ending if random.random() < 0.5 else ending[::-1])


RECIPES: dict[str, Callable[[tuple[int, int], int, np.random.Generator], list[Step]]] = {
    "camera": camera,
    "dim": dim,
    "web": web,
    "worn": worn,
}
_SMOOTH = {"area": 1.0, "bilinear": 1.0, "bicubic": 1.0, "lanczos": 1.0}


def draw_steps(recipe: str, size: tuple[int, int], factor: int, random: np.random.Generator) -> list[Step]:
    """What happens to a picture of `size` (height, width), which ends `factor` times smaller, by one of `RECIPES`.

    Raises:
        ValueError: there is no such recipe, with the nearest name.
    """
    from zoo._registry import choose

    return RECIPES[choose("recipe", recipe, RECIPES)](size, factor, random)


def take_steps(picture: np.ndarray, steps: Sequence[Step], random: np.random.Generator) -> np.ndarray:
    """The picture after the steps, rounded to 8 bits as a file would hold it: float32 in [0, 1].

    Args:
        picture: float32 [H, W, 1 or 3] in [0, 1].
        steps: in their order.
        random: draws what noise there is.
    """
    for step in steps:
        picture = DAMAGES[step.name](picture, random, **step.settings)
    return files.to_bytes(picture) / np.float32(255)


def degrade(picture: np.ndarray, recipe: str, random: np.random.Generator, factor: int = 1) -> np.ndarray:
    """The picture after a history drawn by `recipe`: float32 [H / factor, W / factor, 1 or 3] in [0, 1], of 8 bits.

    Args:
        picture: float32 [H, W, 1 or 3] in [0, 1]; sides are multiples of the factor.
        recipe: one of `RECIPES`, whose functions say what happens.
        random: everything drawn comes from it.
        factor: how much smaller the picture ends.

    Example:
        >>> damaged = degrade(picture, "camera", np.random.default_rng(0))
    """
    height, width = picture.shape[:2]
    return take_steps(picture, draw_steps(recipe, (height, width), factor, random), random)


def _choose(weights: Mapping[str, float], random: np.random.Generator) -> str:
    names = list(weights)
    shares = np.cumsum(list(weights.values()))
    return names[int(np.searchsorted(shares, random.random() * shares[-1], side="right"))]


def _up_to(level: float, random: np.random.Generator) -> float:
    return float(level * random.random())


def _reduced(steps: list[Step], factor: int) -> list[Step]:
    return steps if factor == 1 else [Step("reduce", {"factor": factor}), *steps]


def _soft(random: np.random.Generator, widest: float) -> Step:
    """A lens: out of focus, or a Gaussian that may be longer one way than the other."""
    if random.random() < 0.2:
        return Step("defocus", {"radius": float(random.uniform(0.3, max(1.2 * widest, 0.4)))})
    along, across = (float(random.uniform(0.1, widest)) for _ in range(2))
    across = along if random.random() < 0.5 else across
    return Step("blur", {"along": along, "across": across, "angle": float(random.uniform(0, math.pi))})


def _file(random: np.random.Generator, quality: tuple[int, int]) -> Step:
    """A file: 4:2:0 nearly always; one in four was cut out of a larger picture, so that its blocks lie elsewhere."""
    low, high = quality
    # The square root: good qualities are the frequent ones.
    value = float(low + (high - low) * math.sqrt(random.random()))
    kind = _choose({"4:2:0": 16, "4:4:4": 2, "4:2:2": 1, "webp": 1}, random)
    if kind == "webp":
        return Step("webp", {"quality": value})
    shift = (0, 0) if random.random() < 0.75 else (int(random.integers(16)), int(random.integers(16)))
    return Step("jpeg", {"quality": value, "subsampling": kind, "shift": shift})
