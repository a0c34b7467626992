"""Shared by all tests: two virtual devices, real pictures, and one small batch for every family."""

import os
import signal
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")  # as `zoo train` does

import numpy as np
import pytest
import tensorflow as tf

# A shell ignores Ctrl-C for what it runs in the background; the tests that send it, and their processes, must hear it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Before anything runs: two virtual processors, so that MirroredStrategy can be tested in this process.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

import zoo
from training.batches import Batches
from training.pictures import write_picture
from training.sources import open_source


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real test pictures, which is no part of the project: ZOO_TEST_DATA, or ../shared/data."""
    folder = Path(os.environ.get("ZOO_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        message = f"no test pictures in {folder}; set ZOO_TEST_DATA"
        pytest.fail(message) if os.environ.get("ZOO_REQUIRE_DATA") == "1" else pytest.skip(message)
    return folder


def sample(name: str, size: int) -> np.ndarray:
    """The middle of one of the sample pictures: float32 [size, size, 3] in [0, 1]."""
    picture = open_source(f"samples:{name}").picture(0)
    top, left = (picture.shape[0] - size) // 2, (picture.shape[1] - size) // 2
    return picture[top : top + size, left : left + size].astype("float32") / 255


def adapted(name: str, preset: str = "tiny", **config: Any) -> Any:
    """A new model of the family, with sample pictures for its settings."""
    model = zoo.create(name, preset=preset, **config)
    model.adapt(**{setting: [sample("coffee", 64)] for setting in model.picture_settings})
    return model


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> str:
    """A source of sample pictures with labels 0 and 1."""
    root = tmp_path_factory.mktemp("pictures")
    for label, names in {"people": ("astronaut", "camera"), "things": ("coffee", "rocket", "coins")}.items():
        (root / label).mkdir()
        for name in names:
            write_picture(root / label / f"{name}.png", sample(name, 96))
    return f"folder:{root}"


def batches(model: Any, batch_size: int = 4, seed: int = 0, pictures: str = "samples:") -> Batches:
    """Batches of sample pictures for the model."""
    sources = {source: open_source(pictures) for source in ("data", *model.source_settings)}
    return Batches(model.batch_spec, sources, batch_size, seed)
