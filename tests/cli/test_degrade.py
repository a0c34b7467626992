"""`zoo degrade`: what it writes, says and refuses."""

import json

import numpy as np
import pytest

from tests.cli.in_process import run
from tests.models import sample
from zoo.training.degradations import degrade, draw_steps
from zoo.training.pictures import read_picture, write_picture


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_picture("photo.png", sample("coffee", 51))
    return read_picture("photo.png").rgb


@pytest.mark.parametrize(("recipe", "factor"), [("camera", 1), ("web", 4), ("worn", 2)])
def test_it_shows_what_a_training_does(recipe, factor, photo, capsys):
    options = ("--recipe", recipe, "--factor", factor, "--seed", 5)
    assert run("degrade", "photo.png", "--out", "bad.png", *options) == 0
    said = capsys.readouterr().out.splitlines()
    side = 51 // factor * factor
    assert said == [str(step) for step in draw_steps(recipe, (side, side), factor, np.random.default_rng(5))]
    expected = degrade(photo[:side, :side], recipe, np.random.default_rng(5), factor)
    np.testing.assert_array_equal(read_picture("bad.png").rgb, expected)


def test_json_has_every_setting(photo, capsys):
    assert run("degrade", "photo.png", "--out", "bad.png", "--recipe", "worn", "--json") == 0
    history = json.loads(capsys.readouterr().out)
    assert history["recipe"] == "worn" and [step["name"] for step in history["steps"]].count("resize") == 2


def test_one_pixel_is_a_picture(photo):
    write_picture("dot.png", photo[:1, :1])
    for recipe in ("camera", "web", "worn"):
        for seed in range(4):
            out = f"{recipe}{seed}.png"
            assert run("degrade", "dot.png", "--out", out, "--recipe", recipe, "--seed", seed) == 0
            assert read_picture(out).rgb.shape == (1, 1, 3)


def test_bad_input_is_refused_in_one_line(photo, capsys):
    assert run("degrade", "photo.png", "--out", "photo.png") == 2
    assert "photo.png exists" in capsys.readouterr().err
    assert run("degrade", "nowhere.png", "--out", "bad.png") == 2
    assert "nowhere.png" in capsys.readouterr().err
    write_picture("dot.png", photo[:1, :1])
    assert run("degrade", "dot.png", "--out", "bad.png", "--factor", 2) == 2
    assert "too few for --factor 2" in capsys.readouterr().err
