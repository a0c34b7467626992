"""Batches as a pure function of (seed, step): the number of a sample decides everything that is drawn for it."""

import atexit
import contextlib
import functools
import hashlib
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from zoo import specs
from zoo.training import checks
from zoo.training.crops import Crop, window_of
from zoo.training.degradations import add_noise, degrade, downscaled_frames
from zoo.training.masks import draw_mask
from zoo.training.memory import Memory
from zoo.training.source import Source

T = TypeVar("T")


class Batches:
    """The batches that a model's `batch_spec` asks for.

    Args:
        spec: tensor name -> what it holds (`zoo.specs`).
        sources: source name ("data", or a setting such as "target") -> its pictures.
        batch_size: examples in a batch.
        seed: two runs with one seed see the same batches.

    Raises:
        ValueError: a source that the spec names is missing.

    Example:
        >>> batches = Batches(model.batch_spec, {"data": open_source("samples:")}, batch_size=4, seed=0)
        >>> batches(0)["image"].shape
        (4, 256, 256, 3)
        >>> model.fit(batches.dataset(), steps_per_epoch=100)
    """

    def __init__(self, spec: Mapping[str, specs.Spec], sources: Mapping[str, Source], batch_size: int, seed: int = 0) -> None:
        needed = {"data"} | {tensor.source for tensor in spec.values() if isinstance(tensor, specs.Picture)}
        for name in sorted(needed - set(sources)):
            raise ValueError(f"this model needs pictures for {name!r}: --set {name}=folder:PATH")
        for source in sources.values():
            source.prepare()
        self.spec, self.sources, self.batch_size, self.seed = spec, sources, batch_size, seed
        self.failure: Exception | None = None
        self._memory = Memory()
        self._lock, self.calls, self.running, self.closed = threading.Lock(), 0, 0, False
        self._order = functools.lru_cache(maxsize=64)(self._permutation)

    def __call__(self, step: int) -> dict[str, np.ndarray]:
        """Batch number `step`: tensor name -> array [batch_size, ...]."""
        batch = {name: self._array(tensor) for name, tensor in self.spec.items()}
        self._fill(step, batch, DRAWS)
        return batch

    def plan(self, step: int) -> dict[str, np.ndarray]:
        """Batch number `step` with its pictures uncut: bytes [batch_size], and under `window_of(name)` int32 [batch_size, 5].

        `zoo.training.crops.cut_in_graph` takes both. What is drawn from the pixels of a picture cannot be planned.
        """
        jobs = {name: np.empty((self.batch_size, 2), object) for name in self.pictures}
        batch = {name: jobs[name] if name in jobs else self._array(tensor) for name, tensor in self.spec.items()}
        self._fill(step, batch, {**DRAWS, specs.Picture: _job})
        windows = {window_of(name): np.array(list(rows[:, 1]), np.int32) for name, rows in jobs.items()}
        return batch | windows | {name: rows[:, 0] for name, rows in jobs.items()}

    @functools.cached_property
    def pictures(self) -> dict[str, specs.Picture]:
        """Those tensors that are pictures."""
        return {name: tensor for name, tensor in self.spec.items() if isinstance(tensor, specs.Picture)}

    def _array(self, tensor: specs.Spec) -> np.ndarray:
        dtype = np.int32 if isinstance(tensor, specs.Label) else np.float32
        return self._memory.array((self.batch_size, *tensor.shape), dtype)

    def _fill(self, step: int, batch: dict[str, np.ndarray], draws: Mapping[type, Callable[..., None]]) -> None:
        # Pictures first: the label of an example is that of the picture which proved good.
        pictures_first = sorted(self.spec.items(), key=lambda item: not isinstance(item[1], specs.Picture))
        for row in range(self.batch_size):
            number = int(step) * self.batch_size + row
            example = _Example(self, number)
            for name, tensor in pictures_first:
                draws[type(tensor)](tensor, self._generator(name, number), example, batch[name][row, ...])
                example.drawn[name] = batch[name][row]

    def check(self) -> None:
        """Goes through the labels and makes the first batch: what can be known to be wrong before any training.

        Says so where whole pictures have to be resized, small ones are enlarged, or two sources are the same pictures.

        Raises:
            ValueError: labels are missing, out of range or all the same, or too many pictures are bad.
        """
        for tensor in self.spec.values():
            if isinstance(tensor, specs.Label):
                checks.check_labels(sorted(self._by_class), tensor.classes)
            if isinstance(tensor, specs.Picture):
                checks.note_size(self.sources[tensor.source], tensor)
        checks.note_same_pictures(self.sources)
        self(0)

    @functools.cached_property
    def image_source(self) -> str:
        """The name of the source that the `image` of the batch comes from."""
        return getattr(self.spec.get("image"), "source", "data")

    @functools.cached_property
    def _by_class(self) -> dict[int, np.ndarray]:
        """Class -> the places of its pictures in the source."""
        labels = self.sources[self.image_source].labels
        return {int(label): np.flatnonzero(labels == label) for label in np.unique(labels[labels >= 0])}

    @functools.cached_property
    def _balanced(self) -> bool:
        return any(isinstance(tensor, specs.Label) and tensor.balance for tensor in self.spec.values())

    def place(self, source: str, number: int) -> int:
        """The place in `source` of the picture for sample `number`: every one once an epoch, in a new order each time."""
        if not self._balanced or source != self.image_source:
            return self._shuffled(f"order of {source}", number, len(self.sources[source]))
        turn, place = divmod(number, len(self._by_class))
        label = sorted(self._by_class)[place]
        return int(self._by_class[label][self._shuffled(f"order of {source} {label}", turn, len(self._by_class[label]))])

    def _shuffled(self, name: str, number: int, count: int) -> int:
        epoch, place = divmod(number, count)
        return int(self._order(name, epoch, count)[place])

    def names(self, step: int) -> list[str]:
        """The files of the pictures in batch number `step`."""
        examples = [_Example(self, step * self.batch_size + row) for row in range(self.batch_size)]
        return [self.sources[source].name(example.index(source)) for example in examples for source in self.sources]

    def dataset(self, start: int = 0, stop: int | None = None) -> Any:
        """What `fit` takes, whose element k is batch `start` + k, up to batch `stop` (None: endless), made on all cores.

        A `tf.data.Dataset` where Keras runs on TensorFlow, otherwise a `keras.utils.PyDataset`; the values are the same. An error
        while a batch is made (too many bad pictures) ends it, and is kept as `failure`.
        """
        from zoo.training.backend import running

        _OPEN.add(self)
        if running() == "tensorflow":
            from zoo.training.pipeline import dataset  # TensorFlow, which batches alone do not need

            return dataset(self, start, stop)
        from zoo.training.threads import Threads

        def made(step: int) -> dict[str, np.ndarray]:
            with self.counted():
                return self(step)

        return Threads(made, start, stop)

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        with self._lock:
            self.calls += 1
            self.running += 1
        try:
            if self.closed:
                raise ValueError("the program ends")
            yield
        except Exception as error:
            self.failure = error
            raise
        finally:
            with self._lock:
                self.running -= 1

    def _generator(self, name: str, number: int) -> np.random.Generator:
        return generator(self.seed, name, number)

    def _permutation(self, name: str, epoch: int, count: int) -> np.ndarray:
        return self._generator(name, epoch).permutation(count)


