"""A piece of a network that looks at surroundings alone, run on overlapping tiles; and maps that are kept in files."""

import dataclasses
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np

PROBES = (128, 256, 512, 1024)  # sides of the pictures on which a halo is measured
Window = tuple[slice, slice]


class Area(Protocol):
    """Something of `shape` (height, width, channels) whose windows are float32 [h, w, channels]."""

    shape: tuple[int, ...]

    def __getitem__(self, window: Window) -> np.ndarray: ...


class Store:
    """An array [height, width, channels] in a file without a name, which is gone when it is closed or the process ends.

    Raises:
        OSError: there is no room for it.
    """

    def __init__(self, shape: tuple[int, ...], dtype: str, folder: Path) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)
        size = math.prod(shape) * self.dtype.itemsize
        try:
            descriptor, name = tempfile.mkstemp(dir=folder)
            self._file = os.fdopen(descriptor, "r+b")
            Path(name).unlink()
            if hasattr(os, "posix_fallocate"):  # a full disk would otherwise end the process when the map is written
                os.posix_fallocate(descriptor, 0, size)
            else:
                self._file.truncate(size)
        except OSError as error:
            raise OSError(f"--tile needs {size / 1e9:.1f} GB more in {folder} for a while: {error.strerror}") from None

    def array(self) -> np.memmap:
        """All of it. Mapped anew each time, so that what was looked at before does not stay in memory."""
        return np.memmap(self._file, self.dtype, "r+", shape=self.shape)

    def __getitem__(self, window: Window) -> np.ndarray:
        return self.array()[window].astype("float32")

    def __setitem__(self, window: Window, values: np.ndarray) -> None:
        self.array()[window] = values

    def close(self) -> None:
        self._file.close()


@dataclasses.dataclass(frozen=True)
class Segment:
    """A piece of a network that looks at surroundings alone.

    `run` takes a window [1, h, w, C] of everything in `reads` to one of its result. Scales are pixels of the picture for one
    place of the map; windows start at multiples of `grid` pixels.
    """

    run: Callable[[dict[Any, Any]], Any]
    reads: Mapping[Any, Fraction]
    scale: Fraction
    grid: int

    def halo(self, channels: Mapping[Any, int], tolerance: float, smallest: int = PROBES[0]) -> int:
        """How far around a pixel its result looks, in pixels, a multiple of the grid; measured.

        Random pictures of which only a part is the same give results of which all but a margin is the same. The pictures have
        a side of `smallest` pixels or more.

        Raises:
            ValueError: it looks at all of the picture.
        """
        for side in (side for side in PROBES if side >= smallest):
            half = side // 2 // self.grid * self.grid
            random = np.random.default_rng(0)
            one, other = ({key: draw(random, side, self.reads[key], channels[key]) for key in self.reads} for _ in range(2))
            first, farthest = np.asarray(self.run(one))[0], 0
            for upper in (True, False):
                mixed = {key: merge(one[key], other[key], int(half / scale), upper) for key, scale in self.reads.items()}
                changed = np.abs(np.asarray(self.run(mixed))[0] - first).max(-1) > tolerance * np.abs(first).max()
                farthest = max(farthest, math.ceil(depth(changed, int(half / self.scale), upper) * self.scale))
            if farthest < half * 3 // 4:
                return -(-farthest // self.grid) * self.grid
        raise ValueError("it looks at the whole picture at once")

    def tiles(self, sources: Mapping[Any, Area], shape: tuple[int, ...], tile: int, halo: int) -> Iterator[tuple[Window, Any]]:
        """Every window of the result, of `shape`, with its values."""
        extents = [math.ceil(size * self.scale) for size in shape[:2]]
        limits = [max(math.ceil(sources[key].shape[axis] * scale) for key, scale in self.reads.items()) for axis in (0, 1)]
        step = max(tile // self.grid * self.grid, self.grid)
        for top, bottom in cuts(extents[0], step):
            for left, right in cuts(extents[1], step):
                start, stop = zip(
                    *(self._around(a, step, halo, limit) for a, limit in zip((top, left), limits, strict=True)), strict=True
                )
                crops = {key: sources[key][places(start, stop, scale)][None] for key, scale in self.reads.items()}
                rows, columns = places((top, left), (bottom, right), self.scale)
                rows, columns = slice(rows.start, min(rows.stop, shape[0])), slice(columns.start, min(columns.stop, shape[1]))
                above, beside = (int(first / self.scale) for first in start)
                inside = self.run(crops)[
                    0, rows.start - above : rows.stop - above, columns.start - beside : columns.stop - beside
                ]
                yield (rows, columns), inside

    def _around(self, first: int, step: int, halo: int, limit: int) -> tuple[int, int]:
        """The pixels to read for a tile that starts at `first`: as many for every tile, which runtimes are quicker with."""
        size = step + 2 * halo
        last = max(limit - size, 0) // self.grid * self.grid
        start = min(max(first - halo, 0), last)
        return start, limit if start == last else start + size


def cuts(extent: int, step: int) -> list[tuple[int, int]]:
    """`extent` pixels in pieces of `step`."""
    return [(start, min(start + step, extent)) for start in range(0, extent, step)]


def places(start: tuple[int, ...], stop: tuple[int, ...], scale: Fraction) -> Window:
    """The window of a map of that scale."""
    rows, columns = (slice(int(a / scale), math.ceil(b / scale)) for a, b in zip(start, stop, strict=True))
    return rows, columns


def draw(random: np.random.Generator, side: int, scale: Fraction, channels: int) -> np.ndarray:
    """Blots and fine noise in [0, 1]: [1, side / scale, side / scale, channels]. As a mask, it has wide holes."""
    size, block = int(side / scale), max(int(side / scale) // 8, 1)
    blots = random.integers(0, 2, (1, 9, 9, channels)).repeat(block, 1).repeat(block, 2)[:, :size, :size]
    fine = random.random((1, size, size, channels), "float32")
    return (0.75 * np.pad(blots, [(0, 0), *[(0, size - side) for side in blots.shape[1:3]], (0, 0)]) + 0.25 * fine).astype(
        "float32"
    )


def merge(one: np.ndarray, other: np.ndarray, half: int, upper: bool) -> np.ndarray:
    """`one` in the lower right quarter and `other` elsewhere; or in the upper left one."""
    mixed = other.copy()
    quarter = (slice(None), slice(half, None), slice(half, None)) if upper else (slice(None), slice(half), slice(half))
    mixed[quarter] = one[quarter]
    return mixed


def depth(changed: np.ndarray, half: int, upper: bool) -> int:
    """How far into that quarter anything changed."""
    rows, columns = np.nonzero(changed)
    if upper:
        return int(np.max(np.minimum(rows, columns) - half + 1, initial=0))
    return int(np.max(half - np.maximum(rows, columns), initial=0))
