"""The attack itself: every input ends with an answer or a refusal, and nobody else notices."""

import pytest

from tests.attack.__main__ import INPUTS, attacked

pytestmark = pytest.mark.long


@pytest.mark.parametrize("what", INPUTS)
def test_every_input_ends_cleanly(what):
    counts = attacked(what, INPUTS[what], seed=0)
    assert counts.examples == [] and counts.clean == INPUTS[what]
