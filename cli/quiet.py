"""Importing TensorFlow without the lines that its C++ part prints before it can be told not to."""

import importlib

from zoo.common.stderr import silenced_stderr


def import_tensorflow() -> None:
    """Imports TensorFlow with the process's stderr sent to nowhere; call it before anything that needs Keras."""
    with silenced_stderr():
        importlib.import_module("tensorflow")
