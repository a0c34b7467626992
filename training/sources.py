"""Where pictures come from: `folder:`, `samples:`, `tfds:`, `tfrecord:`."""

import functools
import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from zoo.training.pictures import list_pictures, opened
from zoo.training.source import Source, scaled_upright

# The photographs among the pictures inside scikit-image.
SAMPLES = (
    *("astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png", "grass.png", "gravel.png"),
    *("hubble_deep_field.jpg", "motorcycle_left.png", "rocket.jpg"),
)


class Files(Source):
    """Picture files.

    Args:
        root: the folder that their names are given from.
        files: their paths, in order.
        options: `max_bad`, `max_pixels`: see `Source`.
    """

    def __init__(self, root: Path, files: list[Path], **options: Any) -> None:
        super().__init__(**options)
        self.root, self.files = root, files

    def __len__(self) -> int:
        return len(self.files)

    def name(self, index: int) -> str:
        return self.files[index].relative_to(self.root).as_posix()

    def contents(self, index: int) -> bytes:
        try:
            return self.files[index].read_bytes()
        except OSError as error:
            raise type(error)(f"cannot read the picture {self.files[index]}: {error.strerror}") from None

    def image(self, index: int, short_side: int = 0) -> Image.Image:
        with opened(self.files[index], self.max_pixels) as image:
            return scaled_upright(image, short_side)

    def _decoded(self, index: int, contents: bytes, short_side: int) -> Image.Image:
        return self.image(index, short_side)  # Pillow reads no more of a file than it needs

    def _jpeg(self, index: int) -> bytes:
        return self.contents(index) if self.files[index].suffix.lower() in (".jpg", ".jpeg") else b""

    def label(self, index: int) -> int:
        """The place of the picture's folder, just below the root, among those folders in alphabetical order."""
        if not self._classes:
            raise ValueError(f"this model needs labels: sort the pictures of {self.root} into one folder a class")
        return self._classes.index(self._folder(self.files[index]))

    @functools.cached_property
    def _classes(self) -> list[str]:
        return sorted({self._folder(file) for file in self.files}) if all(map(self._folder, self.files)) else []

    def _folder(self, file: Path) -> str:
        """The folder just below the root that the file lies in, or "" for a file in the root itself."""
        first, *rest = file.relative_to(self.root).parts
        return first if rest else ""

    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for index, file in enumerate(self.files):
            digest.update(f"{self.name(index)}\0{file.stat().st_size}\n".encode())
        return digest.hexdigest()


def open_source(text: str, *, data_dir: str | None = None, **options: Any) -> Source:
    """The source that `text` names.

    Args:
        text: "folder:PATH" (and the folders below it), "samples:", "samples:NAME", "tfds:NAME", "tfds:NAME:SPLIT" (see
            `zoo.training.tfds_source`), "tfrecord:FOLDER" or "tfrecord:GLOB" (see `zoo.training.tfrecord_source`).
        data_dir: where the sets of `tfds:` lie or are downloaded to; TensorFlow Datasets' own place unless given.
        options: `max_bad`, `max_pixels`: see `Source`.

    Raises:
        ValueError: no such scheme, sample, data set or split; the message names the nearest right one.
        FileNotFoundError: no such folder, or no picture in it.
        OSError: a data set cannot be downloaded.

    Example:
        >>> len(open_source("samples:"))
        11
    """
    from zoo._registry import choose

    scheme, colon, rest = text.partition(":")
    if not colon:
        raise ValueError(f"{text!r} names no source of pictures; write folder:{text or 'PATH'} or samples:")
    if scheme == "tfds":
        options["data_dir"] = data_dir
    return SCHEMES[choose("source", scheme, SCHEMES)](rest, **options)


def _folder(path: str, **options: Any) -> Source:
    return Files(Path(path), list_pictures(path), **options)


def _samples(name: str, **options: Any) -> Source:
    from zoo._registry import choose

    package = importlib.util.find_spec("skimage")
    if package is None or package.origin is None:
        raise FileNotFoundError("samples: are the photographs inside scikit-image, which is not installed here")
    root = Path(package.origin).parent / "data"
    files = {Path(file).stem: root / file for file in SAMPLES if (root / file).is_file()}
    return Files(root, [files[choose("sample picture", name, files)]] if name else list(files.values()), **options)


def _tfds(text: str, **options: Any) -> Source:
    from zoo.training.tfds_source import open_tfds

    return open_tfds(text, **options)


def _tfrecord(pattern: str, **options: Any) -> Source:
    from zoo.training.tfrecord_source import Records

    return Records(pattern, **options)


SCHEMES: dict[str, Callable[..., Source]] = {"folder": _folder, "samples": _samples, "tfds": _tfds, "tfrecord": _tfrecord}
