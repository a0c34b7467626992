"""A real Ray on this machine: pictures spread over two processes, and a training whose worker is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.models import sample
from tests.training.tiny import weights
from zoo._registry import family
from zoo.training import checkpoint
from zoo.training.pictures import write_picture

TRAIN = ["train", "gan", "--preset", "tiny", "--data", "samples:", "--checkpoint-every", "25", "--log-every", "25"]


def zoo(*words: object, **options) -> subprocess.Popen:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "zoo.cli.main", *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=Path(__file__).parents[2], env=environment, **pipes | options)


def processes_below(pid: int, name: str) -> list[int]:
    """The processes that `pid` and its children started, whose command line has `name` in it."""
    parents, matching = {pid}, []
    for folder in sorted((entry for entry in Path("/proc").iterdir() if entry.name.isdigit()), key=lambda entry: int(entry.name)):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            words = (folder / "cmdline").read_text()
        except OSError:
            continue
        if parent in parents:
            parents.add(int(folder.name))
            if name in words:
                matching.append(int(folder.name))
    return matching


def test_apply_spreads_names_the_bad_and_goes_on(tmp_path):
    folder, out = tmp_path / "pictures", tmp_path / "out"
    folder.mkdir()
    for number, name in enumerate(("coffee", "chelsea", "rocket")):
        write_picture(folder / f"{number}.png", sample(name, 48))
    (folder / "bad.jpg").write_bytes(b"no picture")
    out.mkdir()
    write_picture(out / "0.png", sample("coffee", 32))
    before = (out / "0.png").read_bytes()
    listed = tmp_path / "list.txt"
    listed.write_text("".join(f"{file}\n" for file in sorted(folder.iterdir())))
    process = zoo("apply", "fast_style/wave", f"@{listed}", "--out", out, "--engine", "ray")
    printed, errors = process.communicate(timeout=600)
    assert process.returncode == 2, errors
    assert f"skipped: {folder / 'bad.jpg'} is not a picture of a kind" in errors
    assert "1 of 4 pictures are there already" in errors and "1 of 4 pictures could not be read" in errors
    assert sorted(path.name for path in out.iterdir()) == ["0.png", "1.png", "2.png"]
    assert (out / "0.png").read_bytes() == before
    assert "2 of 4 pictures written to" in printed


@pytest.mark.long
def test_a_killed_worker_does_not_change_the_weights(tmp_path):
    family("gan")  # so that Keras knows the class in model.keras
    runs = {}
    for name in ("whole", "killed"):
        with (tmp_path / f"{name}.log").open("w") as log:
            words = [*TRAIN, "--out", tmp_path / name, "--steps", "400", "--strategy", "ray", "--workers", "2"]
            process = zoo(*words, stdout=log, stderr=log)
            if name == "killed":
                while (checkpoint.newest(tmp_path / name / "checkpoint") or 0) < 100:
                    assert process.poll() is None, (tmp_path / f"{name}.log").read_text()[-4000:]
                    time.sleep(0.01)
                os.kill(processes_below(process.pid, "RayTrainWorker")[-1], signal.SIGKILL)
                assert not (tmp_path / name / "model.keras").exists(), "the kill came too late"
            assert process.wait(timeout=600) == 0, (tmp_path / f"{name}.log").read_text()[-4000:]
        runs[name] = weights(tmp_path / name)
    for whole, killed in zip(*runs.values(), strict=True):
        np.testing.assert_array_equal(whole, killed)
    process = zoo(*TRAIN, "--out", tmp_path / "whole", "--steps", "400", "--strategy", "ray", "--workers", "2")
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 2
    assert f"{tmp_path / 'whole'} exists; add --resume" in errors
