"""`zoo apply --style-scale`: larger strokes."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import zoo
from tests.cli.in_process import run
from tests.models import sample
from zoo import roles
from zoo.cli.inputs import Asked
from zoo.cli.tile import tiled
from zoo.cli.transform import files_transformed
from zoo.roles import Signature
from zoo.training.pictures import write_picture


@pytest.fixture(scope="module")
def painters():
    return zoo.open("fast_style/painters")


def roughness(picture):
    """Share of the variance that is finer than about 8 pixels."""
    height, width = picture.shape[:2]
    small = Image.fromarray(np.uint8(255 * picture.mean(-1))).resize((width // 8, height // 8), Image.Resampling.BOX)
    smooth = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC)) / 255
    return np.var(picture.mean(-1) - smooth) / np.var(picture.mean(-1))


def test_strokes_grow_and_the_photograph_stays(painters):
    photograph = sample("astronaut", 384)
    usual = painters(photograph, style="munch")
    large = painters(photograph, style="munch", style_scale=4)
    assert large.shape == usual.shape and np.abs(large - usual).mean() > 0.02
    assert roughness(large) < 0.8 * roughness(usual)
    assert np.corrcoef(large.mean(-1).ravel(), photograph.mean(-1).ravel())[0, 1] > 0.5


def test_one_changes_nothing_and_no_strength_gives_the_photograph(painters):
    photograph = sample("coffee", 120)
    usual = painters(photograph, style="hokusai")
    np.testing.assert_array_equal(painters(photograph, style="hokusai", style_scale=1), usual)
    np.testing.assert_allclose(painters(photograph, style="hokusai", strength=0.0, style_scale=3), photograph, atol=1e-5)


@pytest.mark.parametrize("shape", [(40, 40, 3), (33, 200, 3), (8, 8, 3)])
def test_pictures_too_small_to_reduce(painters, shape):
    picture = np.random.default_rng(0).random(shape, "float32")
    assert painters(picture, style="turner", style_scale=64).shape == shape


def test_by_tiles_as_in_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    zoo.create("fast_style", preset="tiny", styles=2).save("model.keras")
    write_picture(tmp_path / "photo.png", sample("astronaut", 200)[:150])
    options = ("--style", "1", "--style-scale", 2)
    assert run("apply", "model.keras", "photo.png", "--out", "whole.png", *options) == 0
    assert run("apply", "model.keras", "photo.png", "--out", "tiles.png", "--tile", 64, *options) == 0
    whole, tiles = (np.asarray(Image.open(name)).astype(int) for name in ("whole.png", "tiles.png"))
    assert np.abs(whole - tiles).max() <= 2


def test_what_cannot_be(painters, tmp_path, monkeypatch, capsys):
    with pytest.raises(ValueError, match="style_scale= is 1 or more, not 0.5"):
        painters(sample("coffee", 64), style="munch", style_scale=0.5)
    monkeypatch.chdir(tmp_path)
    write_picture(tmp_path / "photo.png", sample("coffee", 64))
    zoo.create("fast_style", preset="tiny", styles=2).save("model.keras")
    refused = {
        ("denoiser/photo", 2): "--style-scale: this model has no such input",
        ("super_resolution/x2", 2): "--style-scale: this model has no such input",
        ("model.keras", 0.5): "0.5 is not in the range",
        ("model.keras", "nan"): "--style-scale is 1 or more, not nan",
    }
    for (model, scale), words in refused.items():
        for tiles in ((), ("--tile", 256)):
            assert run("apply", model, "photo.png", "--out", "p.png", "--style-scale", scale, *tiles) == 2
            error = capsys.readouterr().err
            assert words in error and error.count("\n") == 1
    assert not (tmp_path / "p.png").exists()


def test_a_model_of_styles_without_a_strength_is_refused_on_both_ways(tmp_path):
    signature = Signature.of([roles.Photograph(), roles.Weights(names=("wave", "mosaic"))], [roles.Result()])
    file, asked = SimpleNamespace(signature=signature), Asked(style_scale=2.0)
    for refuse in (
        lambda: files_transformed(file, asked, preserve_color=False),
        lambda: tiled(file, 256, tmp_path / "p.png", asked, preserve_color=False, alone=False),
    ):
        with pytest.raises(ValueError, match="--style-scale is for models with a strength; this one has none"):
            refuse()
