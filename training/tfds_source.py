"""`tfds:NAME[:SPLIT]`: the pictures and labels of a data set of TensorFlow Datasets."""

import contextlib
import functools
import hashlib
import logging
import re
import socket
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from zoo.training.source import Source


def open_tfds(text: str, *, data_dir: str | None = None, **options: Any) -> "DataSet":
    """The data set that `text` names; one that is not in `data_dir` is downloaded, as TensorFlow Datasets does it.

    Args:
        text: NAME or NAME:SPLIT as TensorFlow Datasets writes them, such as "mnist", "cifar10:test", "mnist:3.0.1:train",
            "cycle_gan/horse2zebra:trainA" or "mnist:train[:10%]"; the split "train" unless given.
        data_dir: where it lies or is downloaded to; TensorFlow Datasets' own place unless given.
        options: see `Source`.

    Raises:
        ValueError: no such data set or split (the line names the nearest right one), or no pictures in it.
        OSError: it cannot be downloaded.

    Example:
        >>> open_tfds("mnist:test").name(123)
        'mnist/test/123'
    """
    import tensorflow_datasets as tfds

    from zoo._registry import choose

    if not text:
        raise ValueError("tfds: needs the name of a data set, such as tfds:mnist")
    name, _, split = text.partition(":")
    version, _, rest = split.partition(":")
    if re.fullmatch(r"[\d.*]+", version):
        name, split = f"{name}:{version}", rest
    try:
        with _quiet():
            builder = tfds.builder(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError:
        folders = [path.name for path in Path(data_dir).iterdir()] if data_dir and Path(data_dir).is_dir() else []
        names = {*tfds.list_builders(with_community_datasets=False), *folders}
        choose("data set", re.split("[/:]", name)[0], names)
        raise ValueError(f"{data_dir}/{name} is no data set that TensorFlow Datasets has prepared") from None
    except (ValueError, AssertionError) as error:  # a malformed name, a configuration or a version that is not there
        reason = str(error).partition('}": ')[2] or str(error)
        raise ValueError(f"tfds:{name} cannot be opened: {_first_line(reason)}") from None
    picture = _feature(builder.info.features, tfds.features.Image, "image")
    if picture is None:
        raise ValueError(f"the data set {name} has no pictures; it has {', '.join(builder.info.features)}")
    with _quiet():
        prepared = builder.is_prepared()
    if not prepared:
        _download(builder)
    return DataSet(builder, split or "train", picture, **options)


def _feature(features: Any, kind: type, usual: str) -> str | None:
    """The feature of that kind: the one with the usual name where there are several."""
    of_kind = [name for name, feature in features.items() if isinstance(feature, kind)]
    return usual if usual in of_kind else next(iter(of_kind), None)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without TensorFlow Datasets' warnings, which are about its own code."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _first_line(text: object) -> str:
    return next(iter(str(text).strip().splitlines()), "")


def _download(builder: Any) -> None:
    """Downloads and prepares it, with TensorFlow Datasets' own progress bars."""
    try:
        # Without this the download would try again for minutes before it gives up.
        if not urllib.request.getproxies():
            for host in _hosts(builder)[:1]:
                socket.getaddrinfo(host, 443)
        builder.download_and_prepare()
    except socket.gaierror:
        raise OSError(f"{builder.info.full_name} is not in {_place(builder)} and cannot be downloaded: no network") from None
    # Each of some hundred data sets is prepared by a script of its own, which can raise anything.
    except Exception as error:
        reason = _first_line(error) or type(error).__name__
        raise OSError(f"cannot prepare {builder.info.full_name} in {_place(builder)}: {reason}") from error


def _hosts(builder: Any) -> list[str]:
    """The machines that it is downloaded from, where they are known beforehand."""
    return sorted({urlsplit(url).hostname or "" for url in builder.url_infos} - {""})


def _place(builder: Any) -> str:
    """The folder that `data_dir` names."""
    return str(builder.data_dir).removesuffix(builder.info.full_name).rstrip("/")


class DataSet(Source):
    """One split of a prepared data set, in the order of its files.

    Its encoded pictures (PNG or JPEG files) are read once and kept in memory; they are decoded when they are asked for. A split
    that is larger than the memory can be read from its files in place, by `tfrecord:`.

    Args:
        builder: a `tfds.core.DatasetBuilder` that is prepared.
        split: a split, or a part of one, such as "train[:10%]".
        picture: the feature that holds the pictures.
        options: see `Source`.

    Raises:
        ValueError: no such split, or nothing in it.
    """

    def __init__(self, builder: Any, split: str, picture: str, **options: Any) -> None:
        import tensorflow_datasets as tfds

        from zoo._registry import choose

        super().__init__(**options)
        splits = builder.info.splits
        try:
            self._length = splits[split].num_examples
        except (KeyError, ValueError) as error:
            for part in split.split("+"):
                choose("split", re.sub(r"\[.*", "", part), splits)
            raise ValueError(f"wrong split {split!r} of {builder.name}: {_first_line(error)}") from None
        if not self._length:
            raise ValueError(f"there are no pictures in the split {split!r} of {builder.name}")
        self.builder, self.split = builder, split
        self._picture = picture
        self._label = _feature(builder.info.features, tfds.features.ClassLabel, "label")
        self._reading = threading.Lock()

    def __len__(self) -> int:
        return self._length

    def name(self, index: int) -> str:
        return f"{self.builder.name}/{self.split}/{index}"

    def contents(self, index: int) -> bytes:
        return self._read()[0][index]

    def label(self, index: int) -> int:
        if self._label is None:
            raise ValueError(f"this model needs labels, and the data set {self.builder.name} has none")
        return int(self._read()[1][index])

    def fingerprint(self) -> str:
        """Of the set's name and version, the split, and how many pictures there are."""
        return hashlib.sha256(f"{self.builder.info.full_name}\0{self.split}\0{len(self)}".encode()).hexdigest()

    def prepare(self) -> None:
        self._read()

    def _read(self) -> tuple[list[bytes], np.ndarray]:
        with self._reading:
            return self._pictures_and_labels

    @functools.cached_property
    def _pictures_and_labels(self) -> tuple[list[bytes], np.ndarray]:
        import tensorflow as tf
        import tensorflow_datasets as tfds

        features = {self._picture} | ({self._label} if self._label else set())
        decoders = tfds.decode.PartialDecoding(dict.fromkeys(features, True), {self._picture: tfds.decode.SkipDecoding()})
        # One file after the other, so that the order is that of the files.
        reading = tfds.ReadConfig(try_autocache=False, interleave_cycle_length=1)
        pictures: list[bytes] = []
        labels: list[np.ndarray] = []
        try:
            with tf.device("CPU:0"), _quiet():
                examples = self.builder.as_dataset(split=self.split, decoders=decoders, read_config=reading, shuffle_files=False)
                for batch in examples.batch(256).as_numpy_iterator():
                    pictures += batch[self._picture].tolist()
                    labels.append(batch[self._label] if self._label else np.empty(0))
        except (tf.errors.OpError, OSError) as error:
            reason = _first_line(getattr(error, "message", error))
            damaged = isinstance(error, tf.errors.DataLossError | tf.errors.InvalidArgumentError)
            raise (ValueError if damaged else OSError)(
                f"cannot read {self.name(len(pictures))} in {self.builder.data_dir}: {reason}"
            ) from None
        if len(pictures) != len(self):
            raise ValueError(
                f"{self.builder.data_dir} holds {len(pictures)} pictures for {self.split}; its dataset_info.json says {len(self)}"
            )
        return pictures, np.concatenate(labels)
