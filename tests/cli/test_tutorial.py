"""The family of docs/tutorial, installed as anybody's package is, and put through everything."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial"
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs Python with the package installed, offline, in an environment that is made for it."""
    folder = tmp_path_factory.mktemp("tutorial")
    shutil.copytree(TUTORIAL, folder / "source")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", folder / "site", folder / "source"], check=True)

    def finished(*arguments, code=0):
        environment = {**os.environ, "PYTHONPATH": str(folder / "site"), "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(
            [sys.executable, *map(str, arguments)], cwd=folder, env=environment, capture_output=True, text=True, timeout=1200
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    return finished


def test_the_command_knows_it_like_its_own(run):
    command = ("-m", "zoo.cli.main")
    rows = {row["name"]: row for row in json.loads(run(*command, "list", "--json"))}
    assert rows["sharpener"]["task"] == "sharpening" and "image" in rows["sharpener"]["signature"]["inputs"]
    size = ("--preset", "tiny", "--batch-size", "4")
    run(*command, "train", "sharpener", "--data", "samples:", "--out", "run", *size, "--steps", "20", "--checkpoint-every", "20")
    formats = ("--to", "savedmodel,litert,onnx", "--precision", "float32", "--sizes", "dynamic,64")
    run(*command, "export", "run", "--out", "exported", *formats)
    verified = json.loads(run(*command, "verify", "exported", "--json"))
    assert {artifact["format"] for artifact in verified["artifacts"]} == {"savedmodel", "litert", "onnx"}
    assert all(artifact["parity"]["passed"] for artifact in verified["artifacts"])


def test_it_keeps_every_promise(run):
    run("-c", "import zoo.testing; zoo.testing.check_family('sharpener')")


def test_it_learns_and_answers(run):
    """What the page shows of `complete_batches` and `predict`."""
    run(
        "-c",
        "import numpy as np, tensorflow as tf, zoo\n"
        "from zoo.training.complete import complete_batches\n"
        "pictures = np.random.default_rng(0).random((8, 16, 16, 3), 'float32')\n"
        "model = zoo.create('sharpener', preset='tiny')\n"
        "model.compile()\n"
        "own = tf.data.Dataset.from_tensor_slices(pictures).batch(4).repeat()\n"
        "losses = model.fit(complete_batches(model, own), steps_per_epoch=20, epochs=2, verbose=0).history['loss']\n"
        "assert losses[1] < losses[0], losses\n"
        "assert model.predict(pictures, verbose=0).shape == pictures.shape\n",
    )
