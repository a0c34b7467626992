"""Every family on JAX, each in a process of its own without TensorFlow; what TensorFlow has to do with it is done here.

    ZOO_BACKENDS=FILE pytest -m long tests/jax/test_families.py && python -m tests.jax.table FILE

writes the table of docs/training.md.
"""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import zoo
from tests.jax.family import answers
from tests.jax.processes import start_on_jax
from tests.models import adapted
from tests.training.processes import finish

pytestmark = pytest.mark.long
TOLERANCE = 1e-5  # of pictures in [0, 1]


@pytest.fixture(scope="module", params=zoo.list_models())
def done(request, tmp_path_factory, pictures, cache):
    """What a family's process did, and a file of TensorFlow's that it has read."""
    name, work = request.param, tmp_path_factory.mktemp(request.param)
    keras.utils.set_random_seed(1)
    model = adapted(name)
    random = np.random.default_rng(1)
    for variable in model.trainable_variables:  # nothing is 0, as the last layers of new networks are
        variable.assign_add(random.normal(0, 0.01, variable.shape).astype("float32"))
    model.save(work / "tensorflow.keras")
    process = start_on_jax({"name": name, "folder": work, "pictures": pictures}, "tests.jax.family", cache)
    results = SimpleNamespace(name=name, work=work, apart={}, **json.loads(finish(process).splitlines()[-1]))
    yield results
    if file := os.environ.get("ZOO_BACKENDS"):
        row = {"family": name, "still": results.still, "changed": results.changed, "apart": results.apart}
        with Path(file).open("a") as lines:
            lines.write(f"{json.dumps(row)}\n")


def test_the_loss_falls(done):
    players = [values for term, values in done.history.items() if term.startswith("discriminator")]
    losses = np.sum(players, axis=0) if players else np.array(done.history["loss"])  # a generator's rises as its critic learns
    assert np.isfinite(losses).all()
    # Adam's first step is as long in every weight, and leads away from a beginning that is good, as bicubic enlargement is.
    assert losses[2:].min() < losses[:2].max()


def test_lazy_penalties_come_when_they_are_due(done):
    """By the optimizer's count, which a traced step has to be given: as a constant they would come always, or never."""
    if "r1" in done.history:
        first, *others = done.history["r1"]
        assert first > 0 and not any(others)


def test_every_weight_moves(done):
    assert not done.still


def test_a_resumed_run_ends_with_the_same_bits(done):
    assert not done.changed


@pytest.mark.parametrize("file", ["jax", "tensorflow"])
def test_a_file_deploys_the_same_pictures_on_both_backends(done, file):
    here = answers(zoo.load(str(done.work / f"{file}.keras")))
    with np.load(done.work / f"{file} on jax.npz") as there:
        assert set(here) == set(there)
        done.apart[file] = max(float(np.abs(here[key] - there[key]).max()) for key in here)
        for key, values in here.items():
            np.testing.assert_allclose(values, there[key], atol=TOLERANCE, rtol=0)
