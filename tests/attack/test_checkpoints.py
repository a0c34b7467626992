"""3,000 damaged checkpoints: each is read as it was written, or the one before it is."""

import pytest

from tests.training.test_checkpoint import survive


@pytest.mark.long
def test_three_thousand_damaged_checkpoints(tmp_path):
    assert survive(tmp_path, 3000) > 1500
