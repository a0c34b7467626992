"""Style pictures that are drawn, not collected."""

import subprocess
import sys

import numpy as np
import pytest

from zoo.training.drawn_styles import KINDS, SIDE, style_picture


@pytest.mark.parametrize("number", range(len(KINDS)))
def test_every_kind_is_full_of_colour_and_the_same_every_time(number):
    picture = np.asarray(style_picture(number), np.float32)
    assert picture.shape == (SIDE, SIDE, 3)
    assert picture.std() > 15
    assert picture[: SIDE // 2, : SIDE // 2].std() > 5 and picture[SIDE // 2 :, SIDE // 2 :].std() > 5
    np.testing.assert_array_equal(picture, style_picture(number))
    assert np.abs(picture - np.asarray(style_picture(number + len(KINDS)), np.float32)).mean() > 10


def test_the_command_fills_a_folder(tmp_path):
    command = [sys.executable, "-m", "zoo.training.drawn_styles", "--out", str(tmp_path / "styles"), "--count", "2"]
    subprocess.run(command, check=True)
    assert [file.name for file in sorted((tmp_path / "styles").iterdir())] == ["0000.png", "0001.png"]
