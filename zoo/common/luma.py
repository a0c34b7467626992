"""Luma of ITU-R BT.601: how bright a picture is to the eye."""

import numpy as np

BT601 = (0.299, 0.587, 0.114)  # of red, green and blue


def luma(picture: np.ndarray) -> np.ndarray:
    """The luma [..., H, W, 1] of a picture, float [..., H, W, 3], in the picture's own range and type."""
    return (picture @ np.array(BT601, picture.dtype))[..., None]


def studio_luma(picture: np.ndarray) -> np.ndarray:
    """The luma in its range of 16 to 235 of 255, as Matlab's `rgb2ycbcr`: [H, W, 3] in [0, 1] to float64 [H, W, 1]."""
    weights = np.array([65.481, 128.553, 24.966]) / 255
    return (np.asarray(picture, np.float64) @ weights)[..., None] + 16 / 255
