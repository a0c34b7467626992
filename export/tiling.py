"""A picture of any size at bounded memory: a network run tile by tile, with the statistics of the whole picture.

A network whose pixels depend on their surroundings alone is run on overlapping tiles. A Keras network that normalises by the
statistics of the whole picture is cut before every such normalisation: what goes in is written to a file, tile by tile, and its
mean and variance are gathered on the way. What several pieces need, as a residual block's skip, is kept in files too, so that
nothing is computed twice but the halos.
"""

import collections
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.export.runtimes import KerasRuntime, Runtime
from zoo.export.tiles import Area, Segment, Store, Window, cuts
from zoo.roles import HoleMask, Role, Signature

if TYPE_CHECKING:
    from zoo.export.graph import Step

GRID = 64  # pixels between the places where tiles of a network that cannot be looked into may start
PROBE = 512  # pixels by which a picture grows, to see how much larger every map gets; whatever strides there are divide it
EXACT, EIGHT_BITS = 1e-5, 2e-3  # what counts as no change: of a computation in float32; of a picture that is rounded to 8 bits


class NoTiles(ValueError):
    """A network that takes one size alone, or looks at the whole picture in a way that cannot be cut."""


def run_by_tiles(
    runtime: Runtime,
    pictures: dict[str, Area],
    constants: dict[str, np.ndarray],
    tile: int,
    folder: Path,
    finish: Callable[[Window, np.ndarray], np.ndarray] = lambda window, values: values,
    report: Callable[[int, int], None] = lambda done, total: None,
    dtype: str = "uint8",
) -> Store:
    """What a network makes of one large picture, uint8 or uint16 [H', W', C]; close it when it is written.

    Args:
        runtime: a network of free height and width.
        pictures: the inputs of the picture's size, by name.
        constants: the other inputs, of batch 1.
        tile: side of a tile in pixels.
        folder: where maps are kept meanwhile.
        finish: takes a window of the result and its values, float32 [h, w, C], to those that are written.
        report: called after every tile with how many are done, of how many.
        dtype: "uint8" or "uint16".

    Raises:
        NoTiles: the network takes one size alone, or looks at the whole picture in a way that cannot be cut.
        OSError: there is no room in the folder.
    """
    if not runtime.signature.free_size:
        height, width = runtime.signature.own_size or (0, 0)
        raise NoTiles(f"{runtime.path}: takes pictures of {width} x {height} alone; --tile needs a file of dynamic shape")
    plan = Network(runtime, pictures, constants) if isinstance(runtime, KerasRuntime) else File(runtime, pictures, constants)
    result, most = Store(plan.shape, dtype, folder), np.iinfo(dtype).max
    try:
        for window, values in plan.run(tile, folder, report):
            result[window] = np.round(most * np.clip(finish(window, np.asarray(values, "float32")), 0, 1))
    except BaseException:
        result.close()
        raise
    return result


class File:
    """An artefact that cannot be looked into; whether it looks at surroundings alone is measured."""

    def __init__(self, runtime: Runtime, pictures: dict[str, Area], constants: dict[str, np.ndarray]) -> None:
        self.runtime, self.pictures = runtime, pictures
        probe = runtime(**{name: np.zeros((1, GRID, GRID, x.shape[2]), "float32") for name, x in pictures.items()}, **constants)
        (output,) = probe.values()
        scale = Fraction(GRID, output.shape[1])
        height, width, _ = next(iter(pictures.values())).shape
        self.shape = (int(height / scale), int(width / scale), output.shape[3])
        self.segment = Segment(
            lambda crops: next(iter(runtime(**crops, **constants).values())), dict.fromkeys(pictures, Fraction(1)), scale, GRID
        )

    def run(self, tile: int, folder: Path, report: Callable[[int, int], None]) -> Iterator[tuple[Window, Any]]:
        try:
            halo = self.segment.halo(
                {name: x.shape[2] for name, x in self.pictures.items()}, EIGHT_BITS, smallest_probe(self.runtime.signature)
            )
        except ValueError as error:
            raise NoTiles(
                f"{self.runtime.path}: {error}, as instance normalisation does, and files of this kind cannot be taken apart: "
                "with --tile give the run directory or the .keras file"
            ) from None
        total = count(self.shape, self.segment, tile)
        for done, piece in enumerate(self.segment.tiles(self.pictures, self.shape, tile, halo), 1):
            yield piece
            report(done, total)


