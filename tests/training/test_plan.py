"""The plan of a training: its checks, and what is made of it."""

import dataclasses
import pickle
from pathlib import Path

import pytest

from tests.training.tiny import Tiny
from zoo.cli.train import train as command
from zoo.training import plan
from zoo.training.plan import Plan, default, options
from zoo.training.run import planned

DOCUMENT = Path(__file__).parents[2] / "docs" / "training.md"
ASKED = {"model": "denoiser", "data": "samples:", "out": "run"}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"steps": 0}, "steps must be 1 or more, not 0"),
        ({"steps": "7"}, "steps must be a whole number, not '7'"),
        ({"seed": 0.5}, "seed must be a whole number, not 0.5"),
        ({"wait": "long"}, "wait must be a number, not 'long'"),
        ({"steps": None}, "steps must be a whole number, not None"),
        ({"precision": "mixed_float"}, "did you mean 'mixed_float16'"),
        ({"schedule": "cosin"}, "did you mean 'cosine'"),
        ({"ema": 1}, "ema must lie between 0 and 1, such as 0.999, not 1.0"),
        ({"clip": 0.0}, "clip is a norm above 0"),
        ({"max_bad": 1.5}, "max_bad is a share, 0 to 1, not 1.5"),
        ({"warm_up": -1}, "warm_up must be 0 or more"),
        ({"steps_per_execution": 4, "steps": 6}, "steps must be a multiple of steps_per_execution 4, not 6"),
        ({"strategy": "ray"}, "--strategy ray and --workers N belong together"),
        ({"workers": 2}, "--strategy ray and --workers N belong together"),
    ],
)
def test_no_plan_has_wrong_values(asked, words):
    with pytest.raises(ValueError, match=words) as caught:
        Plan(**ASKED | asked)
    assert "\n" not in str(caught.value)


def test_a_plan_is_fixed_and_travels():
    whole = Plan(**ASKED, config={"size": 8}, wait=60)
    with pytest.raises(dataclasses.FrozenInstanceError):
        whole.steps = 3
    assert pickle.loads(pickle.dumps(whole)) == whole and whole.wait == 60.0 and whole.out == Path("run")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"model": "denoiser", "data": "samples:", "stesp": 3}, "no option of a training 'stesp'; did you mean 'steps'"),
        ({"data": "samples:"}, "name a MODEL to train"),
        ({"data": "samples:", "resume": True}, "nowhere holds no run to go on with; name a MODEL"),
        ({"model": "denoiser"}, "--data folder:PATH"),
    ],
)
def test_what_is_missing_is_named(asked, words):
    with pytest.raises(ValueError, match=words):
        planned(**{"out": "nowhere"} | asked)


def test_a_batch_is_as_large_as_the_model_wants():
    assert planned(Tiny, data="samples:", out="run").batch_size == Tiny.recommended_batch_size
    assert planned("gan", data="samples:", out="run").batch_size == 64


def test_the_command_line_has_every_option_with_its_default():
    made = {parameter.name: parameter for parameter in command.params}
    by_words = {name for name, facts in options().items() if facts.words}
    assert by_words == {"model", "config", "pictures"} and {"model", "settings"} <= made.keys()
    for name in options().keys() - by_words:
        assert made[name].opts == [f"--{name.replace('_', '-')}"] and made[name].help == options()[name].says
        if isinstance(default(name), int | float | str) and name != "resume":
            assert made[name].get_default(command.make_context("train", [])) == default(name), name


def test_the_document_has_the_table():
    assert plan.table() in DOCUMENT.read_text(), "python -m zoo.training.plan prints what belongs into docs/training.md"
