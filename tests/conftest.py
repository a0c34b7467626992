"""Shared by all tests: two virtual devices, and real pictures."""

import os
import signal
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")  # as `zoo train` does

import keras
import pytest
import tensorflow as tf

# A shell ignores Ctrl-C for what it runs in the background; the tests that send it, and their processes, must hear it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Before anything runs: two virtual processors, so that MirroredStrategy can be tested in this process.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

from tests.models import sample
from zoo.training.pictures import write_picture


@pytest.fixture(autouse=True)
def seeded() -> None:
    """What is drawn without a seed of its own is the same in every run."""
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real test pictures, which is no part of the project: ZOO_TEST_DATA, or ../shared/data."""
    folder = Path(os.environ.get("ZOO_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        message = f"no test pictures in {folder}; set ZOO_TEST_DATA"
        pytest.fail(message) if os.environ.get("ZOO_REQUIRE_DATA") == "1" else pytest.skip(message)
    return folder


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> str:
    """A source of sample pictures with labels 0 and 1."""
    root = tmp_path_factory.mktemp("pictures")
    for label, names in {"people": ("astronaut", "camera"), "things": ("coffee", "rocket", "coins")}.items():
        (root / label).mkdir()
        for name in names:
            write_picture(root / label / f"{name}.png", sample(name, 96))
    return f"folder:{root}"
