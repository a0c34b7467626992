"""Processes whose Keras runs on JAX, and in which TensorFlow cannot be imported."""

import os
import runpy
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from tests.training.processes import start

# What is compiled runs a few times on small pictures: that it is compiled fast counts.
QUICK = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"


def start_on_jax(options: Any, module: str, cache: Path, **environment: str) -> Any:
    """A module of the tests with `options` as its argument; what JAX compiles is kept in `cache` for the next process."""
    kept = {
        "JAX_COMPILATION_CACHE_DIR": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    quick = {"KERAS_BACKEND": "jax", "XLA_FLAGS": QUICK, "REFUSED": "tensorflow", "MODULE": module}
    return start(options, "tests.jax.processes", **(kept | quick | environment))


class Elsewhere(PathFinder):
    """Finds what is installed but for some packages: to whoever imports those, or looks for them, they are not there."""

    refused = tuple(os.environ.get("REFUSED", "").split(","))

    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> Any:
        return None if fullname.partition(".")[0] in cls.refused else super().find_spec(fullname, path, target)


if __name__ == "__main__":
    sys.meta_path[:] = [Elsewhere if finder is PathFinder else finder for finder in sys.meta_path]
    runpy.run_module(os.environ["MODULE"], run_name="__main__", alter_sys=True)
