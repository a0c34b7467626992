"""Memory for batches, used again: to get it fresh from the system costs a tenth of the time that a picture takes."""

import math
import sys
import threading
from typing import Any

import numpy as np

_ALIGNMENT = 64  # bytes; TensorFlow takes an array as it lies from here on, and copies it otherwise
_KEPT = 64  # blocks; what goes beyond that is not used again
_UNUSED = 2  # references to a block that only `Memory` knows: its own, and the argument of getrefcount


class Memory:
    """Gives out arrays, in blocks that go out again as soon as no array, view or tensor refers to them.

    Example:
        >>> memory = Memory()
        >>> memory.array((4, 256, 256, 3), np.float32).shape
        (4, 256, 256, 3)
    """

    def __init__(self) -> None:
        self._blocks: list[np.ndarray] = []
        self._lock = threading.Lock()

    def array(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """An array whose values are whatever was there before."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        with self._lock:
            block = self._block(size)
        start = -block.ctypes.data % _ALIGNMENT
        return block[start : start + size].view(dtype).reshape(shape)

    def _block(self, size: int) -> np.ndarray:
        for index in range(len(self._blocks)):
            if self._blocks[index].size == size + _ALIGNMENT and sys.getrefcount(self._blocks[index]) == _UNUSED:
                return self._blocks[index]
        block = np.empty(size + _ALIGNMENT, np.uint8)
        if len(self._blocks) < _KEPT:
            self._blocks.append(block)
        return block
