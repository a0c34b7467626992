"""The attack itself: every input ends with an answer or a refusal, and nobody else notices."""

import pytest

from tests.attack.__main__ import INPUTS, attacked

pytestmark = pytest.mark.long


@pytest.mark.parametrize("what", INPUTS)
def test_every_input_ends_cleanly(what):
    count = INPUTS[what][1]
    counts = attacked(what, count, seed=0)
    assert counts.examples == [] and counts.clean == count
