"""A source of pictures, by index. A bad picture is named, counted and passed over."""

import functools
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageFile

from zoo.training.crops import Crop, Window, cut_jpeg, jpeg_window
from zoo.training.pictures import MAX_PIXELS, opened, upright

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Source(ABC):
    """Pictures in a fixed order, by index.

    Args:
        max_bad: the share of bad pictures to put up with. A single one is put up with in any source of two or more pictures,
            unless `max_bad` is 0.
        max_pixels: pictures with more pixels count as bad.
    """

    def __init__(self, *, max_bad: float = 0.01, max_pixels: int = MAX_PIXELS) -> None:
        self.max_bad, self.max_pixels = max_bad, max_pixels
        self._bad: dict[int, str] = {}
        self._lock = threading.Lock()

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def name(self, index: int) -> str:
        """What a person calls picture `index`: its file."""

    @abstractmethod
    def contents(self, index: int) -> bytes:
        """Picture `index` as it is stored: the bytes of a JPEG, PNG or other picture file."""

    @abstractmethod
    def fingerprint(self) -> str:
        """SHA-256 that changes with the pictures (by their names and sizes), so that a resumed run can tell."""

    def prepare(self) -> None:
        """Reads what is kept in memory. Called once the strategy is made, which has to come before TensorFlow is used."""
        return None

    def image(self, index: int, short_side: int = 0) -> Image.Image:
        """Picture `index`, RGB. With `short_side` it may come smaller, down to that many pixels, where that is quicker.

        Raises:
            ValueError: the picture is bad; the line says how.
            OSError, MemoryError: that cannot be known, because its file is not there, or cannot be read.
        """
        return self._decoded(index, self.contents(index), short_side)

    def _decoded(self, index: int, contents: bytes, short_side: int) -> Image.Image:
        with opened(Path(self.name(index)), self.max_pixels, contents) as image:
            return scaled_upright(image, short_side)

    def picture(self, index: int, short_side: int = 0) -> np.ndarray:
        """`image` as uint8 [H, W, 3]."""
        return np.asarray(self.image(index, short_side))

    def label(self, index: int) -> int:
        """The class of picture `index`, where the source has classes."""
        raise ValueError("this model needs labels, and the source of its pictures has none")

    @functools.cached_property
    def labels(self) -> np.ndarray:
        """The classes of all pictures: int64 [len(self)], -1 for a bad picture; ValueError where there are none."""
        first, _ = self.good(0, self.image)
        self.label(first)
        return np.array([-1 if (label := self.attempt(i, self.label)) is None else label for i in range(len(self))])

    def crop(self, index: int, crop: Crop) -> np.ndarray:
        """A crop of picture `index`: [size, size, channels], 0 to 255, uint8 or float32; ValueError as for `image`."""
        contents = self._jpeg(index)
        pixels = cut_jpeg(contents, crop, self.max_pixels)
        return crop.cut(self._decoded(index, contents, crop.short_side)) if pixels is None else pixels

    def job(self, index: int, crop: Crop) -> tuple[bytes, Window]:
        """What `zoo.training.crops.cut_in_graph` makes the crop from: a JPEG file and a window; or all pixels, and a window of 0.

        Raises:
            ValueError: as for `image`; but of a damaged JPEG file the graph may be the first to know.
        """
        contents = self._jpeg(index)
        window = jpeg_window(contents, crop, self.max_pixels)
        if window:
            return contents, window
        return crop.cut(self._decoded(index, contents, crop.short_side)).tobytes(), (0, 0, 0, 0, False)

    def _jpeg(self, index: int) -> bytes:
        """`contents`, or nothing where that is known to be no JPEG file."""
        return self.contents(index)

    def good(self, index: int, take: Callable[[int], T]) -> tuple[int, T]:
        """The first good picture from `index` on: its index, and what `take` makes of it.

        Which one that is depends on the files alone, and not on what was met before, nor on the state of a disk or of the memory.

        Raises:
            ValueError: more pictures are bad than `max_bad` allows; the line lists them.
            OSError, MemoryError: a picture cannot be read now, good or bad; the line names it.
        """
        while (taken := self.attempt(index, take)) is None:
            index = (index + 1) % len(self)
        return index, taken

    def attempt(self, index: int, take: Callable[[int], T]) -> T | None:
        """What `take` makes of picture `index`; None if it is bad, which is named and counted as for `good`."""
        try:
            return take(index)
        except ValueError as error:
            self._count(index, str(error))
            return None

    def _count(self, index: int, reason: str) -> None:
        with self._lock:
            if index not in self._bad:
                if reason not in self._bad.values():  # one reason for all the pictures of a lost file
                    _log.warning("left out: %s", reason)
                self._bad[index] = reason
            allowed = min(max(1, int(self.max_bad * len(self))), len(self) - 1) if self.max_bad > 0 else 0
            if len(self._bad) > allowed:
                names = sorted(map(self.name, self._bad))
                more = f" and {len(names) - 20} more" if len(names) > 20 else ""
                raise ValueError(
                    f"{len(names)} of {len(self)} pictures are bad, more than max_bad {self.max_bad} allows: "
                    f"{', '.join(names[:20])}{more}"
                )


def scaled_upright(image: ImageFile.ImageFile, short_side: int) -> Image.Image:
    """The picture in RGB, turned as EXIF says; perhaps smaller, down to `short_side`, where that is quicker."""
    if short_side:
        scale = short_side / min(image.size)
        image.draft(None, (-int(-image.width * scale // 1), -int(-image.height * scale // 1)))
    return upright(image)
