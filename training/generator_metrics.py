"""Measures a generator while it trains."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np

from training.metrics import Extractor, Features, compare, diversity

_log = logging.getLogger(__name__)


class GeneratorMetrics(keras.callbacks.Callback):
    """Compares generated pictures with real ones every so many steps; adds the figures to the epoch's logs.

    Args:
        real: batches of real pictures, float [N, H, W, C] in [0, 1]; read once, before the training.
        generate: makes as many batches of generated pictures, the same latents every time.
        extract: pictures to features; see `training.metrics.extractor`.
        every: steps between two measurements.
        keep: pictures kept on either side for kernel distance, precision and recall.

    Attributes:
        history: step -> figures by name.
    """

    def __init__(
        self,
        real: Iterable[Any],
        generate: Callable[[], Iterable[Any]],
        extract: Extractor,
        every: int = 1000,
        keep: int = 2000,
    ) -> None:
        super().__init__()
        self.generate, self.extract, self.every, self.keep = generate, extract, every, keep
        self.real = self._features(real)
        self.history: dict[int, dict[str, float]] = {}

    def _features(self, batches: Iterable[Any]) -> Features:
        features = Features(self.keep)
        for pictures in batches:
            features.update(self.extract(pictures))
        return features

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        step = int(np.asarray(keras.ops.convert_to_numpy(self.model.optimizer.iterations)))
        if step % self.every == 0:
            fake = self._features(self.generate())
            self.history[step] = compare(self.real, fake)
            warn_of_collapse(self.real, fake, step)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None and self.history:
            logs.update(self.history[max(self.history)])


def warn_of_collapse(real: Features, fake: Features, step: int) -> bool:
    """Whether the generator makes nearly one picture only (a twentieth of the real variance); logs a warning if so."""
    share = diversity(real.moments, fake.moments)
    if share < 0.05:
        _log.warning("step %d: mode collapse: generated pictures vary %.1f %% as much as real ones", step, 100 * share)
    return share < 0.05
