"""What Keras computes with: TensorFlow, or JAX on machines that need no TensorFlow. Chosen before Keras is imported."""

import contextlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

from zoo.training.plan import BACKENDS

PACKAGES = {"tensorflow": "keras-image-zoo", "jax": "keras-image-zoo[jax]"}  # what to install for each
# What TensorFlow, JAX, and NumPy where the batch itself is made, say.
_OUT_OF_MEMORY = re.compile("RESOURCE_EXHAUSTED|ResourceExhaustedError|Unable to allocate")
KERAS_RUNS_ON = ("tensorflow", "jax", "torch", "numpy", "openvino")


def use(name: str) -> None:
    """Makes `name` the backend of this process's Keras. Call it before anything imports Keras.

    Raises:
        ValueError: it is not installed, or Keras runs on another one already.
    """
    if "keras" not in sys.modules:
        if not _is_installed(name):
            raise ValueError(f"--backend {name} needs {name}, which is not installed: pip install '{PACKAGES[name]}'")
        os.environ["KERAS_BACKEND"] = name
    check_running(name)


def running() -> str:
    """The backend that Keras runs on, or will, once it is imported."""
    if "keras" not in sys.modules and os.environ.get("KERAS_BACKEND"):
        return os.environ["KERAS_BACKEND"]
    import keras

    return keras.backend.backend()


def check_running(name: str) -> None:
    """ValueError unless Keras runs on `name`."""
    if (now := running()) != name:
        raise ValueError(f"Keras runs on {now} in this process, and this training on {name}: start one with KERAS_BACKEND={name}")


def check_trainable(name: str) -> None:
    """ValueError for a backend that nothing here has been trained on."""
    if name not in BACKENDS:
        raise ValueError(f"zoo trains on {' and '.join(BACKENDS)}, not on {name}: set KERAS_BACKEND to one of them")


def check_environment() -> None:
    """ValueError where KERAS_BACKEND says what Keras cannot run on here."""
    name = os.environ.get("KERAS_BACKEND")
    if name in (None, "", "tensorflow") or "keras" in sys.modules:  # without TensorFlow, whoever imports it says so
        return
    if name not in KERAS_RUNS_ON:
        raise ValueError(f"KERAS_BACKEND={name}: Keras has no such backend; set it to {' or '.join(BACKENDS)}, or unset it")
    if not _is_installed(name):
        brought = f" (pip install '{PACKAGES[name]}')" if name in PACKAGES else ""
        raise ValueError(f"KERAS_BACKEND={name}: {name} is not installed{brought}; install it, or unset KERAS_BACKEND")


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


def synced(model: Any) -> Any:
    """The model with its variables' values in them: JAX hands those from step to step, and back only when asked to."""
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()
    return model


@contextlib.contextmanager
def memory_explained(batch_size: int, accumulate: int, replicas: int) -> Iterator[None]:
    """ValueError, with the batch to take instead, where the block needs more memory than the device or the machine has."""
    try:
        yield
    except Exception as error:
        if not _OUT_OF_MEMORY.search(f"{type(error).__name__} {error}"):
            raise
        whose = "the machine" if isinstance(error, MemoryError) else "the device"
        half = batch_size // 2 // replicas * replicas
        instead = f"--batch-size {half}, or with --accumulate {2 * accumulate} and twice the --steps the same updates"
        smaller = "smaller pictures or networks (--size, --set width=...)"
        raise ValueError(
            f"{whose} has not enough memory for a batch of {batch_size}; take, in a new --out, {instead if half else smaller}"
        ) from None
