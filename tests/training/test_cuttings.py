"""One picture cut into many."""

import sys

import numpy as np
import pytest
from PIL import Image

from tests.models import sample
from zoo.training.cuttings import main


def test_squares_of_the_picture(tmp_path, monkeypatch):
    picture = np.uint8(255 * sample("coffee", 200))
    Image.fromarray(picture).save(tmp_path / "picture.png")
    words = [tmp_path / "picture.png", "--out", tmp_path / "out", "--count", "6", "--sides", "20,60"]
    monkeypatch.setattr(sys, "argv", ["cuttings", *map(str, words)])
    main()
    squares = [np.asarray(Image.open(file)) for file in sorted((tmp_path / "out").iterdir())]
    assert len(squares) == 6 and len({square.shape for square in squares}) > 2
    for square in squares:
        side = len(square)
        assert square.shape == (side, side, 3) and 20 <= side < 60
        windows = np.lib.stride_tricks.sliding_window_view(picture, (side, side), (0, 1)).transpose(0, 1, 3, 4, 2)
        assert any((windows[y, x] == square).all() for y, x in np.argwhere((windows[:, :, 0, 0] == square[0, 0]).all(-1)))


@pytest.mark.parametrize(("sides", "line"), [("60,20", "smallest and the largest"), ("20,300", "too small for squares of 300")])
def test_wrong_sides(sides, line, tmp_path, monkeypatch, capsys):
    Image.new("RGB", (100, 100)).save(tmp_path / "picture.png")
    monkeypatch.setattr(
        sys, "argv", ["cuttings", str(tmp_path / "picture.png"), "--out", str(tmp_path / "out"), "--sides", sides]
    )
    with pytest.raises(SystemExit):
        main()
    assert line in capsys.readouterr().err and not (tmp_path / "out").exists()
