"""`tfrecord:FOLDER` or `tfrecord:GLOB`: pictures in TFRecord files, read by their place; and packing a source into such files."""

import contextlib
import fnmatch
import functools
import hashlib
import itertools
import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from zoo.common.files import new_directory
from zoo.training.source import Source
from zoo.training.tfrecord import read_record, record, record_offsets

INDEX = "index.json"
# What `write` calls them; then what TensorFlow Datasets, or TensorFlow's own ImageNet scripts, do.
PICTURE = ("image/encoded", "image")
LABEL = ("label", "image/class/label")


class Shard(NamedTuple):
    """A TFRecord file, what changes when it changes, where its records start, and the CRC-32 of their data where it is known."""

    path: Path
    digest: str
    offsets: np.ndarray
    checksums: np.ndarray | None = None


class Records(Source):
    """Records of `tf.train.Example`, each with an encoded picture ("image/encoded" or "image") and perhaps a class ("label").

    Every record is checked against its checksum when it is read. Files that are not listed in an index.json beside them are gone
    through once, from record to record, when the source is opened.

    Args:
        pattern: a folder with files in .tfrecord, or a glob such as "data/mnist-train.tfrecord*".
        options: see `Source`.

    Raises:
        FileNotFoundError: no file matches.
        ValueError: no file holds a record, or an index.json is damaged.

    Example:
        >>> source = open_source("tfrecord:packed")
        >>> source.name(3)
        'pictures-00000-of-00004.tfrecord/3'
    """

    def __init__(self, pattern: str, **options: Any) -> None:
        super().__init__(**options)
        self.shards = _shards(pattern)
        self._ends = np.cumsum([len(shard.offsets) for shard in self.shards])
        if not len(self):
            raise ValueError(f"there is no record in tfrecord:{pattern}")

    def __len__(self) -> int:
        return int(self._ends[-1])

    def name(self, index: int) -> str:
        shard, number = self._place(index)
        return f"{shard.path.name}/{number}"

    def contents(self, index: int) -> bytes:
        return self._value(index, PICTURE, "bytes_list")

    def label(self, index: int) -> int:
        return self._value(index, LABEL, "int64_list")

    def fingerprint(self) -> str:
        lines = [f"{shard.path.name}\0{shard.digest}\n" for shard in self.shards]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def _place(self, index: int) -> tuple[Shard, int]:
        number = int(np.searchsorted(self._ends, index, side="right"))
        return self.shards[number], index - (int(self._ends[number - 1]) if number else 0)

    def _value(self, index: int, names: tuple[str, ...], kind: str) -> Any:
        """What the first of the features `names` that the example has holds."""
        from google.protobuf.message import DecodeError

        from zoo.training.example import example_class

        shard, number = self._place(index)
        checksum = None if shard.checksums is None else int(shard.checksums[number])
        try:
            example = example_class().FromString(read_record(shard.path, int(shard.offsets[number]), checksum))
        except OSError as error:
            raise type(error)(f"cannot read the pictures in {shard.path}: {error.strerror}") from None
        except DecodeError:
            raise ValueError(f"{shard.path}: record {number} is no tf.train.Example") from None
        features = example.features.feature
        for name in names:
            if name in features and (values := getattr(features[name], kind).value):
                return values[0]
        raise ValueError(f"{shard.path}: record {number} has no {names[0]!r}; it has {', '.join(sorted(features)) or 'nothing'}")


def _shards(pattern: str) -> list[Shard]:
    """In the order of their paths."""
    root, glob = Path(pattern), "*.tfrecord"
    if not root.is_dir():
        root = Path(Path(pattern).anchor)
        glob = str(Path(pattern).relative_to(root))
    files = {file for file in root.glob(glob) if file.name != INDEX and file.is_file()}
    if not files:
        raise FileNotFoundError(f"no file matches tfrecord:{pattern}")
    indexed: dict[Path, Shard] = {}
    for folder in {file.parent for file in files}:
        if (folder / INDEX).is_file():
            # Those that are not there count as well: with other pictures in their places it would be another training.
            indexed |= {path: shard for path, shard in _read_index(folder).items() if fnmatch.fnmatch(path.name, Path(glob).name)}
    return [indexed.get(file) or _indexed(file) for file in sorted(files | set(indexed))]


def _read_index(folder: Path) -> dict[Path, Shard]:
    try:
        index = json.loads((folder / INDEX).read_text())
        shards = []
        for entry in index["shards"]:
            offsets, _, checksums = np.array(entry["records"], np.int64).reshape(-1, 3).T
            shards.append(Shard(folder / entry["file"], entry["sha256"], offsets, checksums))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{folder / INDEX} is damaged ({error}); remove it, and the files are gone through without it") from None
    return {shard.path: shard for shard in shards}


def _indexed(path: Path) -> Shard:
    return Shard(path, str(path.stat().st_size), np.fromiter(record_offsets(path), np.int64))


def write(
    source: Source, out: Path, shards: int = 4, *, track: Callable[[Sequence[int]], Iterable[int]] = iter
) -> dict[str, Any]:
    """Writes the pictures of `source`, as they are stored there, to `out`: TFRecord files and index.json, whole or not at all.

    They stay in their order, and each is decoded once: bad ones are named and left out.

    Args:
        source: the pictures, and their labels where it has some.
        out: a directory that does not exist.
        shards: into how many files.
        track: goes through the indices; can show how far it is.

    Returns:
        What index.json holds: the number of "pictures", and for each of "shards" its file, bytes, SHA-256 and records: for each
        of them the byte at which it starts, and the length and CRC-32 of its data.

    Raises:
        FileExistsError: `out` exists.
        ValueError: fewer pictures than shards, or more bad ones than the source's `max_bad` allows.
        OSError: `out` cannot be written.

    Example:
        >>> write(open_source("samples:"), Path("packed"), shards=2)["pictures"]
        11
    """
    if not 1 <= shards <= len(source):
        raise ValueError(f"{len(source)} pictures cannot go into {shards} files")
    index: dict[str, Any] = {"pictures": 0, "shards": []}
    with new_directory(Path(out)) as folder:
        for number, indices in itertools.groupby(track(range(len(source))), lambda index: index * shards // len(source)):
            path = folder / f"pictures-{number:05d}-of-{shards:05d}.tfrecord"
            records: list[tuple[int, int, int]] = []
            digest = hashlib.sha256()
            with path.open("wb") as file:
                for data in filter(None, (source.attempt(place, functools.partial(_example, source)) for place in indices)):
                    records.append((file.tell(), len(data), zlib.crc32(data)))
                    whole = record(data)
                    digest.update(whole)
                    file.write(whole)
                shard = {"file": path.name, "bytes": file.tell(), "sha256": digest.hexdigest(), "records": records}
            index["pictures"] += len(records)
            index["shards"].append(shard)
        (folder / INDEX).write_text(json.dumps(index))
    return index


def _example(source: Source, index: int) -> bytes:
    """The serialised `tf.train.Example` of a picture that has proved good."""
    from zoo.training.example import example_class

    source.image(index)
    values = {PICTURE[0]: source.contents(index), "image/filename": source.name(index).encode()}
    example = example_class()()
    for name, value in values.items():
        example.features.feature[name].bytes_list.value.append(value)
    with contextlib.suppress(ValueError):  # where it has none
        example.features.feature[LABEL[0]].int64_list.value.append(source.label(index))
    return bytes(example.SerializeToString(deterministic=True))
