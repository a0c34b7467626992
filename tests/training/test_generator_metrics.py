"""A generator that is measured while it trains: the files it leaves, the same weights as without, and what is refused."""

import csv
import shutil

import numpy as np
import pytest

from zoo.training.metrics import FIGURES
from zoo.training.run import train

ARGUMENTS = {"preset": "tiny", "batch_size": 2, "steps": 6, "checkpoint_every": 2, "log_every": 3, "ema": 0.5}


def checkpoint(run):
    newest = max((run / "checkpoint").iterdir())
    with np.load(newest) as archive:
        return {name: archive[name] for name in archive.files}


def rows(run):
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.reader(file))


def test_measuring_changes_no_weight_and_a_resumed_run_measures_the_same(tmp_path, pictures):
    train("cgan", data=pictures, out=tmp_path / "plain", **ARGUMENTS)
    train("cgan", data=pictures, out=tmp_path / "whole", metrics_every=3, **ARGUMENTS)
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    (tmp_path / "cut" / "model.keras").unlink()
    max((tmp_path / "cut" / "checkpoint").iterdir()).unlink()
    train("cgan", data=pictures, out=tmp_path / "cut", metrics_every=3, resume=True, **ARGUMENTS)
    plain, whole, cut = (checkpoint(tmp_path / run) for run in ("plain", "whole", "cut"))
    for name in plain:
        np.testing.assert_array_equal(plain[name], whole[name])
        np.testing.assert_array_equal(plain[name], cut[name])
    assert not (tmp_path / "plain" / "metrics.csv").exists()
    assert rows(tmp_path / "whole")[0] == ["step", *FIGURES]
    assert [row[0] for row in rows(tmp_path / "whole")[1:]] == ["3", "6"]
    assert np.isfinite(np.array(rows(tmp_path / "whole")[1:], float)).all()
    assert rows(tmp_path / "whole") == rows(tmp_path / "cut")


def test_several_steps_at_once(tmp_path, pictures):
    train("gan", data=pictures, out=tmp_path / "run", metrics_every=2, steps_per_execution=2, **ARGUMENTS | {"log_every": 2})
    assert [row[0] for row in rows(tmp_path / "run")[1:]] == ["2", "4", "6"]


@pytest.mark.parametrize(
    ("name", "options", "line"),
    [
        ("denoiser", {"metrics_every": 2}, "denoiser makes no pictures out of latents"),
        ("gan", {"metrics_every": -1}, "metrics_every must be 0"),
        ("gan", {"metrics_every": 3, "steps_per_execution": 2, "log_every": 2}, "multiple of steps_per_execution 2"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is_written(name, options, line, tmp_path, pictures):
    with pytest.raises(ValueError, match=line):
        train(name, data=pictures, out=tmp_path / "run", **ARGUMENTS | options)
    assert not (tmp_path / "run").exists()


def test_too_few_pictures_are_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 4 pictures, not 1"):
        train("gan", data="samples:coffee", out=tmp_path / "run", metrics_every=2, **ARGUMENTS)
