"""Style pictures that are drawn, and photographs that are painted over: not collected."""

import subprocess
import sys

import numpy as np
import pytest

from tests.models import sample
from zoo.training import drawn_styles, painted_styles
from zoo.training.pictures import write_picture


@pytest.mark.parametrize("number", range(len(drawn_styles.KINDS)))
def test_every_kind_is_full_of_colour_and_the_same_every_time(number):
    side = drawn_styles.SIDE
    picture = np.asarray(drawn_styles.style_picture(number), np.float32)
    assert picture.shape == (side, side, 3)
    assert picture.std() > 15
    assert picture[: side // 2, : side // 2].std() > 5 and picture[side // 2 :, side // 2 :].std() > 5
    np.testing.assert_array_equal(picture, drawn_styles.style_picture(number))
    assert np.abs(picture - np.asarray(drawn_styles.style_picture(number + len(drawn_styles.KINDS)), np.float32)).mean() > 10


@pytest.fixture
def photographs(tmp_path):
    (tmp_path / "photographs").mkdir()
    for name in ("coffee", "chelsea"):
        write_picture(tmp_path / "photographs" / f"{name}.png", sample(name, 96))
    return tmp_path / "photographs"


@pytest.mark.parametrize("number", [1, 2, 3])  # strokes, planes, a print
def test_a_photograph_is_painted_over_the_same_way_every_time(photographs, number):
    files = sorted(photographs.iterdir())
    picture = np.asarray(painted_styles.style_picture(number, files), np.float32)
    assert picture.shape == (painted_styles.SIDE, painted_styles.SIDE, 3)
    assert picture.std() > 10
    np.testing.assert_array_equal(picture, painted_styles.style_picture(number, files))


@pytest.mark.parametrize("module", ["drawn_styles", "painted_styles"])
def test_the_commands_fill_a_folder(module, photographs, tmp_path):
    command = [sys.executable, "-m", f"zoo.training.{module}", "--out", str(tmp_path / "styles"), "--count", "1"]
    subprocess.run([*command, *(["--photographs", str(photographs)] if module == "painted_styles" else [])], check=True)
    files = sorted(file.name for file in (tmp_path / "styles").iterdir())
    assert files == (["0000.png"] if module == "drawn_styles" else ["painted_0000.png"])
