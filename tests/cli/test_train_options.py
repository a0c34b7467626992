"""`zoo train`: recipes, and what schedulers send."""

import importlib
import json
import pkgutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.in_process import run
from zoo.cli.main import app
from zoo.cli.train import train
from zoo.training import recipes

ROOT = Path(__file__).parents[2]
NAMES = [module.name for module in pkgutil.iter_modules(recipes.__path__)]


def refusal(capfd, *words):
    with pytest.raises(SystemExit) as caught:
        app.main(["train", *words])
    assert caught.value.code == 2
    return capfd.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_holds_options_of_the_command(name):
    recipe = importlib.import_module(f"zoo.training.recipes.{name}")
    context = train.make_context("train", ["--recipe", name, "--data", "samples:", "--out", "run", "--steps", "7"])
    assert context.params["model"] == recipe.MODEL and context.params["steps"] == 7
    for option, value in recipe.SETTINGS.items():
        assert option == "steps" or context.params[option] == value
    assert f"zoo train --recipe {name} " in recipe.__doc__ and "Hardware: " in recipe.__doc__


def test_wrong_use(capfd, monkeypatch):
    assert "no recipe 'fast_stile_wave'; did you mean 'fast_style_wave'?" in refusal(capfd, "--recipe", "fast_stile_wave")
    assert "--strategy ray and --workers N belong together" in refusal(
        capfd, "gan", "--data", "samples:", "--out", "run", "--workers", "2"
    )
    monkeypatch.setattr(sys, "path", [path for path in sys.path if "site-packages" not in path])
    ray = ["gan", "--data", "samples:", "--out", "nowhere", "--strategy", "ray", "--workers", "2"]
    assert "needs the extra cluster: pip install 'keras-image-zoo[cluster]'" in refusal(capfd, *ray)


def test_what_is_missing(capfd, tmp_path):
    assert "--out RUN says where to write; --resume RUN goes on with a run" in refusal(capfd)
    assert "name a MODEL to train" in refusal(capfd, "--data", "samples:", "--out", "run")
    assert "nowhere holds no run to go on with; name a MODEL" in refusal(capfd, "--resume", "nowhere")
    assert "--resume a and --out b are two runs" in refusal(capfd, "gan", "--resume", "a", "--out", "b")
    assert "a training needs pictures: --data" in refusal(capfd, "gan", "--out", str(tmp_path / "run"))
    assert "steps must be 1 or more, not 0" in refusal(capfd, "gan", "--data", "samples:", "--out", "run", "--steps", "0")


def test_resume_alone_goes_on_and_more_steps_extend(tmp_path, capfd, monkeypatch):
    out = tmp_path / "gan"
    words = ("--preset", "tiny", "--data", "samples:", "--steps", 2, "--batch-size", 4, "--seed", 5, "--set", "size=16")
    assert run("train", "--resume", "gan", "--out", out, *words) == 0  # what follows --resume is MODEL, beside --out
    printed = capfd.readouterr()
    assert (
        f"{out}: gan with " in printed.err and "trains for 2 steps, with 4 pictures each, from the 11 of samples:" in printed.err
    )
    assert f"The model is {out / 'model.keras'}." in printed.out and f"{out / 'samples' / 'step-00000002.png'}\n" in printed.out
    assert f"  zoo sample {out} --out pictures.png\n  zoo export {out} --out exports/gan\n" in printed.out
    monkeypatch.chdir(tmp_path)
    assert run("train", "--resume", "gan") == 0
    assert "gan is finished: 2 steps are trained; more --steps goes on" in capfd.readouterr().err
    assert run("train", "--resume", "gan", "--steps", 3) == 0
    assert "goes on after step 2 of 3" in capfd.readouterr().err
    record = json.loads((out / "config.json").read_text())
    assert (record["run"]["steps"], record["training"]["seed"], record["config"]["size"]) == (3, 5, 16)
    assert "batch_size was 4 and is now 5" in refusal(capfd, "--resume", "gan", "--batch-size", "5")
    assert "size was 16 and is now 8" in refusal(capfd, "--resume", "gan", "--set", "size=8")


def test_a_batch_is_as_large_as_the_model_wants_or_the_run_was(tmp_path):
    def batch_size(steps, out, *options):
        arguments = ("gan", "--preset", "tiny", "--data", "samples:", "--steps", steps, "--out", tmp_path / out)
        assert run("train", *arguments, *options) == 0
        return json.loads((tmp_path / out / "config.json").read_text())["training"]["batch_size"]

    assert batch_size(1, "own") == 64
    assert batch_size(1, "given", "--batch-size", 6) == 6
    assert batch_size(2, "given", "--resume") == 6


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ([], "needs pictures for 'target': --set target=folder:PATH"),
        (["target=folder:nowhere"], "no such folder: nowhere"),
        (["target=folder:empty"], "the folder empty is empty"),
        (["target=photos"], "write folder:photos"),
        (["target=samples:", "target=folder:empty"], "there is target=samples: already; put the pictures into one folder"),
    ],
)
def test_the_folders_of_cyclegan(target, line, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    settings = [word for setting in target for word in ("--set", setting)]
    error = refusal(capfd, "cyclegan", "--preset", "tiny", "--data", "samples:", "--out", "run", *settings)
    assert line in error and len(error.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_sigterm_saves_and_exits_with_143(tmp_path):
    command = [sys.executable, "-m", "zoo.cli.main", "train", "gan", "--preset", "tiny", "--data", "samples:"]
    options = ["--out", str(tmp_path / "run"), "--steps", "5000", "--log-every", "1", "--checkpoint-every", "5000"]
    process = subprocess.Popen([*command, *options], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "run" / "log.csv").exists() or (tmp_path / "run" / "log.csv").read_text().count("\n") < 3:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 143, errors
    assert "which is saved; --resume goes on from there" in errors
    assert len(list((tmp_path / "run" / "checkpoint").iterdir())) == 1
    assert json.loads((tmp_path / "run" / "config.json").read_text())["model"] == "gan"
