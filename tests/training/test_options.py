"""Every option with every strategy: it works, and resumes to the bit, or refuses in one line."""

import json

import keras
import numpy as np
import pytest

from tests.training.processes import finish, start_workers
from tests.training.tiny import train_tiny, weights

RUN = {"steps": 6, "checkpoint_every": 3, "log_every": 3, "config": {"learning_rate": 1e-3}}
OPTIONS = {
    "plain": {},
    "mixed_bfloat16": {"precision": "mixed_bfloat16"},
    "mixed_float16": {"precision": "mixed_float16"},
    "jit": {"jit": True},
    "ema": {"ema": 0.5},
    "accumulate": {"accumulate": 2},
    "clip": {"clip": 0.01},
    "accumulate, clip, mixed_float16": {"accumulate": 2, "clip": 0.01, "precision": "mixed_float16"},
    "cosine": {"schedule": "cosine", "warm_up": 2},
    "warm-up": {"schedule": "constant", "warm_up": 2},
    "steps_per_execution": {"steps_per_execution": 3},
}
REFUSED = {"jit": "--jit fails with several replicas", "steps_per_execution": "--steps-per-execution fails with several replicas"}


@pytest.fixture(scope="module")
def one_device(tmp_path_factory):
    """The folder of a run with each option, on one device."""
    folder = tmp_path_factory.mktemp("one")
    for name, options in OPTIONS.items():
        train_tiny(folder / name, **RUN, **options)
    return folder


def close(first, second, name):
    tolerance = 1e-6 if "mixed" not in name else 2e-3
    for one, other in zip(weights(first), weights(second), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", sorted(set(OPTIONS) - {"cosine"}))  # whose rates depend on the steps
def test_resumed_on_one_device(name, one_device, tmp_path):
    """After three steps: in the middle of an update of two batches."""
    for steps in (3, 6):
        train_tiny(tmp_path / "run", resume=True, **RUN | {"steps": steps}, **OPTIONS[name])
    for whole, parts in zip(weights(one_device / name), weights(tmp_path / "run"), strict=True):
        assert np.array_equal(whole, parts)


@pytest.mark.parametrize("name", OPTIONS)
def test_two_replicas(name, one_device, tmp_path):
    if name in REFUSED:
        with pytest.raises(ValueError, match=REFUSED[name]):
            train_tiny(tmp_path / "two", replicas=2, **RUN, **OPTIONS[name])
        return
    train_tiny(tmp_path / "two", replicas=2, **RUN, **OPTIONS[name])
    close(one_device / name, tmp_path / "two", name)


def test_two_workers(one_device, tmp_path):
    """All options one after the other; then what the workers of a cluster may do wrong."""
    (tmp_path / "elsewhere").mkdir()
    runs = [{"out": tmp_path / name, **RUN, **options} for name, options in OPTIONS.items()]
    longer = RUN | {"steps": 9, "resume": True}
    wrong = [
        [{"out": tmp_path / "differ", **RUN, "seed": index, "log_every": 1 + index} for index in (0, 1)],
        [{"out": tmp_path / "elsewhere" / "plain" if index else tmp_path / "plain", **longer} for index in (0, 1)],
        [{"out": "/proc/nowhere", **RUN} for _ in (0, 1)],
    ]
    workers = start_workers(*(runs + [pair[index] for pair in wrong] for index in (0, 1)))
    faults = [json.loads(finish(worker)) for worker in workers]
    for name, *both in zip(OPTIONS, *faults, strict=False):
        for fault in both:
            assert (fault is None) if name not in REFUSED else (REFUSED[name] in fault), name
        if name not in REFUSED:
            close(one_device / name, tmp_path / name, name)
    differ, elsewhere, nowhere = zip(*(fault[len(OPTIONS) :] for fault in faults), strict=True)
    for fault in differ:
        assert "seed is 0 on worker 0, 1 on worker 1 (127.0.0.1:" in fault and "log_every is 1 on worker 0, 2 on" in fault
    for fault in elsewhere:
        assert "worker 0 goes on from step 6, worker 1" in fault and "one directory that all workers share" in fault
    assert nowhere[0].startswith("FileNotFoundError") and "worker 0 cannot begin" in nowhere[1]


def test_options_have_their_effect(one_device):
    plain = weights(one_device / "plain")
    for name in ("ema", "accumulate", "clip", "cosine", "warm-up", "mixed_bfloat16"):
        assert any(np.abs(a - b).max() > 1e-6 for a, b in zip(plain, weights(one_device / name), strict=True)), name
    for a, b in zip(plain, weights(one_device / "steps_per_execution"), strict=True):
        assert np.array_equal(a, b)
    deployed = keras.saving.load_model(one_device / "mixed_float16" / "model.keras")
    assert {layer.dtype_policy.name for layer in deployed.network.layers} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"clip": 0.0}, "clip is a norm above 0"),
        ({"accumulate": 0}, "accumulate must be 1 or more"),
        ({"schedule": "cosin"}, "did you mean 'cosine'"),
        ({"warm_up": 6}, "a warm-up of 6 updates does not fit into a training of 6"),
        ({"steps_per_execution": 4}, "steps must be a multiple of steps_per_execution 4, not 6"),
        ({"keep": 0}, "keep must be 1 or more"),
    ],
)
def test_wrong_options(tmp_path, options, words):
    with pytest.raises(ValueError, match=words):
        train_tiny(tmp_path / "run", **RUN | options)
    assert not (tmp_path / "run").exists()
