"""What a training sets for its whole process, and nothing else does: environment, threads, seed, determinism, dtype policy."""

import contextlib
import logging
import os
from collections.abc import Iterator

_log = logging.getLogger(__name__)


def set_environment() -> None:
    """Environment variables that libraries read when they are first imported; what the user has set stays."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # NumPy multiplies small matrices, batch after batch: with threads of its own they wait for one another (docs/decisions.md).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def one_operation_at_a_time() -> None:
    """One operation after the other, each on all cores, unless TF_NUM_INTEROP_THREADS says otherwise. It stays so.

    Side by side, their order shows in the last bits now and then, and a resumed run ends with other weights.
    """
    import tensorflow as tf

    if not os.environ.get("TF_NUM_INTEROP_THREADS"):
        try:
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            _log.warning("TensorFlow was used before this training, which may therefore not be resumed to the last bit")


def seeded(seed: int) -> None:
    """Seeds Python, NumPy and TensorFlow, and makes operations on GPUs deterministic. It stays so."""
    import keras
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Keras' dtype policy inside the block; afterwards it is as before."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
