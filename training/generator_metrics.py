"""Measures a generator while it trains."""

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras

from zoo.training.backend import synced
from zoo.training.batches import Batches
from zoo.training.callbacks import Record, averaged
from zoo.training.evaluate import generated, makes_pictures
from zoo.training.metrics import Extractor, Features, compare, diversity, extractor
from zoo.training.process import dtype_policy

_log = logging.getLogger(__name__)
COUNT = 2000
LEAST = 4
BATCH = 50


class GeneratorMetrics(keras.callbacks.Callback):
    """Compares generated pictures with real ones every so many steps; adds the figures to the epoch's logs.

    Args:
        real: batches of real pictures, float [N, H, W, C] in [0, 1]; read once, before the training.
        generate: makes as many batches of generated pictures, the same latents every time.
        extract: pictures to features; see `zoo.training.metrics.extractor`.
        every: steps between two measurements.
        keep: pictures kept on either side for kernel distance, precision and recall.
        start: steps trained before.

    Attributes:
        history: step -> figures by name.
        recorders: called with every measurement: "step" and the figures.
    """

    def __init__(
        self,
        real: Iterable[Any],
        generate: Callable[[], Iterable[Any]],
        extract: Extractor,
        every: int = 1000,
        keep: int = 2000,
        start: int = 0,
    ) -> None:
        super().__init__()
        self.generate, self.extract, self.every, self.keep, self.step = generate, extract, every, keep, start
        self.real = self._features(real)
        self.history: dict[int, dict[str, float]] = {}
        self.recorders: list[Callable[[Record], None]] = []

    def _features(self, batches: Iterable[Any]) -> Features:
        features = Features(self.keep)
        for pictures in batches:
            features.update(self.extract(pictures))
        return features

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._before = self.step

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        # Counted by the batch, as several steps may have passed since the last call.
        self.step = self._before + batch + 1
        if self.step % self.every == 0:
            synced(self.model)
            fake = self._features(self.generate())
            self.history[self.step] = compare(self.real, fake)
            warn_of_collapse(self.real, fake, self.step)
            for recorder in self.recorders:
                recorder({"step": self.step, **self.history[self.step]})

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None and self.history:
            logs.update(self.history[max(self.history)])


def while_training(
    model: Any, batches: Batches, start: int, every: int, recorders: list[Callable[[Record], None]]
) -> GeneratorMetrics:
    """The callback that compares 2,000 pictures of a model in training with those it is trained on, in the compact features.

    Its pictures are those of the averaged weights where there are such, always of the same latents.
    """
    count = _count(batches)
    batch = min(BATCH, count)
    pictures = Batches({"image": batches.spec["image"]}, batches.sources, batch, batches.seed)

    def generate() -> Iterator[Any]:
        with averaged(model, batches) as deployed:
            yield from generated(deployed, count)

    with dtype_policy("float32"):
        extract = extractor()
    real = (pictures(step)["image"] for step in range(count // batch))
    metrics = GeneratorMetrics(real, generate, extract, every, COUNT, start)
    metrics.recorders = recorders
    return metrics


def check_measurable(model: Any, batches: Batches) -> None:
    """Raises a ValueError where a model cannot be measured while it trains."""
    if not makes_pictures(model):
        raise ValueError(f"metrics_every is for generators; {model.name} makes no pictures out of latents")
    if _count(batches) < LEAST:
        raise ValueError(f"metrics_every needs at least {LEAST} pictures, not {_count(batches)}")


def _count(batches: Batches) -> int:
    return min(COUNT, len(batches.sources[batches.image_source]))


def warn_of_collapse(real: Features, fake: Features, step: int) -> bool:
    """Whether the generator makes nearly one picture only (a twentieth of the real variance); logs a warning if so."""
    share = diversity(real.moments, fake.moments)
    if share < 0.05:
        _log.warning("step %d: mode collapse: generated pictures vary %.1f %% as much as real ones", step, 100 * share)
    return share < 0.05
