"""Batches for backends without `tf.data`: made in Python by threads, in order, ahead of the training."""

import os
from collections.abc import Callable

import keras
import numpy as np


class Threads(keras.utils.PyDataset):
    """Batch `start` + k as item k, up to batch `stop`; Keras' own threads ask for as many at a time as there are cores.

    What decodes and cuts a picture lets other threads run meanwhile. Two batches a core lie ready, and on an accelerator the next
    one is on its way to it.

    Args:
        make: what makes batch number k.
        start: the first one.
        stop: the one after the last; None: endless.

    Example:
        >>> model.fit(Threads(batches, stop=100), shuffle=False)
    """

    def __init__(self, make: Callable[[int], dict[str, np.ndarray]], start: int = 0, stop: int | None = None) -> None:
        workers = os.cpu_count() or 1
        super().__init__(workers=max(2, workers), max_queue_size=2 * workers)  # with one, Keras makes them between the steps
        self._make, self._start, self._stop = make, start, stop

    @property
    def num_batches(self) -> int | None:
        return None if self._stop is None else self._stop - self._start

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        return self._make(self._start + index)
