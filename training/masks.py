"""Masks of holes: float32 [H, W, 1], 1 marks the hole; everything is drawn from a NumPy Generator.

python -m zoo.training.masks mask.png --kind free_form --size 256 --area 0.2 0.3 --seed 0
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from zoo.common import strokes
from zoo.common.files import replacing
from zoo.training.degradations import resize_matrix

ATTEMPTS = 500


def center(size: int, random: np.random.Generator) -> np.ndarray:
    """The middle square, half the side (Pathak et al. 2016); draws nothing."""
    mask = np.zeros((size, size, 1), np.float32)
    mask[size // 4 : size // 4 + size // 2, size // 4 : size // 4 + size // 2] = 1
    return mask


def rectangle(size: int, random: np.random.Generator) -> np.ndarray:
    """One rectangle anywhere, each side an eighth to a half of the picture's."""
    mask = np.zeros((size, size, 1), np.float32)
    height, width = random.integers(max(size // 8, 1), size // 2, 2, endpoint=True)
    top, left = random.integers(0, size - height, endpoint=True), random.integers(0, size - width, endpoint=True)
    mask[top : top + height, left : left + width] = 1
    return mask


def free_form(size: int, random: np.random.Generator) -> np.ndarray:
    """1 to 3 free-form brush strokes (Yu et al. 2019)."""
    return strokes.free_form(size, size, random)


def border(size: int, random: np.random.Generator) -> np.ndarray:
    """Everything around a rectangle in the middle: a frame, a sixteenth to a quarter of the side thick at each edge."""
    top, left, bottom, right = random.integers(max(size // 16, 1), max(size // 4, 1), 4, endpoint=True)
    mask = np.ones((size, size, 1), np.float32)
    mask[top : size - bottom, left : size - right] = 0
    return mask


def outpainting(size: int, random: np.random.Generator) -> np.ndarray:
    """A strip along one edge, an eighth to a half of the side deep."""
    mask = np.zeros((size, size, 1), np.float32)
    mask[: random.integers(max(size // 8, 1), size // 2, endpoint=True)] = 1
    return np.ascontiguousarray(np.rot90(mask, int(random.integers(4))))


def random_region(size: int, random: np.random.Generator) -> np.ndarray:
    """Blobs of arbitrary shape that cover a quarter of the picture (Pathak et al. 2016): smooth noise, cut at its quartile."""
    cells = max(round(0.06 * size), 4)
    smooth = resize_matrix(cells, size / cells)
    noise = smooth @ random.random((cells, cells)) @ smooth.T
    return (noise < np.quantile(noise, 0.25)).astype(np.float32)[..., None]


KINDS: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "border": border,
    "center": center,
    "free_form": free_form,
    "outpainting": outpainting,
    "random_region": random_region,
    "rectangle": rectangle,
}


def draw_mask(
    kinds: Sequence[str], size: int, random: np.random.Generator, area: tuple[float, float] | None = None
) -> np.ndarray:
    """A square mask of one of `kinds`, drawn evenly.

    Args:
        kinds: some of `KINDS`.
        size: side in pixels.
        random: everything drawn comes from it.
        area: least and largest share of the picture that the hole takes, such as (0.2, 0.3). Free-form masks get strokes until
            they are in the class; a mask of another kind is drawn again until it is.

    Raises:
        ValueError: no such kind, or the kind does not reach that area.

    Example:
        >>> draw_mask(["free_form"], 256, np.random.default_rng(0), area=(0.2, 0.3)).mean()
        0.234...
    """
    kind = kinds[int(random.integers(len(kinds)))]
    if kind not in KINDS:
        raise ValueError(f"no kind of mask {kind!r}; there are: {', '.join(KINDS)}")
    if area is None:
        return KINDS[kind](size, random)
    mask = np.zeros((size, size, 1), np.float32)
    for _ in range(ATTEMPTS):
        grown = np.maximum(mask, strokes.stroke(size, size, random)) if kind == "free_form" else KINDS[kind](size, random)
        share = grown.mean()
        if area[0] <= share <= area[1]:
            return grown
        # What is still too small grows on; what is too large was one stroke too much.
        mask = grown if kind == "free_form" and share < area[0] else mask
    raise ValueError(f"{ATTEMPTS} masks of kind {kind!r} and none covers {area[0]:.0%} to {area[1]:.0%}; widen the area")


def main() -> None:
    parser = argparse.ArgumentParser(description="Draws a mask: white is the hole.")
    parser.add_argument("out", help="PNG to write")
    parser.add_argument("--kind", default="free_form", choices=KINDS)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--area", type=float, nargs=2, metavar=("LOW", "HIGH"))
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    mask = draw_mask([arguments.kind], arguments.size, np.random.default_rng(arguments.seed), arguments.area)
    with replacing(Path(arguments.out)) as temporary:
        Image.fromarray((255 * mask[..., 0]).astype(np.uint8)).save(temporary)


if __name__ == "__main__":
    main()
