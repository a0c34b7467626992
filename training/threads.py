"""Batches for backends without `tf.data`: made in Python by threads, in order, ahead of the training."""

import concurrent.futures
import os
from collections.abc import Callable

import keras
import numpy as np


class Threads(keras.utils.PyDataset):
    """Batch `start` + k as item k, up to batch `stop`, made before its turn, as many at a time as there are cores.

    What decodes and cuts a picture lets other threads run meanwhile. Keras' own threads go on where they stood when `fit` begins
    anew after a look at the first batch; here an item is what its number says, however often it is asked for. On an accelerator
    Keras sends the next one while one trains.

    Args:
        make: what makes batch number k.
        start: the first one.
        stop: the one after the last; None: endless.

    Example:
        >>> model.fit(Threads(batches, stop=100), shuffle=False)
    """

    def __init__(self, make: Callable[[int], dict[str, np.ndarray]], start: int = 0, stop: int | None = None) -> None:
        super().__init__()
        self._make, self._start, self._stop = make, start, stop
        self._cores = os.cpu_count() or 1
        self._pool = concurrent.futures.ThreadPoolExecutor(self._cores)
        self._asked: dict[int, concurrent.futures.Future[dict[str, np.ndarray]]] = {}

    @property
    def num_batches(self) -> int | None:
        return None if self._stop is None else self._stop - self._start

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        end = index + 1 + 2 * self._cores
        ahead = range(index, end if self.num_batches is None else min(end, self.num_batches))
        self._asked = {k: self._asked.get(k) or self._pool.submit(self._make, self._start + k) for k in ahead}
        return self._asked.pop(index).result()