class Network:
    """A Keras network, cut into segments at the maps (`kept`) whose statistics are needed or that several segments read."""

    def __init__(self, runtime: Any, pictures: dict[str, Area], constants: dict[str, np.ndarray]) -> None:
        self.path = runtime.path
        fixed = {name: value.shape for name, value in constants.items()}
        from zoo.export.graph import Graph  # needs Keras, which a file does not

        self.graph = Graph(runtime.network, {name: (1, *x.shape) for name, x in pictures.items()} | fixed)
        small, large = (
            Graph(runtime.network, {name: (1, side, side, x.shape[2]) for name, x in pictures.items()} | fixed).shapes
            for side in (PROBE, 2 * PROBE)
        )
        self.pictures = {self.graph.inputs[name]: x for name, x in pictures.items()}
        self.smallest_probe = smallest_probe(runtime.signature)
        self.shape = self.graph.shapes[self.graph.output][1:]
        self.constants: dict[int, Any] = {self.graph.inputs[name]: value for name, value in constants.items()}
        tied = set(self.pictures)
        self.steps: list[Step] = []
        for step in self.graph.steps:
            if tied.isdisjoint(step.inputs):
                step.run(self.constants, {})
            else:
                tied |= set(step.outputs)
                self.steps.append(step)
        vectors = {number for number in tied if small[number][1:3] == large[number][1:3]}
        self.statistics = [step for step in self.steps if not vectors.isdisjoint(step.outputs)]
        self.steps = [step for step in self.steps if vectors.isdisjoint(step.outputs)]
        self.scales = {number: self._scale(small[number], large[number]) for number in tied - vectors}
        self.grid = math.lcm(*(scale.numerator for scale in self.scales.values()))  # to which the network pads pictures, too
        self.producer = {number: index for index, step in enumerate(self.steps) for number in step.outputs}
        measured = {step.moments_of for step in (*self.steps, *self.statistics) if step.moments_of is not None}
        if any(number in self.scales and number != step.moments_of for step in self.statistics for number in step.inputs):
            raise self._global()
        self.measured = measured & set(self.pictures)
        self.kept = self._cut(measured | {self.graph.output})

    def _scale(self, small: tuple[int, ...], large: tuple[int, ...]) -> Fraction:
        if len(small) != 4 or small[1] != small[2] or large[1] == small[1]:
            raise self._global()
        return Fraction(PROBE, large[1] - small[1])

    def _global(self) -> ValueError:
        return ValueError(f"{self.path}: this network looks at the whole picture at once and cannot be run by tiles")

    def _cut(self, kept: set[int]) -> list[int]:
        """`kept` and every map that several segments would compute, in the order in which they can be computed."""
        while True:
            readers = collections.defaultdict(set)
            for number in kept:
                for index in self.cone(number, kept)[0]:
                    readers[index].add(number)
            consumers = collections.defaultdict(set)
            for index, step in enumerate(self.steps):
                for number in step.inputs:
                    consumers[number].add(frozenset(readers[index]))
            shared = {n for n, sets in consumers.items() if len(sets) > 1 and n in self.producer} - kept
            if not shared:
                return sorted(kept - set(self.pictures), key=self.producer.__getitem__)
            kept = kept | shared

    def cone(self, number: int, kept: set[int]) -> tuple[list[int], set[int]]:
        """The steps that compute a map from kept ones and from the pictures, in order; and what they read."""
        steps: set[int] = set()
        reads: set[int] = set()
        waiting = [number]
        while waiting:
            wanted = waiting.pop()
            if wanted in self.pictures or (wanted in kept and wanted != number):
                reads.add(wanted)
            elif wanted in self.producer and self.producer[wanted] not in steps:
                steps.add(self.producer[wanted])
                waiting += self.steps[self.producer[wanted]].inputs
        return sorted(steps), reads

    def run(self, tile: int, folder: Path, report: Callable[[int, int], None]) -> Iterator[tuple[Window, Any]]:
        """The windows of the result and their values; everything else is done on the way."""
        moments: dict[int, Any] = {number: moments_of(self.pictures[number], tile) for number in self.measured}
        pieces = [self._segment(number, moments) for number in self.kept]
        shapes = [self.graph.shapes[number][1:] for number in self.kept]
        total = sum(count(shape, segment, tile) for shape, segment in zip(shapes, pieces, strict=True))
        last = {number: index for index, segment in enumerate(pieces) for number in segment.reads}
        maps: dict[Any, Area] = dict(self.pictures)
        stores: dict[int, Store] = {}
        done = 0
        try:
            for index, (number, segment, shape) in enumerate(zip(self.kept, pieces, shapes, strict=True)):
                try:
                    halo = segment.halo({n: maps[n].shape[2] for n in segment.reads}, EXACT, self.smallest_probe)
                except ValueError:
                    raise self._global() from None
                gathered = Moments()
                if number != self.graph.output:
                    maps[number] = stores[number] = Store(shape, "float32", folder)
                for window, values in segment.tiles(maps, shape, tile, halo):
                    if number == self.graph.output:
                        yield window, values
                    else:
                        gathered.add(values)
                        stores[number][window] = np.asarray(values)
                    done += 1
                    report(done, total)
                moments[number] = gathered.result
                self._take_in(moments)
                for read in [n for n in stores if last.get(n, index) <= index]:
                    stores.pop(read).close()
        finally:
            for store in stores.values():
                store.close()

    def _take_in(self, moments: dict[int, Any]) -> None:
        """Computes what the network makes of the statistics that are known by now: numbers without a place in the picture."""
        values = {**dict.fromkeys(moments), **self.constants}
        for step in self.statistics:
            if set(step.outputs).isdisjoint(self.constants) and all(number in values for number in step.inputs):
                step.run(values, moments)
                self.constants |= {number: values[number] for number in step.outputs}

    def _segment(self, number: int, moments: dict[int, Any]) -> Segment:
        indices, reads = self.cone(number, set(self.kept))
        steps = [self.steps[index] for index in indices]
        last = {n: index for index, step in enumerate(steps) for n in step.inputs}

        def run(crops: dict[Any, Any]) -> Any:
            values: dict[int, Any] = {**self.constants, **crops}
            for index, step in enumerate(steps):
                step.run(values, moments)
                for spent in {n for n in step.inputs if last[n] == index}:
                    del values[spent]
            return values[number]

        return Segment(run, {n: self.scales[n] for n in reads}, self.scales[number], self.grid)


