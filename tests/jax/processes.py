"""Processes whose Keras runs on JAX, and in which TensorFlow cannot be imported."""

import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.training.processes import start

# What is compiled runs a few times on small pictures: that it is compiled fast counts.
QUICK = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"


class Refused:
    """Finds no module of these packages, as if they were not installed."""

    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = packages

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in self.packages:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def start_on_jax(options: Any, module: str, cache: Path, **environment: str) -> Any:
    """A module of the tests with `options` as its argument; what JAX compiles is kept in `cache` for the next process."""
    kept = {
        "JAX_COMPILATION_CACHE_DIR": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    quick = {"KERAS_BACKEND": "jax", "XLA_FLAGS": QUICK, "REFUSED": "tensorflow", "MODULE": module}
    return start(options, "tests.jax.processes", **(kept | quick | environment))


if __name__ == "__main__":
    sys.meta_path.insert(0, Refused(os.environ["REFUSED"].split(",")))  # type: ignore[arg-type]
    runpy.run_module(os.environ["MODULE"], run_name="__main__", alter_sys=True)
