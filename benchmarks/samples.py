"""Squares of the photographs that come with scikit-image, and of any picture."""

import numpy as np
from PIL import Image


def sample(name: str, size: int) -> np.ndarray:
    """The middle square of the sample picture `name`: float32 [size, size, 3] in [0, 1]."""
    from zoo.training.sources import open_source

    return square(open_source(f"samples:{name}").image(0), size)


def square(image: Image.Image, size: int) -> np.ndarray:
    """The middle square of a picture: float32 [size, size, 3] in [0, 1]."""
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    small = image.convert("RGB").resize((size, size), Image.Resampling.LANCZOS, (left, top, left + side, top + side))
    return np.asarray(small, np.float32) / 255
