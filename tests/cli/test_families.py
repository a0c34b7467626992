"""`zoo apply` and `zoo sample` on families with other inputs than one picture."""

import numpy as np
import pytest
from PIL import Image

import zoo
from tests.cli.in_process import run
from tests.models import sample
from zoo.training.pictures import read_picture, write_picture


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in, with one photograph."""
    monkeypatch.chdir(tmp_path)
    write_picture(tmp_path / "photo.png", sample("astronaut", 64)[:48])
    return tmp_path


def size_and_mode(name):
    with Image.open(name) as image:
        return image.size, image.mode


def saved(name, **config):
    zoo.create(name, preset="tiny", **config).save("model.keras")


def test_a_generator_gives_the_same_sheet_for_the_same_seed(here, capfd):
    saved("cgan")
    for out, seed in (("a.png", "1"), ("b.png", "1"), ("c.png", "2")):
        assert run("sample", "model.keras", "--out", out, "-n", "9", "--seed", seed) == 0
    a, b, c = (read_picture(name).rgb for name in ("a.png", "b.png", "c.png"))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 0
    assert run("sample", "model.keras", "--out", "d.png", "-n", "10", "--interpolate", "--label", "1") == 0
    capfd.readouterr()
    assert run("sample", "model.keras", "--out", "e.png", "--label", "99") == 2
    assert "classes 0 to" in capfd.readouterr().err
    assert run("sample", "model.keras", "--out", "e.png", "--truncation", "0.5") == 2
    assert run("sample", "model.keras", "--out", "a.png") == 2
    assert run("apply", "model.keras", "photo.png", "--out", "e.png") == 2
    assert not (here / "e.png").exists()


def test_walks_start_and_end_away_from_each_other(here):
    from zoo.cli.sample import walks

    latents = walks(np.random.default_rng(0), 16, 64).reshape(4, 4, 64)
    assert np.abs(latents[:, 0] - latents[:, -1]).mean() > 0.5
    assert np.linalg.norm(latents, axis=-1).min() > 4  # a great circle stays where latents are; a straight line would not


def test_an_inpainter_fills_the_hole_and_keeps_the_rest(here, capfd):
    saved("unet_inpainter")
    mask = np.zeros((48, 64, 3), "float32")
    mask[10:20, 10:30] = 1
    write_picture(here / "mask.png", mask)
    assert run("apply", "model.keras", "photo.png", "--mask", "mask.png", "--out", "filled.png") == 0
    photo, filled = read_picture("photo.png").rgb, read_picture("filled.png").rgb
    np.testing.assert_array_equal(filled[mask == 0], photo[mask == 0])
    assert np.abs(filled - photo)[mask == 1].mean() > 0
    capfd.readouterr()
    assert run("apply", "model.keras", "photo.png", "--out", "other.png") == 2
    assert "--mask" in capfd.readouterr().err
    write_picture(here / "small.png", mask[:20])
    assert run("apply", "model.keras", "photo.png", "--mask", "small.png", "--out", "other.png") == 2
    assert "64 x 20" in capfd.readouterr().err


def test_what_is_transparent_is_the_hole(here):
    saved("unet_inpainter")
    alpha = np.ones((48, 64, 1), "float32")
    alpha[:, :16] = 0
    write_picture(here / "cut.png", sample("astronaut", 64)[:48], alpha)
    assert run("apply", "model.keras", "cut.png", "--out", "filled.png") == 0
    assert size_and_mode("filled.png") == ((64, 48), "RGB")


def test_adain_takes_the_style_as_a_picture(here, capfd):
    saved("adain")
    write_picture(here / "style.png", sample("coffee", 80))
    assert run("apply", "model.keras", "photo.png", "--style", "style.png", "--out", "a.png") == 0
    assert size_and_mode("a.png") == ((64, 48), "RGB")
    capfd.readouterr()
    assert run("apply", "model.keras", "photo.png", "--out", "b.png") == 2
    assert "--style PICTURE" in capfd.readouterr().err


def test_adain_blends_pictures_by_weight(here, capfd):
    saved("adain")
    for name in ("coffee", "brick"):
        write_picture(here / f"{name}.png", sample(name, 80))
    styles = ("--style", "coffee.png:3", "--style", "brick.png:1")
    assert run("apply", "model.keras", "photo.png", *styles, "--out", "a.png") == 0
    photo, coffee, brick = (read_picture(name).rgb[None] for name in ("photo.png", "coffee.png", "brick.png"))
    expected = zoo.load("model.keras").blend(photo, [coffee, brick], [0.75, 0.25])[0]
    np.testing.assert_allclose(read_picture("a.png").rgb, expected, atol=1 / 255)
    assert run("apply", "model.keras", "photo.png", *styles, "--out", "tiled.png", "--tile", "64") == 0
    np.testing.assert_allclose(read_picture("tiled.png").rgb, expected, atol=1 / 255)
    capfd.readouterr()
    assert run("apply", "model.keras", "photo.png", "--style", "coffee.png:x", *styles, "--out", "b.png") == 2
    assert "PICTURE:WEIGHT" in capfd.readouterr().err


def test_a_huge_style_is_reduced_with_a_note(here, caplog):
    saved("adain")
    Image.new("RGB", (9000, 60), "red").save(here / "style.jpg")
    assert run("apply", "model.keras", "photo.png", "--style", "style.jpg", "--out", "a.png") == 0
    assert "style.jpg: 9000 x 60 pixels, taken at 2048 x" in caplog.text


@pytest.mark.parametrize("size", [(1, 60), (60, 1), (400, 2)])
def test_one_pixel_high_and_very_long_pictures(here, size):
    Image.effect_noise(size, 80).save(here / "thin.png")  # gray
    Image.new("RGB", (50, 50), "teal").save(here / "flat.png")
    for name in ("fast_style", "cyclegan", "adain"):
        saved(name)
        style = ["--style", "flat.png"] if name == "adain" else []
        assert run("apply", "model.keras", "thin.png", *style, "--out", f"{name}.png") == 0
        assert size_and_mode(f"{name}.png") == (size, "RGB")


def test_either_direction_of_cyclegan_is_exported(here, capfd):
    saved("cyclegan")
    write_picture(here / "small.png", sample("coffee", 32))
    for direction in ("forward", "backward"):
        options = ("--set", f"direction={direction}", "--to", "onnx", "--precision", "float32", "--sizes", "dynamic")
        assert run("export", "model.keras", "--out", direction, *options) == 0
        file = next((here / direction).rglob("*.onnx"))
        assert run("apply", str(file), "small.png", "--out", f"{direction}.png") == 0
        expected = getattr(zoo.load("model.keras"), direction)(read_picture("small.png").rgb[None])[0]
        np.testing.assert_allclose(read_picture(f"{direction}.png").rgb, np.clip(expected, 0, 1), atol=1 / 255)
    capfd.readouterr()
    assert run("export", "model.keras", "--out", "x", "--set", "direction=back") == 2
    assert "did you mean 'backward'" in capfd.readouterr().err
    assert run("export", "model.keras", "--out", "x", "--set", "size=64") == 2
    assert not (here / "x").exists()


def test_styles_blend_by_number(here, capfd):
    saved("fast_style", styles=2)
    assert run("apply", "model.keras", "photo.png", "--style", "0:0.5", "--style", "1:0.5", "--out", "a.png") == 0
    assert run("apply", "model.keras", "photo.png", "--style", "2", "--out", "b.png") == 2
    assert "styles 0, 1" in capfd.readouterr().err


def test_super_resolution_enlarges_and_keeps_transparency(here):
    saved("super_resolution")
    factor = zoo.create("super_resolution", preset="tiny").factor
    write_picture(here / "logo.png", sample("coffee", 32), np.ones((32, 32, 1), "float32") * 0.5)
    assert run("apply", "model.keras", "logo.png", "--out", "large.png") == 0
    assert size_and_mode("large.png") == ((32 * factor, 32 * factor), "RGBA")


def test_neural_style_paints_one_picture(here, capfd):
    write_picture(here / "style.png", sample("coffee", 64))
    assert run("apply", "neural_style", "photo.png", "--style", "style.png", "--out", "a.png", "--set", "size=64") == 0
    assert size_and_mode("a.png") == ((64, 48), "RGB")
    assert np.abs(read_picture("a.png").rgb - 0.5).mean() > 0.01
    capfd.readouterr()
    assert run("apply", "neural_style", "photo.png", "--out", "b.png") == 2
    assert "--style PICTURE" in capfd.readouterr().err
