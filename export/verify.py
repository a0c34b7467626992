"""Runs an artefact in its own runtime beside the Keras model and measures the difference and the time."""

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zoo.common import similarity
from zoo.export.manifest import FLOORS, Parity, rounded
from zoo.export.runtimes import Runtime, load
from zoo.export.signature import example_inputs

DYNAMIC_SIZES = ((301, 203), (128, 160))  # height, width; neither side of the first is a multiple of anything useful
PICTURES = 8
SPANS = ((0, 1), (1, 1), (2, 3), (5, 3))  # first picture and batch size
LATENCY_SIZE = (256, 256)
LATENCY_SECONDS = 0.5
EQUAL_PSNR = 200.0

Batch = dict[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Case:
    """Inputs with the Keras model's answer to them."""

    inputs: Batch
    expected: Batch


@dataclasses.dataclass(frozen=True)
class Measurement:
    parity: Parity
    latency_ms: float
    outputs: Batch | None  # of the worst case, to look at
    worst: tuple[int, int] = (0, 0)  # the case, and the example in it, that is furthest from the Keras model
    error: str = ""


class References:
    """The Keras model's answers to real inputs, each computed once however many artefacts are compared with it."""

    def __init__(self, reference: Runtime, pictures: Sequence[np.ndarray]) -> None:
        if len(pictures) < PICTURES:
            raise ValueError(f"{PICTURES} pictures are needed to compare on; there are {len(pictures)}")
        self.reference, self.signature, self.pictures = reference, reference.signature, pictures[:PICTURES]
        self.by_size: dict[tuple[int, int] | None, list[Case]] = {}

    def cases(self, size: tuple[int, int] | None) -> list[Case]:
        """Eight pictures: at two sizes, in batches of 1 and 3; or, where the file has a fixed `size`, each by itself."""
        if size not in self.by_size:
            own = size or self.signature.own_size
            self.by_size[size] = [
                self._case(start, batch, height_width, height_width if own else height_width[::-1])
                for height_width in ([own] if own else DYNAMIC_SIZES)
                for start, batch in ([(index, 1) for index in range(PICTURES)] if size else SPANS)
            ]
        return self.by_size[size]

    def _case(self, start: int, batch: int, size: tuple[int, int], style_size: tuple[int, int]) -> Case:
        chosen = self.pictures[start : start + batch]
        inputs = example_inputs(self.signature, chosen, start, size, style_size)
        return Case(inputs, self.reference(**inputs))

    def timed_size(self, size: tuple[int, int] | None) -> tuple[int, int]:
        return size or self.signature.own_size or LATENCY_SIZE

    def timed(self, size: tuple[int, int] | None) -> Batch:
        """One example to time with."""
        return example_inputs(self.signature, self.pictures[:1], 0, self.timed_size(size))


def measure(path: Path, precision: str, cases: Sequence[Case], timed: Batch, threads: int | None = None) -> Measurement:
    """Loads the artefact, runs all cases and times `timed` (one example). What cannot run has failed, with the reason."""
    try:
        runtime = load(path, threads, trust=True)  # written by this process, or checked
        outputs = [runtime(**case.inputs) for case in cases]
        expected = [case.expected for case in cases]
        parity, furthest = compare(expected, outputs, precision), worst(expected, outputs)
        return Measurement(parity, latency(runtime, timed), outputs[furthest[0]], furthest)
    except Exception as error:  # whatever the runtime raises is the finding
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return failed(precision, f"did not run: {reason}")


def failed(precision: str, reason: str) -> Measurement:
    """What stands for an artefact that gave no answers."""
    nan = float("nan")
    return Measurement(Parity(nan, nan, nan, 0, FLOORS[precision], False), nan, None, error=reason)


def compare(expected: Sequence[Batch], outputs: Sequence[Batch], precision: str) -> Parity:
    """The worst difference over every example of every batch, against the floor of the precision.

    The peak of a picture is 1; that of other outputs is the span of the values that the Keras model gave.
    """
    max_abs, lowest_psnr, lowest_ssim = 0.0, EQUAL_PSNR, 1.0
    peaks = {
        name: 1.0 if value.ndim == 4 else float(np.ptp(np.concatenate([want[name] for want in expected])))
        for name, value in expected[0].items()
    }
    for want, have in zip(expected, outputs, strict=True):
        if set(want) != set(have):
            raise ValueError(f"gave outputs {sorted(have)} for {sorted(want)}")
        for name, reference in want.items():
            if reference.shape != have[name].shape:
                raise ValueError(f"gave {name} of shape {have[name].shape} for {reference.shape}")
            for a, b in zip(reference, have[name], strict=True):
                max_abs = max(max_abs, _nan_high(np.abs(a - b).max()))
                lowest_psnr = min(lowest_psnr, psnr(a, b, peaks[name]))
                lowest_ssim = min(lowest_ssim, ssim(a, b))
    floor = FLOORS[precision]
    passed = max_abs <= floor if precision == "float32" else lowest_psnr >= floor
    examples = sum(len(next(iter(want.values()))) for want in expected)
    return Parity(rounded(max_abs), rounded(lowest_psnr), rounded(lowest_ssim, 6), examples, floor, bool(passed))


def worst(expected: Sequence[Batch], outputs: Sequence[Batch]) -> tuple[int, int]:
    """The batch, and the example in it, whose mean difference is the largest."""
    means = {
        (batch, example): max(_nan_high(np.abs(want[name][example] - have[name][example]).mean()) for name in want)
        for batch, (want, have) in enumerate(zip(expected, outputs, strict=True))
        for example in range(len(next(iter(want.values()))))
    }
    return max(means, key=lambda place: means[place])


def _nan_high(value: float) -> float:
    return float("inf") if np.isnan(value) else float(value)


def psnr(a: np.ndarray, b: np.ndarray, peak: float = 1.0) -> float:
    """Peak signal-to-noise ratio in dB; 200 where the two are equal, -inf where one is no number."""
    decibels = similarity.psnr(a, b, peak=peak)
    return float("-inf") if np.isnan(decibels) else min(decibels, EQUAL_PSNR)


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity of two pictures in [0, 1]; -1 for NaN, 1 for what is no picture."""
    if not np.isfinite(b).all():
        return -1.0
    return similarity.ssim(a, b) if a.ndim == 3 else 1.0


def latency(runtime: Runtime, inputs: Batch) -> float:
    """Median milliseconds of a warm call: at least three, for about LATENCY_SECONDS."""
    runtime(**inputs)
    times: list[float] = []
    while len(times) < 3 or (sum(times) < LATENCY_SECONDS and len(times) < 30):
        start = time.perf_counter()
        runtime(**inputs)
        times.append(time.perf_counter() - start)
    return rounded(1e3 * float(np.median(times)))
