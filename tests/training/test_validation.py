"""Held-out pictures: the best weights are the model, the training ends in time, and a resume changes nothing of it."""

import csv
import shutil

import numpy as np
import pytest

from tests.training.tiny import train_tiny, weights
from zoo.training.run import train

HELD_OUT = {"validation": "samples:coffee", "data": "samples:astronaut", "log_every": 2, "checkpoint_every": 2}
WILD = {"learning_rate": 0.3}  # so that the last weights are not the best


def losses(run):
    with (run / "validation.csv").open(newline="") as file:
        return {int(row["step"]): float(row["loss"]) for row in csv.DictReader(file)}


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))


def test_the_best_weights_are_the_model(tmp_path, capsys):
    train_tiny(tmp_path / "run", config=WILD, steps=8, **HELD_OUT)
    measured = losses(tmp_path / "run")
    best = min(measured, key=measured.get)
    assert sorted(measured) == [2, 4, 6, 8] and best < 8
    assert f"step {best}: loss {measured[best]:.4g} on held-out pictures, the best so far" in capsys.readouterr().err
    plain = HELD_OUT | {"validation": None}
    train_tiny(tmp_path / "best", config=WILD, steps=best, **plain)
    train_tiny(tmp_path / "last", config=WILD, steps=8, **plain)
    assert same(tmp_path / "run", tmp_path / "best") and not same(tmp_path / "run", tmp_path / "last")


def test_a_resume_changes_nothing(tmp_path):
    options = {"steps": 8, "config": WILD, "precision": "mixed_bfloat16", **HELD_OUT}
    train_tiny(tmp_path / "whole", keep=9, **options)
    shutil.copytree(tmp_path / "whole", tmp_path / "killed")  # after step 6 was measured, and before its checkpoint
    for step in (6, 8):
        (tmp_path / "killed" / "checkpoint" / f"step-{step:08d}.npz").unlink()
    (tmp_path / "killed" / "model.keras").unlink()
    rows = (tmp_path / "killed" / "validation.csv").read_text().splitlines(keepends=True)
    (tmp_path / "killed" / "validation.csv").write_text("".join(rows[:4]))
    train_tiny(tmp_path / "killed", keep=9, resume=True, **options)
    assert losses(tmp_path / "whole") == losses(tmp_path / "killed") and same(tmp_path / "whole", tmp_path / "killed")


def test_it_ends_when_nothing_better_comes(tmp_path, capsys):
    run = tmp_path / "run"
    train_tiny(run, config=WILD, steps=200, patience=2, **HELD_OUT)
    values = list(losses(run).values())
    assert len(values) < 100 and np.argmin(values) == len(values) - 3
    train_tiny(run, config=WILD, steps=200, patience=2, resume=True, **HELD_OUT)
    assert "is finished" in capsys.readouterr().err and list(losses(run).values()) == values
    train_tiny(run, config=WILD, steps=200, patience=3, resume=True, **HELD_OUT)
    assert list(losses(run).values())[: len(values)] == values and len(losses(run)) > len(values)


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ("gan", {"validation": "samples:coffee"}, "unlike gan's: --metrics-every"),
        ("denoiser", {"validation": "samples:"}, "--validation has the pictures of --data"),
        ("denoiser", {"patience": 3}, "--patience N needs held-out pictures: --validation SOURCE"),
        ("denoiser", {"validation": "samples:coffe"}, "did you mean 'coffee'"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, model, options, words):
    with pytest.raises(ValueError, match=words):
        train(model, preset="tiny", data="samples:", out=tmp_path / "run", steps=1, **options)
    assert not (tmp_path / "run").exists()
