"""Memory goes out again, but never while anything refers to it."""

import numpy as np

from zoo.training.memory import Memory

SHAPE = (2, 8, 8, 3)


def test_memory_is_used_again_once_nobody_has_it():
    memory = Memory()
    array = memory.array(SHAPE, np.float32)
    place = array.ctypes.data
    assert array.shape == SHAPE and array.dtype == np.float32 and place % 64 == 0
    assert memory.array(SHAPE, np.float32).ctypes.data != place
    del array
    assert memory.array(SHAPE, np.float32).ctypes.data == place


def test_views_keep_their_memory():
    memory = Memory()
    for view in (lambda array: array[1, 2:], lambda array: array.reshape(-1).view(np.int32), memoryview):
        kept = view(memory.array(SHAPE, np.float32))
        before = np.array(kept)
        for _ in range(3):
            memory.array(SHAPE, np.float32)[:] = 7
        np.testing.assert_array_equal(np.array(kept), before)


def test_another_size_is_another_block():
    memory = Memory()
    assert memory.array((3,), np.int32).nbytes == 12
    assert memory.array((5,), np.int32).nbytes == 20
