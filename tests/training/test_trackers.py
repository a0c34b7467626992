"""MLflow and Weights & Biases, by their own packages, without a server or an account."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.in_process import run
from zoo.training.trackers import Trackers, tracking

TINY = (
    "denoiser",
    *["--preset", "tiny", "--data", "samples:", "--batch-size", "4", "--log-every", "2", "--checkpoint-every", "2"],
)
CONSTANT = ("--schedule", "constant")  # so that more steps go on


def trained(folder: Path, *words: str, **environment: str) -> str:
    """What `zoo train` in a process of its own, there, says."""
    command = [sys.executable, "-m", "zoo.cli.main", "train", *words]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=400, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_mlflow_follows_a_run_and_its_second_part(tmp_path):
    pytest.importorskip("mlflow")
    trained(tmp_path, *TINY, *CONSTANT, "--steps", "2", "--out", "wave", "--track", "tensorboard,mlflow")
    assert "INFO" not in trained(tmp_path, "--resume", "wave", "--steps", "4")
    code = f"""
import json
from mlflow import MlflowClient
client = MlflowClient("sqlite:///{tmp_path}/mlflow.db")
experiment = client.get_experiment_by_name("keras-image-zoo")
(run,) = client.search_runs([experiment.experiment_id])
history = [(metric.step, metric.value) for metric in client.get_metric_history(run.info.run_id, "loss")]
print(json.dumps([run.info.run_name, run.info.status, run.data.params, history]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=200, check=True)
    name, status, params, history = json.loads(done.stdout)
    log = [line.split(",")[:2] for line in (tmp_path / "wave" / "log.csv").read_text().splitlines()[1:]]
    assert (name, status) == ("wave", "FINISHED")
    assert (params["model"], params["training.batch_size"], params["config.size"]) == ("denoiser", "4", "16")
    assert [[str(step), f"{value:.7g}"] for step, value in history] == log and len(log) == 2
    assert list((tmp_path / "wave" / "events").iterdir())


def test_wandb_follows_offline(tmp_path):
    pytest.importorskip("wandb")
    trained(tmp_path, *TINY, *CONSTANT, "--steps", "2", "--out", "wave", "--track", "wandb", WANDB_MODE="offline")
    trained(tmp_path, "--resume", "wave", "--steps", "4", WANDB_MODE="offline")
    number = json.loads((tmp_path / "wave" / "tracked.json").read_text())["wandb"]
    parts = sorted((tmp_path / "wave" / "wandb").glob(f"offline-run-*-{number}"))
    assert len(parts) == 2 and not (tmp_path / "wave" / "events").exists()
    for part in parts:
        assert b"learning_rate" in (part / f"run-{number}.wandb").read_bytes()
        assert len(list(part.glob("files/media/images/samples_*.png"))) == 1


def test_what_is_not_installed_is_named_before_anything_is_written(tmp_path, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "mlflow", None)  # as Python says it where it is not there
    assert run("train", *TINY, "--out", tmp_path / "run", "--track", "mlflow") == 2
    assert capfd.readouterr().err == "zoo: mlflow is not installed: pip install 'keras-image-zoo[track]'\n"
    assert not (tmp_path / "run").exists()


def test_a_wrong_name(tmp_path, capfd):
    assert run("train", *TINY, "--out", tmp_path / "run", "--track", "mlflo") == 2
    assert "track is some of tensorboard, mlflow, wandb, with commas, not mlflo" in capfd.readouterr().err


class Broken:
    """A server that has gone away."""

    def __call__(self, record):
        raise ConnectionError("no\nanswer")

    sheet = None


def test_a_training_outlives_its_tracker():
    said, records = [], []
    trackers = Trackers({"mlflow": Broken(), "other": records.append}, said.append)
    for step in (1, 2):
        trackers({"step": step})
    assert said == ["--track mlflow fails, and the training goes on without it: no answer"]
    assert [record["step"] for record in records] == [1, 2]


def test_an_account_that_is_missing_is_one_line(tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    for name, value in {"WANDB_MODE": "online", "HOME": str(tmp_path), "NETRC": str(tmp_path / "none")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    record = {"config": {}, "training": {}, "model": "tiny", "run": {"steps": 1}}
    sentence = r"^--track wandb cannot begin: .*; then, .* --resume .* goes on$"
    with pytest.raises(ValueError, match=sentence) as error, tracking(("wandb",), tmp_path, record, print):
        pass
    assert "\n" not in str(error.value)


def test_sheets_go_to_tensorboard(tmp_path):
    record = {"config": {}, "training": {}, "model": "tiny", "run": {"steps": 1}}
    with tracking(("tensorboard",), tmp_path, record, print) as trackers:
        trackers.sheet(3, np.zeros((4, 6, 3), np.float32))
    assert len(list((tmp_path / "events").iterdir())) == 1 and not (tmp_path / "tracked.json").exists()
