"""Tunings that really train, in two and three trials of a few steps."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.in_process import run
from zoo.cli.train import train as train_command
from zoo.cli.tune import best_command

DENOISER = ("denoiser", "--preset", "tiny", "--steps", "8", "--checkpoint-every", "2", "--log-every", "1", "-n", "8")
VARIED = ("--vary", "learning_rate=1e-4..1e-2", "--vary", "batch_size=2,4", "--vary", "depth=2..4")


def begun(*words: object, folder: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "zoo.cli.main", "tune", *map(str, words)]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def ended(process: subprocess.Popen) -> dict:
    out, errors = process.communicate(timeout=500)
    assert process.returncode == 0, errors
    return json.loads(out)


def test_a_tuning_that_is_killed_ends_as_one_that_was_not(tmp_path, pictures):
    pytest.importorskip("optuna")
    words = (*DENOISER, *VARIED, "--data", "samples:", "--validation", pictures, "--trials", "3", "--json")
    whole = begun(*words, "--out", "whole", folder=tmp_path)
    summary = ended(whole)
    killed = begun(*words, "--out", "killed", folder=tmp_path)
    log = tmp_path / "killed" / "trials" / "0001" / "log.csv"
    while not log.exists() or log.read_text().count("\n") < 5:
        assert killed.poll() is None, killed.stderr.read()
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    resumed = ended(begun("--resume", tmp_path / "killed", "--json", folder=Path("/")))
    assert summary["figure"] == "psnr" and summary["higher"] and len(summary["trials"]) == 3
    assert [{**trial, "run": ""} for trial in resumed["trials"]] == [{**trial, "run": ""} for trial in summary["trials"]]
    assert summary["best"] == max(summary["trials"], key=lambda trial: trial["figure"])["number"]
    for trial in summary["trials"]:
        assert 1e-4 <= trial["settings"]["learning_rate"] <= 1e-2 and trial["settings"]["batch_size"] in (2, 4)
        record = json.loads((tmp_path / trial["run"] / "config.json").read_text())
        assert record["config"]["depth"] == trial["settings"]["depth"]
        assert record["training"]["batch_size"] == trial["settings"]["batch_size"]
    best = summary["trials"][summary["best"]]["settings"]
    said = train_command.make_context("train", shlex.split(summary["command"])[2:]).params
    assert (said["steps"], said["batch_size"], said["preset"]) == (8, best["batch_size"], "tiny")
    assert set(said["settings"]) == {f"learning_rate={best['learning_rate']}", f"depth={best['depth']}"}


def test_a_vae_by_its_likelihood_and_what_diverges_is_worst(tmp_path, pictures, capfd):
    pytest.importorskip("optuna")
    out = tmp_path / "vae"
    words = ("vae", "--preset", "tiny", "--data", "samples:", "--validation", pictures, "--out", out, "--steps", 6, "-n", 8)
    options = ("--vary", "learning_rate=0.001,1e30", "--batch-size", 4, "--log-every", 1, "--seed", 1)
    assert run("tune", *words, *options, "--trials", 3) == 0
    printed = capfd.readouterr()
    rates = [json.loads((out / "trials" / f"{n:04d}" / "config.json").read_text())["config"]["learning_rate"] for n in range(3)]
    assert {*rates} == {0.001, 1e30}  # the seed sees to that
    lines = printed.out.splitlines()[:3]
    for rate, line in zip(rates, lines, strict=True):
        assert ("failed" in line) == (rate == 1e30) and ("negative_log_likelihood" in line) == (rate == 0.001)
    assert "failed: training diverged" in printed.err
    assert f"{rates.index(0.001):04d}  learning_rate 0.001: negative" in next(line for line in lines if line.endswith("the best"))
    assert "--set learning_rate=0.001 --out runs/vae-tuned\n" in printed.out
    assert run("tune", "--resume", out, "--trials", 3, "--json") == 0
    assert json.loads(capfd.readouterr().out)["figure"] == "negative_log_likelihood"


def test_three_trials_in_vain_are_enough(tmp_path, pictures, capfd):
    pytest.importorskip("optuna")
    words = ("--data", "samples:", "--validation", pictures, "--out", tmp_path / "out", "--vary", "network=a,b", "--steps", 2)
    assert run("tune", "denoiser", "--preset", "tiny", *words) == 2
    *before, last = capfd.readouterr().err.splitlines()
    assert last.startswith("zoo: none of the first 3 trials ended well; the last one: ")
    assert sum("failed" in line for line in before) == 3


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["denoiser"], "a tuning takes MODEL, --data, --validation, --vary and --out; see zoo tune --help"),
        (["--resume", "nowhere"], "nowhere holds no tuning to go on with"),
        (["--resume", "nowhere", "--steps", "3"], "--resume goes on with a tuning as it was; beside --trials it takes no steps"),
        (["denoiser", "--vary", "dept=2..3"], "no setting to vary 'dept'; did you mean 'depth'?"),
        (["denoiser", "--vary", "depth"], "--vary depth is not KEY=LOW..HIGH or KEY=A,B,C"),
        (["denoiser", "--vary", "depth=4..2"], "--vary depth: 4..2 is no range"),
        (["denoiser", "--vary", "depth=few..many"], "--set depth=few: give a value like"),
        (["denoiser", "--vary", "noise=camera..web"], "a range has numbers at its ends; name what to choose among, as noise=A,B"),
        (["fast_style", "--vary", "style=a.jpg,b.jpg"], "--vary style: pictures are not varied; tune with one, then train with"),
        (["denoiser"], "nothing to vary: --vary learning_rate=1e-4..1e-2"),
        (["denoiser", "--vary", "depth=2..3"], "--validation has the pictures of --data"),
    ],
)
def test_wrong_use_is_one_line(words, line, tmp_path, monkeypatch, capfd):
    pytest.importorskip("optuna")
    monkeypatch.chdir(tmp_path)
    sources = ["--data", "samples:", "--validation", "samples:", "--out", "out"]
    more = [] if "--resume" in words or "takes MODEL" in line else sources
    assert run("tune", *words, *more) == 2
    error = capfd.readouterr().err
    assert line in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_what_is_not_installed_is_named(tmp_path, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "optuna", None)  # as Python says it where it is not there
    words = ("denoiser", "--data", "samples:", "--validation", "samples:", "--out", tmp_path / "out", "--vary", "depth=2..3")
    assert run("tune", *words) == 2
    assert capfd.readouterr().err == "zoo: optuna is not installed: pip install 'keras-image-zoo[tune]'\n"


def test_the_command_says_all_that_was_asked_for():
    asked = {"data": {"data": "folder:a b", "style": "folder:s"}, "config": {"size": 32, "width": 8}, "pictures": {}, "jit": True}
    asked |= {"steps": 9, "vary": {}, "validation": "folder:v", "count": 3, "figure": None}
    assert best_command("adain", asked, {"width": 16, "ema": 0.9}) == (
        "zoo train adain --jit --steps 9 --data 'folder:a b' --ema 0.9 --set size=32 --set style=folder:s --set width=16 "
        "--out runs/adain-tuned"
    )


def test_a_range_that_goes_tenfold_is_drawn_by_its_logarithm():
    pytest.importorskip("optuna")
    from zoo.training.tune import _distribution

    assert _distribution("denoiser", "learning_rate", (1e-4, 1e-2)).log
    assert not _distribution("denoiser", "learning_rate", (0.0, 1.0)).log
    assert not _distribution("denoiser", "depth", (2, 4)).log
