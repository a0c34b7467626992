"""How large a painting is, and how pictures are brought to its size."""

from typing import Any

import numpy as np
from keras import ops

SMALLEST = 32  # pixels


def sides(size: int, aspect: float) -> tuple[int, int]:
    """Height and width of a picture with the long side `size`, enlarged if its short side would be below 32 pixels.

    Raises:
        ValueError: nothing to paint on: `size` is too small, or one side is over 200 times the other.
    """
    if size < SMALLEST:
        raise ValueError(f"size {size} is too small to hold a style: give {SMALLEST} or more")
    ratio = max(aspect, 1 / aspect)
    if ratio > 200:
        raise ValueError(f"the picture is {ratio:.0f} times as long as it is narrow; cut it to 200 or less")
    short = max(round(size / ratio), SMALLEST)
    long = max(round(short * ratio), short) if short == SMALLEST else size
    return (short, long) if aspect > 1 else (long, short)


def sides_of_style(picture: np.ndarray, side: int) -> tuple[int, int]:
    """Height and width of a style with the short side `side`; one over four times as long as narrow is cut to that."""
    ratio = min(max(picture.shape[1] / picture.shape[0], 1 / 4), 4)
    return round(side * max(1 / ratio, 1)), round(side * max(ratio, 1))


def cover(picture: np.ndarray, height: int, width: int) -> Any:
    """[H, W, C] resized (antialiased) to cover a window, and cut to it at the centre: [1, height, width, C]."""
    scale = max(height / picture.shape[0], width / picture.shape[1])
    size = (max(round(picture.shape[0] * scale), height), max(round(picture.shape[1] * scale), width))
    resized = ops.image.resize(np.asarray(picture, "float32")[None], size, interpolation="bilinear", antialias=True)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    return resized[:, top : top + height, left : left + width]
