"""Shared by all tests: two virtual devices, and real pictures."""

import gc
import os
import signal
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")  # as `zoo train` does
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `zoo` does: two wait for one another more than they multiply

import keras
import pytest
import tensorflow as tf

# A shell ignores Ctrl-C for what it runs in the background; the tests that send it, and their processes, must hear it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Before anything runs: two virtual processors, so that MirroredStrategy can be tested in this process.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

import tests.training.tiny  # noqa: F401 (what it sets is the same in every process)
from tests.models import sample
from zoo.export import verify
from zoo.training.pictures import write_picture

LONGEST = ("test_contract.py", "test_run.py", "test_without_keras.py", "test_options.py")
verify.LATENCY_SECONDS = 0.0  # three calls are timed; nothing here looks at how long they took

# A million objects of the frameworks live as long as the process; a full collection that looks through them takes 0.8 s.
gc.collect()
gc.freeze()


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A worker takes a file at a time, or a family of the contract tests, the longest first: so both end together."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
    for item in items:
        subject = getattr(item, "callspec", None) and item.callspec.params.get("subject")
        item.add_marker(pytest.mark.xdist_group(f"{item.path.relative_to(Path(__file__).parent)} {subject or ''}".strip()))


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
