"""Trainings that begin with trained weights."""

import json

import keras
import numpy as np
import pytest

import zoo
from tests.cli.in_process import run
from tests.training.tiny import train_tiny, weights
from zoo.training.start import take_weights


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of the tiny model."""
    folder = tmp_path_factory.mktemp("start") / "run"
    train_tiny(folder)
    return folder


@pytest.mark.parametrize("replicas", [1, 2])
def test_it_begins_where_the_other_ended(trained, tmp_path, replicas):
    """With a learning rate that moves nothing; batch normalisation's statistics do move."""
    begun = {"start_from": str(trained / "model.keras"), "config": {"learning_rate": 1e-20}}
    train_tiny(tmp_path / "on", replicas=replicas, **begun)
    for before, after in zip(
        *(keras.saving.load_model(file / "model.keras").trainable_variables for file in (trained, tmp_path / "on")), strict=True
    ):
        np.testing.assert_allclose(before, after, rtol=0, atol=1e-12)


def test_what_does_not_fit_begins_anew(tmp_path, caplog):
    """The last convolution, which has four times the channels."""
    two, four = (zoo.create("super_resolution", preset="tiny", factor=factor) for factor in (2, 4))
    random = np.random.default_rng(0)
    two.set_weights([random.normal(size=weight.shape) for weight in two.get_weights()])  # a new model's offsets are zero
    two.save(tmp_path / "two.keras")
    last = four.get_weights()[-2:]
    take_weights(four, str(tmp_path / "two.keras"))
    every = len(four.get_weights())
    assert f"{every - 2} of {every} arrays of weights" in caplog.text
    for kept, before in zip(four.get_weights()[-2:], last, strict=True):
        np.testing.assert_array_equal(kept, before)
    for one, other in zip(four.get_weights()[:-2], two.get_weights()[:-2], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_shipped_weight_has_no_discriminator(caplog):
    """What only training needs is zero there, and would never learn."""
    shipped = zoo.load("gan/mnist")
    model = zoo.create("gan", width=shipped.width, latent=shipped.latent)
    take_weights(model, "gan/mnist")
    assert "arrays of weights begin with its values, the others anew" in caplog.text
    assert all(np.any(variable) for variable in model.trainable_variables if variable.name == "kernel")


def test_resume_knows_what_it_began_with(trained, tmp_path):
    begun = {"start_from": str(trained / "model.keras")}
    train_tiny(tmp_path / "whole", **begun)
    for steps in (3, 6):
        train_tiny(tmp_path / "parts", steps=steps, resume=True, **begun)
    for whole, parts in zip(weights(tmp_path / "whole"), weights(tmp_path / "parts"), strict=True):
        assert np.array_equal(whole, parts)
    with pytest.raises(ValueError, match="start_from was [0-9a-f]{64} and is now None"):
        train_tiny(tmp_path / "parts", resume=True)


def test_wrong_weights(trained, tmp_path, capfd):
    command = ["train", "gan", "--preset", "tiny", "--data", "samples:", "--out", tmp_path / "out", "--start-from"]
    (tmp_path / "no.keras").write_text("nothing")
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "unfinished" / "config.json").write_text(json.dumps({}))
    for what, line in {
        trained: "it holds a tests>Tiny, not a gan",
        "fast_style/wave": "it holds a fast_style, not a gan",
        "gan/mnist": "none of its layers has the shape of this model's",
        "gan/mnits": "did you mean 'gan/mnist'?",
        tmp_path / "no.keras": "is not a .keras file, or is cut short",
        tmp_path / "unfinished": "has no model.keras yet",
    }.items():
        assert run(*command, what) == 2
        assert line in capfd.readouterr().err
        assert not (tmp_path / "out").exists()
