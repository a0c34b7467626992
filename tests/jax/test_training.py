"""Training on a machine without TensorFlow: the command, several devices, options, and what is refused."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

import zoo
from tests.jax.processes import start_on_jax
from tests.models import sample
from tests.training.processes import finish
from tests.training.tiny import train_tiny, weights
from zoo.export.export import export_model
from zoo.training.sources import open_source
from zoo.training.tfrecord_source import write

pytestmark = pytest.mark.long
STEPS = 6
OPTIONS = {
    "averaged": {"ema": 0.9},
    "clipped": {"clip": 0.01},
    "accumulated": {"accumulate": 2},
    "scheduled": {"schedule": "cosine", "warm_up": 2},
    "bfloat16": {"precision": "mixed_bfloat16"},
    "float16": {"precision": "mixed_float16"},
    "together": {"steps_per_execution": 3, "log_every": 3},
    "validated": {"validation": "samples:coffee", "data": "samples:rocket"},
}


def command(cache, *arguments, code=0, **environment):
    """The `zoo` command in a process without TensorFlow; what it printed, or its last line where it is to fail."""
    process = start_on_jax([str(word) for word in arguments], "tests.jax.command", cache, **environment)
    printed, errors = process.communicate(timeout=600)
    assert process.returncode == code, errors
    return errors.splitlines()[-1] if code else printed


def test_the_command_trains_without_tensorflow_and_the_file_is_exported_with_it(tmp_path, pictures, cache):
    run = tmp_path / "run"
    words = ("--preset", "tiny", "--data", pictures, "--steps", 4, "--batch-size", 2, "--checkpoint-every", 2)
    printed = command(cache, "train", "denoiser", *words, "--out", run, "--backend", "jax", KERAS_BACKEND="")
    assert f"The model is {run / 'model.keras'}" in printed
    assert json.loads((run / "config.json").read_text())["training"]["backend"] == "jax"
    assert list((run / "events").glob("events.out.tfevents.*"))
    # It knows its backend, and has no need of being told.
    line = command(cache, "train", "--resume", run, "--backend", "tensorflow", code=2, KERAS_BACKEND="")
    assert "--backend tensorflow needs tensorflow, which is not installed: pip install 'keras-image-zoo'" in line
    assert "is finished" in command_says(cache, "train", "--resume", run)
    model = zoo.load(str(run / "model.keras"))
    examples = [sample(name, 64) for name in ("astronaut", "chelsea", "coffee", "rocket")] * 2
    options = {"formats": ("onnx",), "precisions": ("float32",), "pictures": examples}
    manifest = export_model(model, tmp_path / "out", name="denoiser", **options)
    assert manifest.artifacts and manifest.passed


def command_says(cache, *arguments):
    """What the command, with no backend in its environment, prints for people to look at."""
    process = start_on_jax([str(word) for word in arguments], "tests.jax.command", cache, KERAS_BACKEND="")
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    return errors


def test_options_of_a_resumed_run(tmp_path, cache):
    """One process trains whole runs, one those that were cut: each ends with the same bits."""
    write(open_source("samples:"), tmp_path / "packed")
    options = OPTIONS | {"packed": {"data": f"tfrecord:{tmp_path / 'packed'}"}}
    plans = [{"out": str(tmp_path / "whole" / name), "steps": STEPS, **more} for name, more in options.items()]
    assert json.loads(finish(start_on_jax(plans, "tests.training.tiny", cache))) == [None] * len(plans)
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    for name in options:
        (tmp_path / "cut" / name / "model.keras").unlink()
        (tmp_path / "cut" / name / "checkpoint" / f"step-{STEPS:08d}.npz").unlink()
    again = [plan | {"out": plan["out"].replace("whole", "cut"), "resume": True} for plan in plans]
    assert json.loads(finish(start_on_jax(again, "tests.training.tiny", cache))) == [None] * len(plans)
    for name in options:
        for whole, cut in zip(weights(tmp_path / "whole" / name), weights(tmp_path / "cut" / name), strict=True):
            assert np.array_equal(whole, cut), name


@pytest.mark.parametrize("replicas", [2, 4])
def test_several_devices_equal_one(tmp_path, cache, replicas):
    """Batch normalisation is in it, whose statistics are those of the whole batch."""
    options = {"steps": STEPS, "config": {"learning_rate": 1e-3}}
    plans = [{"out": tmp_path / "several", "replicas": replicas, "strategy": "mirrored", **options}]
    one = start_on_jax({"out": tmp_path / "one", **options}, "tests.training.tiny", cache)
    assert json.loads(finish(start_on_jax(plans, "tests.training.tiny", cache))) == [None]
    finish(one)
    pairs = list(zip(weights(tmp_path / "one"), weights(tmp_path / "several"), strict=True))
    assert max(np.abs(a - b).max() for a, b in pairs) < 1e-6


def test_what_is_refused_in_one_line(tmp_path, cache):
    late = {"out": tmp_path / "late", "log_every": 10}
    runs = [
        {"out": tmp_path / "jax", "steps": 2, "log_every": 1},
        {"out": tmp_path / "cluster", "strategy": "multiworker"},
        {"out": tmp_path / "tensorflow", "backend": "tensorflow"},
        {"out": tmp_path / "uneven", "replicas": 2, "batch_size": 3},
        {"out": tmp_path / "explodes", "config": {"explode": 5}, "steps": 20},
        late | {"config": {"explode": 5}, "exact": False, "checkpoint_every": 20, "steps": 20},
        {"out": tmp_path / "nowhere", "data": "folder:nowhere"},
    ]
    trained, *faults = json.loads(finish(start_on_jax(runs, "tests.training.tiny", cache)))
    assert trained is None
    expected = (
        "--strategy multiworker needs the TensorFlow backend",
        "Keras runs on jax in this process, and this training on tensorflow: start one with KERAS_BACKEND=tensorflow",
        "2 replicas need 2 devices, and JAX has 1",
        "diverged at step 6: the loss (error) is not finite; the batch held",
        "diverged between step 1 and step 10: the loss (error) is not finite; the batches held",
        "nowhere",
    )
    for fault, words in zip(faults, expected, strict=True):
        assert words in fault and "\n" not in fault
    with pytest.raises(ValueError, match="Keras runs on tensorflow in this process, and this training on jax"):
        train_tiny(tmp_path / "jax", resume=True)
    with pytest.raises(ValueError, match="cannot resume .*backend was jax and is now tensorflow"):
        train_tiny(tmp_path / "jax", resume=True, backend="tensorflow", steps=2)


def test_jax_that_is_not_installed_is_named_with_its_extra(tmp_path, cache):
    words = ("train", "denoiser", "--data", "samples:", "--out", tmp_path / "run", "--backend", "jax")
    line = command(cache, *words, code=2, REFUSED="jax", KERAS_BACKEND="")
    assert line == "zoo: --backend jax needs jax, which is not installed: pip install 'keras-image-zoo[jax]'"
    line = command(cache, *words[:-2], code=2, KERAS_BACKEND="torch")
    assert line == "zoo: zoo trains on tensorflow and jax, not on torch: set KERAS_BACKEND to one of them"
    assert not (tmp_path / "run").exists()


OF_TENSORFLOW = """
import numpy, zoo
from zoo.export.lint import lint
from zoo.training.optimise import optimise_picture
picture = numpy.zeros((64, 64, 3), "float32")
for call in (
    lambda: lint(zoo.create("denoiser", preset="tiny").inference_model()),
    lambda: optimise_picture(picture, [picture]),
):
    try:
        call()
    except ValueError as error:
        print(error)
"""


def test_what_tensorflow_makes_is_made_by_it_or_refused_in_one_line(cache):
    """The command takes TensorFlow, whatever the environment says; a process of somebody's own is told."""
    words = ("lint", "denoiser", "--preset", "tiny")
    assert "nothing in the way" in command(cache, *words, REFUSED="")
    line = command(cache, *words, code=2)
    assert line == "zoo: this takes tensorflow, which only the whole package brings: pip install keras-image-zoo"
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [sys.executable, "-c", OF_TENSORFLOW], env=environment, capture_output=True, text=True, timeout=300, check=True
    )
    exported, painted = done.stdout.splitlines()
    assert exported.startswith("Keras runs on jax in this process, and what is exported is made by TensorFlow: save the model")
    assert painted.startswith("neural_style paints by L-BFGS on TensorFlow, and Keras runs on jax here: start one with")
