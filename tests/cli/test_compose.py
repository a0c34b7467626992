"""`zoo apply compositor`: pictures one over the other, scenes, trained compositors, and bad input."""

import json

import numpy as np
import pytest

import zoo
from tests.cli.in_process import run
from tests.models import sample
from zoo.training.pictures import read_picture, write_picture


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in, with a background and a smaller opaque figure."""
    monkeypatch.chdir(tmp_path)
    write_picture(tmp_path / "back.png", sample("coffee", 64)[:48])
    write_picture(tmp_path / "figure.png", sample("astronaut", 32)[:, :24])
    return tmp_path


def scene(**element):
    return json.dumps({"elements": [{"picture": "back.png"}, {"picture": "figure.png", **element}]})


def test_pictures_lie_one_over_the_other(here):
    assert run("apply", "compositor", "back.png", "figure.png", "--out", "both.png") == 0
    both, back, figure = (read_picture(name).rgb for name in ("both.png", "back.png", "figure.png"))
    np.testing.assert_allclose(both[:32, :24], figure, atol=1.01 / 255)
    np.testing.assert_allclose(both[32:], back[32:], atol=1.01 / 255)


def test_a_scene_places_scales_and_mixes(here):
    (here / "scene.json").write_text(scene(place=[10, 5], size=[12, 16], opacity=0.5, gain=[0.5, 1, 1]))
    assert run("apply", "compositor", "scene.json", "--out", "out.png") == 0
    out, back = read_picture("out.png").rgb, read_picture("back.png").rgb
    changed = np.argwhere(np.abs(out - back).max(axis=-1) > 2 / 255)
    assert (changed.min(axis=0) >= [5, 10]).all() and (changed.max(axis=0) < [21, 22]).all()
    assert len(changed) > 100


@pytest.mark.parametrize("blend", ["over", "pyramid"])
def test_a_picture_over_itself_is_itself(here, blend):
    (here / "scene.json").write_text(json.dumps({"elements": [{"picture": "back.png"}] * 2}))
    assert run("apply", "compositor", "scene.json", "--out", "out.png", "--set", f"blend={blend}") == 0
    np.testing.assert_allclose(read_picture("out.png").rgb, read_picture("back.png").rgb, atol=1.01 / 255)


def test_a_trained_compositor_takes_its_elements(here, capfd):
    zoo.create("compositor", preset="tiny", elements=2).save("model.keras")
    assert run("apply", "model.keras", "back.png", "figure.png", "--out", "out.png") == 0
    assert read_picture("out.png").rgb.shape == (48, 64, 3)
    assert run("apply", "model.keras", "back.png", "--out", "one.png") == 2
    assert "takes 2 elements" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "is no scene"),
        ('{"elements": [{"picture": "back.png"}], "colour": 1}', "no key 'colour'"),
        (scene(place=[1]), "place is [left, top]"),
        (scene(opacity=2), "opacity lies between"),
        (scene(gain=[1, 2]), "gain is a number"),
        (scene(turn=3), "no key 'turn'"),
        (scene(mask="back.png"), "its picture 24 x 32"),
        (scene(picture="nothing.png"), "nothing.png"),
        (scene(size=[1e6, 1e6]), "size smaller"),
        (scene(size=[1e6, 1], rotate=45), "size smaller"),
        (scene(rotate=10**400), "rotate is an angle"),
        ('{"canvas": [100000, 100000], "elements": [{"picture": "back.png"}]}', "make the canvas smaller"),
        (json.dumps({"elements": 65 * [{"picture": "back.png"}]}), "at most 64 make a scene"),
        ('{"elements": ' + 100_000 * "[" + 100_000 * "]" + "}", "nested too deeply"),
    ],
)
def test_a_wrong_scene_is_answered_with_one_line(here, capfd, text, message):
    (here / "scene.json").write_text(text)
    assert run("apply", "compositor", "scene.json", "--out", "out.png") == 2
    error = capfd.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (here / "out.png").exists()


def test_options_that_do_not_apply_are_refused(here, capfd):
    assert run("apply", "compositor", "back.png", "--out", "out.png", "--strength", "0.5") == 2
    assert run("apply", "compositor", "back.png", "--out", "folder") == 2
    assert run("apply", "compositor", "back.png", "--out", "back.png") == 2
    assert run("apply", "compositor", "back.png", "--out", "out.png", "--set", "blend=glue") == 2
    assert "no blend 'glue'" in capfd.readouterr().err
