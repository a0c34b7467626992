"""Strategies: the right one, or one line that says why not."""

import json

import pytest
import tensorflow as tf

from zoo.training.strategies import check_batch_size, check_combination, make_strategy


def test_one_device():
    for name, replicas in (("single", None), ("auto", None), ("auto", 1)):
        assert make_strategy(name, replicas) is tf.distribute.get_strategy()


def test_virtual_replicas():
    for name in ("auto", "mirrored"):
        assert make_strategy(name, 2).num_replicas_in_sync == 2


@pytest.mark.parametrize(
    ("name", "replicas", "words"),
    [
        ("mirored", None, "did you mean 'mirrored'"),
        ("single", 2, "one replica"),
        ("mirrored", 0, "1 or more"),
        ("mirrored", 64, "start a new process"),
        ("multiworker", None, "TF_CONFIG"),
    ],
)
def test_wrong_use(name, replicas, words):
    with pytest.raises(ValueError, match=words):
        make_strategy(name, replicas)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("{", "it is not JSON"),
        ("{}", "to be like"),
        ('{"cluster": {"worker": "a:1"}, "task": {"type": "worker", "index": 0}}', "to be like"),
        (json.dumps({"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 2}}), "index 2, of 2"),
        (
            json.dumps({"cluster": {"worker": ["a:1", "a:1"]}, "task": {"type": "worker", "index": 0}}),
            "an address twice: a:1, a:1",
        ),
    ],
)
def test_bad_tf_config(monkeypatch, config, words):
    monkeypatch.setenv("TF_CONFIG", config)
    for name in ("multiworker", "auto"):
        with pytest.raises(ValueError, match=words):
            make_strategy(name)


def test_batches_that_cannot_be_shared():
    check_batch_size(8, 4)
    with pytest.raises(ValueError, match="a batch of 10 cannot be shared by 4 replicas; take 8 or 12"):
        check_batch_size(10, 4)
    with pytest.raises(ValueError, match="take 4$"):
        check_batch_size(1, 4)


def test_combinations_that_are_known_to_fail():
    check_combination(make_strategy("single"), jit=True)
    check_combination(make_strategy("mirrored", 2), jit=False)
    with pytest.raises(ValueError, match="--jit fails with several replicas"):
        check_combination(make_strategy("mirrored", 2), jit=True)
    with pytest.raises(ValueError, match="--steps-per-execution fails with several replicas"):
        check_combination(make_strategy("mirrored", 2), steps_per_execution=2)
