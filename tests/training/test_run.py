"""A training run from its start to its model file, and everything that can come between."""

import csv
import json
import random
import signal
import threading
import time

import keras
import numpy as np
import pytest
from PIL import Image

from tests.training.processes import finish, start, start_workers
from tests.training.tiny import Tiny, train_tiny, weights
from zoo.common.signals import Terminated
from zoo.training import checkpoint
from zoo.training.pictures import read_picture


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Small pictures, so that a step takes milliseconds."""
    folder = tmp_path_factory.mktemp("pictures")
    noise = np.random.default_rng(0)
    for number in range(20):
        Image.fromarray(noise.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(folder / f"{number:02d}.png")
    return folder


def rows(run):
    with (run / "log.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_everything_is_written(tmp_path, pictures, capsys):
    run = tmp_path / "run"
    assert train_tiny(run, data=f"folder:{pictures}", steps=7, seed=5) == run / "model.keras"
    names = ["checkpoint", "config.json", "events", "log.csv", "model.keras", "samples"]
    assert sorted(path.name for path in run.iterdir()) == names
    assert [path.name for path in sorted((run / "samples").iterdir())] == [f"step-{step:08d}.png" for step in (3, 6, 7)]
    assert read_picture(run / "samples" / "step-00000007.png").rgb.shape[0] > 8 * 96
    assert [row["step"] for row in rows(run)] == ["2", "4", "6", "7"]
    for row in rows(run):
        assert float(row["loss"]) == pytest.approx(float(row["error"]) + float(row["brightness"]), rel=1e-5)
        assert float(row["learning_rate"]) == pytest.approx(0.01) and float(row["pictures_per_second"]) > 0
    config = json.loads((run / "config.json").read_text())
    assert config["model"] == "Tiny" and config["config"]["size"] == 8 and config["training"]["seed"] == 5
    assert len(list((run / "events").glob("events.*"))) == 1
    assert "step 7/7  loss" in capsys.readouterr().err
    model = keras.saving.load_model(run / "model.keras")
    assert isinstance(model, Tiny) and not model.compiled


def test_the_same_seed_gives_the_same_weights(tmp_path, pictures):
    runs = [
        train_tiny(tmp_path / name, data=f"folder:{pictures}", seed=seed).parent for name, seed in (("a", 0), ("b", 0), ("c", 1))
    ]
    first, second, third = map(weights, runs)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, third, strict=True))


def test_killed_twice_it_ends_with_the_same_bits(tmp_path, pictures):
    options = {"data": f"folder:{pictures}", "steps": 500, "log_every": 7, "checkpoint_every": 40, "ema": 0.9}
    whole = start({"out": tmp_path / "whole", **options})
    moments = random.Random(time.time_ns())
    for least in (moments.randrange(20, 150), moments.randrange(180, 300)):
        process = start({"out": tmp_path / "killed", "resume": True, **options})
        checkpoints = tmp_path / "killed" / "checkpoint"
        while not any(int(path.stem[5:]) >= least for path in checkpoints.glob("step-*.npz")):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        time.sleep(moments.random() / 5)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not (tmp_path / "killed" / "model.keras").exists(), "the kill came too late"
    finish(start({"out": tmp_path / "killed", "resume": True, **options}))
    finish(whole)
    for first, second in zip(weights(tmp_path / "whole"), weights(tmp_path / "killed"), strict=True):
        assert np.array_equal(first, second)
    first, second = rows(tmp_path / "whole"), rows(tmp_path / "killed")
    for one, other in zip(first, second, strict=True):
        assert {**one, "pictures_per_second": ""} == {**other, "pictures_per_second": ""}


def test_two_replicas_in_a_process_of_their_own(tmp_path, pictures):
    options = {"data": f"folder:{pictures}", "ema": 0.5, "steps": 20, "config": {"learning_rate": 1e-3}}
    process = start({"out": tmp_path / "two", "replicas": 2, **options})
    train_tiny(tmp_path / "one", **options)
    finish(process)
    for one, two in zip(weights(tmp_path / "one"), weights(tmp_path / "two"), strict=True):
        assert np.abs(one - two).max() < 1e-6
    for one, two in zip(rows(tmp_path / "one"), rows(tmp_path / "two"), strict=True):
        assert float(one["loss"]) == pytest.approx(float(two["loss"]), rel=1e-5)


@pytest.mark.long
def test_each_worker_killed_in_turn_it_ends_with_the_same_bits(tmp_path, pictures):
    """A lone worker cannot come back to its cluster: whoever watches over them kills and starts all, with new addresses."""
    options = {"data": f"folder:{pictures}", "steps": 600, "log_every": 5, "checkpoint_every": 20, "ema": 0.9, "resume": True}
    checkpoints = tmp_path / "killed" / "checkpoint"
    moments = random.Random(time.time_ns())
    for turn, least in enumerate((moments.randrange(20, 150), moments.randrange(200, 400))):
        workers = start_workers(*[{"out": tmp_path / "killed", **options}] * 2)
        while not any(int(path.stem[5:]) >= least for path in checkpoints.glob("step-*.npz")):
            assert workers[0].poll() is None, workers[0].stderr.read()
            time.sleep(0.01)
        time.sleep(moments.random() / 5)
        for worker in (workers[turn], workers[1 - turn]):
            worker.kill()
            worker.communicate()
    assert not (tmp_path / "killed" / "model.keras").exists(), "the kill came too late"
    workers = start_workers(*[{"out": tmp_path / "killed", **options}] * 2)
    while (checkpoint.newest(checkpoints) or 0) < 440:
        time.sleep(0.01)
    workers[1].terminate()  # one is told, and both save and stop
    for worker in workers:
        finish(worker, Terminated.exit_code)
    for out in ("killed", "whole"):
        for worker in start_workers(*[{"out": tmp_path / out, **options}] * 2):
            finish(worker)
    for first, second in zip(weights(tmp_path / "whole"), weights(tmp_path / "killed"), strict=True):
        assert np.array_equal(first, second)


def test_two_replicas_resume_exactly(tmp_path, pictures):
    options = {"data": f"folder:{pictures}", "replicas": 2, "checkpoint_every": 4}
    train_tiny(tmp_path / "whole", steps=8, **options)
    train_tiny(tmp_path / "parts", steps=4, **options)
    train_tiny(tmp_path / "parts", steps=8, resume=True, **options)
    for whole, parts in zip(weights(tmp_path / "whole"), weights(tmp_path / "parts"), strict=True):
        assert np.array_equal(whole, parts)


def test_a_moving_average_is_what_is_deployed(tmp_path, pictures):
    plain = weights(train_tiny(tmp_path / "plain", data=f"folder:{pictures}").parent)
    averaged = weights(train_tiny(tmp_path / "averaged", data=f"folder:{pictures}", ema=0.9).parent)
    assert not any(np.array_equal(a, b) for a, b in zip(plain[:1], averaged[:1], strict=True))


def test_a_run_is_not_overwritten(tmp_path, pictures, capsys):
    run = tmp_path / "run"
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError, match="is a file"):
        train_tiny(tmp_path / "file")
    train_tiny(run, data=f"folder:{pictures}", resume=True)  # a run that is not there is started
    before = (run / "model.keras").stat().st_mtime_ns
    with pytest.raises(FileExistsError, match="add --resume"):
        train_tiny(run, data=f"folder:{pictures}")
    train_tiny(run, data=f"folder:{pictures}", resume=True)
    assert "is finished: 6 steps" in capsys.readouterr().err and (run / "model.keras").stat().st_mtime_ns == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    with pytest.raises(ValueError, match="not a run directory"):
        train_tiny(tmp_path / "other", resume=True)


def test_resume_refuses_what_would_change_the_weights(tmp_path, pictures):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for file in pictures.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    options = {"data": f"folder:{folder}", "resume": True}
    train_tiny(tmp_path / "run", **options)
    with pytest.raises(ValueError, match=r"cannot resume .*batch_size was 4 and is now 2; .*another --out, with its weights"):
        train_tiny(tmp_path / "run", batch_size=2, **options)
    with pytest.raises(ValueError, match="filters was 4 and is now 5; precision was float32 and is now mixed_float16"):
        train_tiny(tmp_path / "run", config={"filters": 5}, precision="mixed_float16", **options)
    (folder / "00.png").unlink()
    with pytest.raises(ValueError, match="the pictures of 'data' have changed"):
        train_tiny(tmp_path / "run", **options)


def test_a_loss_that_is_not_a_number_stops_with_step_and_files(tmp_path, pictures):
    run = tmp_path / "run"
    with pytest.raises(
        ValueError, match=r"diverged at step 6: the loss \(error\) is not finite; the batch held \d\d\.png, "
    ) as caught:
        train_tiny(run, data=f"folder:{pictures}", config={"explode": 5}, steps=20)
    assert "\n" not in str(caught.value)
    assert [path.name for path in (run / "checkpoint").iterdir()] == ["step-00000003.npz"]
    assert not (run / "model.keras").exists()


def test_a_loss_that_is_looked_at_now_and_then_stops_with_the_steps_since(tmp_path, pictures):
    """As on accelerators, whose work nobody waits for."""
    with pytest.raises(
        ValueError, match=r"diverged between step 5 and step 8: the loss \(error\) .*; the batches held \d\d\.png"
    ):
        options = {"exact": False, "log_every": 4, "checkpoint_every": 20, "steps": 20}
        train_tiny(tmp_path / "run", data=f"folder:{pictures}", config={"explode": 5}, **options)


def test_a_loss_that_explodes_stops_the_run(tmp_path):
    run = tmp_path / "run"
    with pytest.raises(ValueError, match=r"diverged: the loss's terms sum to \S+ at step 2, to \S+ at step 1; try .* --clip 1$"):
        train_tiny(run, config={"learning_rate": 1e3}, log_every=1, checkpoint_every=1)
    assert [path.name for path in (run / "checkpoint").iterdir()] == ["step-00000001.npz"]


def test_too_many_bad_pictures_stop_with_the_list(tmp_path, pictures):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for file in pictures.iterdir():
        (folder / file.name).write_bytes(file.read_bytes() if file.name > "03.png" else b"bad")
    with pytest.raises(ValueError, match="of 20 pictures are bad, more than max_bad 0.01 allows: 0"):
        train_tiny(tmp_path / "run", data=f"folder:{folder}")
    train_tiny(tmp_path / "tolerant", data=f"folder:{folder}", max_bad=0.3)


def test_a_picture_that_vanishes_stops_the_run_which_goes_on_exactly_once_it_is_back(tmp_path, pictures):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for file in pictures.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    options = {"data": f"folder:{folder}", "steps": 300, "checkpoint_every": 20}
    lost = folder / "07.png"

    def take_away():
        while (checkpoint.newest(tmp_path / "parts" / "checkpoint") or 0) < 40:
            time.sleep(0.001)
        lost.rename(tmp_path / "07.png")

    thief = threading.Thread(target=take_away)
    thief.start()
    with pytest.raises(FileNotFoundError, match=r"picture.*07\.png"):
        train_tiny(tmp_path / "parts", **options)
    thief.join()
    (tmp_path / "07.png").rename(lost)
    train_tiny(tmp_path / "parts", resume=True, **options)
    train_tiny(tmp_path / "whole", **options)
    for whole, parts in zip(weights(tmp_path / "whole"), weights(tmp_path / "parts"), strict=True):
        assert np.array_equal(whole, parts)


def test_a_run_is_resumed_by_one_process_at_a_time(tmp_path, pictures):
    run = tmp_path / "run"
    options = {"data": f"folder:{pictures}", "steps": 100_000, "checkpoint_every": 20, "resume": True}
    first = start({"out": run, **options})
    while not checkpoint.newest(run / "checkpoint"):
        assert first.poll() is None, first.stderr.read()
        time.sleep(0.05)
    with pytest.raises(BlockingIOError, match=r"^another process trains in .*run; wait for it, or choose another --out$"):
        train_tiny(run, **options)
    assert first.poll() is None
    first.kill()
    first.communicate()
    step = checkpoint.newest(run / "checkpoint")
    assert (run / ".lock").exists()  # and nobody holds it
    options["steps"] = step + 20
    train_tiny(run, **options)
    assert (run / "model.keras").exists() and not any(path.name.startswith(".") for path in run.rglob("*"))


@pytest.mark.parametrize(("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_interrupted_it_saves_the_step_and_goes_on_exactly(tmp_path, pictures, number, kind):
    options = {"data": f"folder:{pictures}", "steps": 300, "checkpoint_every": 1000}

    def interrupt():
        while not (tmp_path / "parts" / "log.csv").exists() or len(rows(tmp_path / "parts")) < 3:
            time.sleep(0.001)
        signal.raise_signal(number)

    threading.Thread(target=interrupt).start()
    with pytest.raises(kind, match=r"after step \d+, .* --resume"):
        train_tiny(tmp_path / "parts", **options)
    assert len(list((tmp_path / "parts" / "checkpoint").iterdir())) == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    train_tiny(tmp_path / "parts", resume=True, **options)
    train_tiny(tmp_path / "whole", **options)
    for whole, parts in zip(weights(tmp_path / "whole"), weights(tmp_path / "parts"), strict=True):
        assert np.array_equal(whole, parts)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": 0}, "steps must be 1 or more"),
        ({"precision": "mixed_float"}, "did you mean 'mixed_float16'"),
        ({"ema": 1.0}, "ema must lie between 0 and 1"),
        ({"batch_size": 3, "replicas": 2}, "cannot be shared by 2 replicas"),
        ({"replicas": 2, "jit": True}, "--jit fails"),
        ({"pictures": {"style": ["wave.jpg"]}}, "no picture setting 'style'"),
    ],
)
def test_wrong_arguments(tmp_path, options, words):
    with pytest.raises(ValueError, match=words):
        train_tiny(tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()