_OPEN: weakref.WeakSet[Batches] = weakref.WeakSet()


@atexit.register
def _leave_python() -> None:
    """Ends all datasets and waits until their threads have left Python: one that is in it when Python ends blocks for ever."""
    for batches in _OPEN:
        batches.closed = True
    before = 0
    while any(batches.running for batches in _OPEN) or before != sum(batches.calls for batches in _OPEN):
        before = sum(batches.calls for batches in _OPEN)
        time.sleep(0.1)


class _Example:
    """The pictures of one sample: one of each source, the same for every tensor that takes from that source."""

    def __init__(self, batches: Batches, number: int) -> None:
        self._batches, self._number = batches, number
        self._indices: dict[str, int] = {}
        self.drawn: dict[str, np.ndarray] = {}  # what other tensors of the batch are made from

    def take(self, source: str, what: Callable[[Source, int], T]) -> T:
        """`what`, made of the first good picture from the sample's own on."""
        pictures = self._batches.sources[source]
        place = self._batches.place(source, self._number)
        self._indices[source], taken = pictures.good(place, lambda index: what(pictures, index))
        return taken

    def index(self, source: str) -> int:
        """The picture's place in the source, which is known once it has proved good."""
        if source not in self._indices:
            pictures = self._batches.sources[source]
            self._indices[source], _ = pictures.good(self._batches.place(source, self._number), pictures.image)
        return self._indices[source]

    def fixed_noise(self, tensor: specs.Picture) -> np.ndarray:
        """Uniform noise that belongs to the picture: the same in every epoch and in every run."""
        key = np.array([_stream(0, f"fixed noise of {tensor.source}"), self.index(tensor.source)], np.uint64)
        return np.random.Generator(np.random.Philox(key=key)).random(tensor.shape, np.float32)

    def label(self) -> int:
        source = self._batches.image_source
        return self._batches.sources[source].label(self.index(source))


