"""The weights that ship with the package."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import zoo
from tests.models import adapted
from zoo import _shipped
from zoo._load import kind
from zoo._shipped import shipped, shipped_weights
from zoo.export import runtimes
from zoo.training.ship import LARGEST, lighten, pack, round_significand


@pytest.mark.parametrize("name", shipped_weights())
def test_every_shipped_weight_loads_is_small_and_has_a_card(name):
    file = shipped(name)
    assert file.stat().st_size <= LARGEST
    model = zoo.load(name)
    assert name.startswith(f"{kind(file)}/")
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    card = file.with_suffix(".md").read_text(encoding="utf-8")
    assert f"# {name}" in card
    for heading in ("Use", "Network", "Training", "Data", "Licence", "Score", "Limits"):
        assert f"**{heading}**" in card


def test_every_file_is_in_the_index_and_all_are_small_together():
    files = {str(file.relative_to(_shipped.WEIGHTS).with_suffix("")) for file in _shipped.WEIGHTS.glob("*/*.keras")}
    assert files == set(shipped_weights())
    assert (
        sum(file.stat().st_size for file in _shipped.WEIGHTS.rglob("*") if file.is_file()) <= 85_000_000
    )  # of a wheel under 80 MB


def test_an_altered_weight_is_refused(tmp_path, monkeypatch):
    for name in ("index.json", "fast_style/wave.keras"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((_shipped.WEIGHTS / name).read_bytes())
    monkeypatch.setattr(_shipped, "WEIGHTS", tmp_path)
    assert zoo.load("fast_style/wave").width == 32
    file = tmp_path / "fast_style" / "wave.keras"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match="missing or altered"):
        zoo.load("fast_style/wave")
    file.unlink()
    with pytest.raises(ValueError, match="missing or altered"):
        zoo.load("fast_style/wave")


def test_rounding_keeps_so_many_bits():
    values = np.random.default_rng(0).standard_normal(10_000).astype(np.float32)
    np.testing.assert_array_equal(round_significand(values, 23), values)
    np.testing.assert_array_equal(round_significand(values, 10), values.astype(np.float16).astype(np.float32))
    error = np.abs(round_significand(values, 7) / values - 1).max()
    assert 2**-9 < error <= 2**-8


def test_what_only_training_needs_is_zeroed_and_the_rest_answers_nearly_the_same(tmp_path):
    model = zoo.create("dcgan", preset="tiny")
    noise = {"latent": np.random.default_rng(0).standard_normal((2, *model.inference_model().input["latent"].shape[1:]))}
    before = np.asarray(model.inference_model()(noise)["output_image"])
    lighten(model, 10)
    assert not any(np.any(weight) for weight in model.discriminator.get_weights())
    np.testing.assert_allclose(np.asarray(model.inference_model()(noise)["output_image"]), before, atol=2e-3)
    model.save(tmp_path / "plain.keras")
    for name in ("a.keras", "b.keras"):
        pack(tmp_path / "plain.keras", tmp_path / name)
    assert Path(tmp_path / "a.keras").read_bytes() == Path(tmp_path / "b.keras").read_bytes()
    assert zipfile.ZipFile(tmp_path / "a.keras").testzip() is None
    for ours, packed in zip(model.get_weights(), zoo.load(str(tmp_path / "a.keras")).get_weights(), strict=True):
        np.testing.assert_array_equal(ours, packed)


def test_the_pictures_of_the_objective_do_not_ship(tmp_path):
    model = adapted("fast_style")
    assert model.pictures["style"]
    lighten(model, 10)
    model.save(tmp_path / "model.keras")
    assert not zoo.load(str(tmp_path / "model.keras")).pictures


def test_a_weight_holds_whatever_may_be_chosen_after_training():
    model = zoo.create("cyclegan", preset="tiny")
    lighten(model, 10)
    assert all(np.any(network.trainable_variables[0]) for network in (model.forward, model.backward))
    assert not any(np.any(weight) for weight in model.judge_source.get_weights())


def test_a_model_of_another_version_says_what_is_gone(tmp_path):
    """As one of `adain` before its network was another; the damaged ones have tests beside the runtimes."""
    with zipfile.ZipFile(shipped("fast_style/wave")) as old, zipfile.ZipFile(tmp_path / "old.keras", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                config["config"]["objective"] = "gram"
                content = json.dumps(config).encode()
            new.writestr(name, content)
    line = "old.keras was saved by another version of fast_style, which had the settings objective: train it again"
    for read in (zoo.load, runtimes.load):
        with pytest.raises(ValueError, match=line):
            read(str(tmp_path / "old.keras"))