class Moments:
    """Mean and variance of every channel, from one tile after another (Chan et al. 1979)."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, np.zeros(()), np.zeros(())

    def add(self, values: Any) -> None:
        from keras import ops

        count = values.shape[0] * values.shape[1]
        center = ops.mean(ops.mean(values, 1), 0)
        squares = ops.mean(ops.mean(ops.square(values - center), 1), 0)
        mean, total = np.asarray(center, "float64"), self.count + count
        self.squares = (
            self.squares + count * np.asarray(squares, "float64") + (mean - self.mean) ** 2 * self.count * count / total
        )
        self.mean = self.mean + (mean - self.mean) * count / total
        self.count = total

    @property
    def result(self) -> tuple[np.ndarray, np.ndarray] | None:
        if not self.count:
            return None
        mean, variance = self.mean, self.squares / self.count
        return mean[None, None, None].astype("float32"), variance[None, None, None].astype("float32")


def moments_of(picture: Area, tile: int) -> Any:
    """Mean and variance of every channel of a picture."""
    gathered = Moments()
    for rows, columns in itertools.product(*(cuts(size, tile) for size in picture.shape[:2])):
        gathered.add(picture[slice(*rows), slice(*columns)])
    return gathered.result


def count(shape: tuple[int, ...], segment: Segment, tile: int) -> int:
    """How many tiles there are."""
    step = max(tile // segment.grid * segment.grid, segment.grid)
    return math.prod(len(cuts(math.ceil(size * segment.scale), step)) for size in shape[:2])


# Roles beside which a network looks far: what a hole is filled from depends on its width.
PROBES: Mapping[type[Role], int] = {HoleMask: 512}


def smallest_probe(signature: Signature) -> int:
    """The least side of the pictures to measure halos on."""
    return max(PROBES.get(type(role), 128) for role in signature.inputs.values())