def generator(seed: int, name: str, number: int) -> np.random.Generator:
    """Everything that is drawn for tensor `name` of sample `number`."""
    return np.random.Generator(np.random.Philox(key=np.array([_stream(seed, name), number], np.uint64)))


@functools.cache
def _stream(seed: int, name: str) -> int:
    """64 bits that keep the numbers drawn for one tensor apart from those of any other."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8])


def _crop(tensor: specs.Picture, random: np.random.Generator) -> Crop:
    left, top, share, flip = random.random(4)
    low, high = tensor.scale or (0.0, 0.0)
    return Crop(
        size=tensor.size,
        channels=tensor.channels,
        share=low + share * (high - low) if tensor.scale else None,
        place=(left, top),
        flip=tensor.flip and flip < 0.5,
    )


def _picture(tensor: specs.Picture, random: np.random.Generator, example: _Example, out: np.ndarray) -> None:
    crop = _crop(tensor, random)
    np.divide(example.take(tensor.source, lambda pictures, index: pictures.crop(index, crop)), np.float32(255), out=out)
    if tensor.binarize:
        out[...] = example.fixed_noise(tensor) < out


def _job(tensor: specs.Picture, random: np.random.Generator, example: _Example, out: np.ndarray) -> None:
    crop = _crop(tensor, random)
    out[0], out[1] = example.take(tensor.source, lambda pictures, index: pictures.job(index, crop))


def _one_hot(tensor: specs.OneHot, random: np.random.Generator, example: _Example, out: np.ndarray) -> None:
    out[:] = np.arange(tensor.classes) == random.integers(tensor.classes)


def _normal(tensor: specs.Normal, random: np.random.Generator, example: _Example, out: np.ndarray) -> None:
    random.standard_normal(out=out, dtype=np.float32)


def _uniform(tensor: specs.Uniform, random: np.random.Generator, example: _Example, out: np.ndarray) -> None:
    random.random(out=out, dtype=np.float32)
    out *= tensor.high - tensor.low
    out += tensor.low


def _label(tensor: specs.Label, random: np.random.Generator, example: _Example, out: np.ndarray) -> None:
    out[...] = label = example.label()
    if not 0 <= label < tensor.classes:
        raise ValueError(f"a picture has label {label}; this model has the classes 0 to {tensor.classes - 1}")


def _mask(tensor: specs.Mask, random: np.random.Generator, example: _Example, out: np.ndarray) -> None:
    out[:] = draw_mask(tensor.kinds, tensor.size, random, tensor.area)


def _noisy(tensor: specs.Noisy, random: np.random.Generator, example: _Example, out: np.ndarray) -> None:
    out[:] = add_noise(example.drawn[tensor.of], tensor.kind, tensor.level, random)


def _reduced(tensor: specs.Reduced, random: np.random.Generator, example: _Example, out: np.ndarray) -> None:
    out[:] = downscaled_frames(example.drawn[tensor.of], tensor.factor, tensor.frames, tensor.motion, random)


def _degraded(tensor: specs.Degraded, random: np.random.Generator, example: _Example, out: np.ndarray) -> None:
    out[:] = degrade(example.drawn[tensor.of], tensor.recipe, random, tensor.factor)


DRAWS: dict[type, Callable[..., None]] = {
    specs.Picture: _picture,
    specs.OneHot: _one_hot,
    specs.Normal: _normal,
    specs.Uniform: _uniform,
    specs.Label: _label,
    specs.Mask: _mask,
    specs.Noisy: _noisy,
    specs.Reduced: _reduced,
    specs.Degraded: _degraded,
}
