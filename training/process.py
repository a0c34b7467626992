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


def settle(exact: bool | None) -> None:
    """Sets how the backend computes, before it is used for anything. It stays so.

    Args:
        exact: whether a resumed run ends with the same bits; None as `is_exact` says.
    """
    from zoo.training.backend import running

    _settle_jax(exact) if running() == "jax" else _settle_tensorflow(exact)


def is_exact(exact: bool | None) -> bool:
    """`exact`, or, where that is None, whether this is a processor: there it costs little, and on accelerators it costs speed."""
    if exact is not None:
        return exact
    from zoo.training.backend import running

    if running() == "jax":
        import jax

        return bool(jax.default_backend() == "cpu")
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU")


def _settle_tensorflow(exact: bool | None) -> None:
    """One operation after the other, each on all cores, unless TF_NUM_INTEROP_THREADS says otherwise.

    Side by side, their order shows in the last bits now and then, and a resumed run ends with other weights.
    """
    import tensorflow as tf

    if is_exact(exact) and not os.environ.get("TF_NUM_INTEROP_THREADS"):
        try:
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            _log.warning("TensorFlow was used before this training, which may therefore not be resumed to the last bit")
    if exact and tf.config.list_physical_devices("GPU"):
        tf.config.experimental.enable_op_determinism()


def _settle_jax(exact: bool | None) -> None:
    """Deterministic operations on GPUs, where they are asked for (processors have no others); random numbers that compile fast.

    Those that many devices can draw together, JAX's default, LLVM unrolls: 1.5 s for every shape of a weight, 0.3 s without.
    """
    import jax

    if exact:
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true".strip()
    jax.config.update("jax_threefry_partitionable", False)


def seeded(seed: int) -> None:
    """Seeds Python, NumPy and the backend. It stays so."""
    import keras

    from zoo.common.stderr import silenced_stderr
    from zoo.training.backend import running

    # Keras seeds TensorFlow too, wherever it is installed, and so imports it.
    with silenced_stderr() if running() == "jax" else contextlib.nullcontext():
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
