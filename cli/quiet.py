"""Importing TensorFlow without the lines that its C++ part prints before it can be told not to."""

import importlib
import os
import sys

from zoo.common.stderr import silenced_stderr
from zoo.training.backend import check_environment
from zoo.training.process import set_environment


def import_tensorflow() -> None:
    """Imports TensorFlow with the process's stderr sent to nowhere; call it before anything that needs Keras.

    Raises:
        ModuleNotFoundError: it is not installed.
        ValueError: KERAS_BACKEND says what Keras cannot run on here.
    """
    check_environment()
    set_environment()
    with silenced_stderr():
        tensorflow = importlib.import_module("tensorflow")
        tensorflow.config.list_physical_devices()  # looks for GPUs, and says in two lines that there is none


def keras_on_tensorflow() -> None:
    """As `import_tensorflow`, and Keras on it whatever KERAS_BACKEND says: the files of an export are TensorFlow's to make."""
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    import_tensorflow()
