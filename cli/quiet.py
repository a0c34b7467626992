"""Importing TensorFlow without the lines that its C++ part prints before it can be told not to."""

import importlib
import os


def import_tensorflow() -> None:
    """Imports TensorFlow with the process's stderr sent to nowhere; call it before anything that needs Keras."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        importlib.import_module("tensorflow")
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
