"""A run goes on by its record: with what was asked for then, also by an earlier version."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.training.tiny import Tiny, train_tiny, weights
from zoo.training import checkpoint
from zoo.training.run import planned, train

# A run of the first round's code, stopped by Ctrl-C after step 3, in the middle of an update, and what it was begun with.
FIRST_ROUND = Path(__file__).parent / "first_round"
OPTIONS = {"ema": 0.9, "clip": 1.0, "accumulate": 2, "warm_up": 2, "schedule": "constant", "steps": 8, "log_every": 3, "seed": 3}


@pytest.fixture
def first_round(tmp_path):
    return Path(shutil.copytree(FIRST_ROUND, tmp_path / "first_round"))


def edit(run, section, **values):
    record = json.loads((run / "config.json").read_text())
    record[section] |= values
    (run / "config.json").write_text(json.dumps({name: value for name, value in record.items()}))


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))


def test_a_run_of_the_first_round_goes_on(first_round, tmp_path):
    """To rounding, since its first three steps were taken on another machine."""
    train_tiny(tmp_path / "whole", checkpoint_every=4, **OPTIONS)
    train_tiny(first_round, checkpoint_every=4, resume=True, **OPTIONS)
    for whole, resumed in zip(weights(tmp_path / "whole"), weights(first_round), strict=True):
        np.testing.assert_allclose(whole, resumed, rtol=0, atol=1e-6)
    assert checkpoint.newest(first_round / "checkpoint") == 8


def test_a_run_of_the_first_round_goes_on_with_nothing_said(first_round):
    plan = planned(Tiny, out=first_round, resume=True)
    assert {name: getattr(plan, name) for name in OPTIONS} == OPTIONS
    assert plan.sources == {"data": "samples:"} and plan.batch_size == 4 and plan.checkpoint_every == 4
    train(Tiny, out=first_round, resume=True)
    assert checkpoint.newest(first_round / "checkpoint") == 8


def test_a_run_of_the_first_round_is_refused_where_it_differs(first_round):
    with pytest.raises(ValueError, match="cannot resume .*: accumulate was 2 and is now 1; seed was 3 and is now 4"):
        train(Tiny, out=first_round, resume=True, seed=4, accumulate=1)


def test_a_run_of_the_first_round_says_where_its_pictures_are_not(first_round):
    command = ["/bin/zoo", "train", "fast_style", "--set", "style=my wave.jpg", "--out", "run"]
    edit(first_round, "pictures", style=["0" * 64])
    edit(first_round, "training", start_from="0" * 64)
    edit(first_round, "run", command=command)
    with pytest.raises(
        ValueError, match="these lie: style, the weights .* its command: zoo train .*'style=my wave.jpg'.* --resume"
    ):
        train(out=first_round, resume=True)


def test_a_setting_that_came_later_is_as_its_default(first_round):
    record = json.loads((first_round / "config.json").read_text())
    del record["config"]["explode"]
    record["config"]["gone"] = 3
    (first_round / "config.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match="explode was 0 and is now 9"):
        train(Tiny, {"explode": 9}, out=first_round, resume=True)
    train(Tiny, out=first_round, resume=True)


def test_a_damaged_record_is_named(first_round):
    (first_round / "config.json").write_text("{")
    with pytest.raises(ValueError, match=r"config.json is not the record of a training"):
        train(Tiny, out=first_round, resume=True)


def test_more_steps_extend_a_run_of_constant_rates(tmp_path):
    options = {"schedule": "constant", "warm_up": 2}
    train_tiny(tmp_path / "whole", steps=9, **options)
    train_tiny(tmp_path / "parts", steps=6, **options)
    shutil.copy2(tmp_path / "parts" / "model.keras", tmp_path / "old.keras")
    train(Tiny, out=tmp_path / "parts", resume=True, steps=9)
    assert same(tmp_path / "whole", tmp_path / "parts")
    shutil.copy2(tmp_path / "old.keras", tmp_path / "parts" / "model.keras")  # killed before the new one was written
    train(Tiny, out=tmp_path / "parts", resume=True)
    assert same(tmp_path / "whole", tmp_path / "parts")


def test_more_steps_are_refused_where_the_rate_depends_on_them(tmp_path):
    train_tiny(tmp_path / "run", schedule="cosine")
    before = weights(tmp_path / "run")
    with pytest.raises(ValueError, match=r"rate depends on the steps in all, which were 6 and are now 9; .*--start-from"):
        train(Tiny, out=tmp_path / "run", resume=True, steps=9)
    assert all(np.array_equal(a, b) for a, b in zip(before, weights(tmp_path / "run"), strict=True))


def test_another_optimizer_is_named(tmp_path):
    train_tiny(tmp_path / "run")
    edit(tmp_path / "run", "optimizer", beta_2=0.5)
    with pytest.raises(ValueError, match="the model's optimizer is another, in beta_2"):
        train_tiny(tmp_path / "run", resume=True)


def test_the_record_holds_what_was_asked_for_from_any_directory(tmp_path, pictures, monkeypatch):
    folder = Path(pictures.partition(":")[2])
    monkeypatch.chdir(folder)
    style = {"style": ["people/camera.png"]}
    asked = {"steps": 2, "batch_size": 2, "log_every": 1, "checkpoint_every": 1, "keep": 5, "max_bad": 0.5, "wait": 60}
    train("fast_style", preset="tiny", pictures=style, data="folder:things", out=tmp_path / "a", **asked)
    monkeypatch.chdir(tmp_path)
    edit(tmp_path / "a", "config", style_names=["other"])  # which may be changed at any time
    plan = planned(out="a", resume=True)
    assert {name: getattr(plan, name) for name in asked} == asked and plan.preset == "tiny"
    assert plan.sources == {"data": f"folder:{folder / 'things'}"} and plan.pictures == {
        "style": [str(folder / "people" / "camera.png")]
    }
    train(out="a", resume=True, steps=2)
    (tmp_path / "a" / "model.keras").unlink()
    train(out="a", resume=True)
    assert (tmp_path / "a" / "model.keras").exists()
