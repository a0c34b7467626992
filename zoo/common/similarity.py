"""How near a picture is to another: PSNR and SSIM, in float64."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def psnr(picture: np.ndarray, original: np.ndarray, where: np.ndarray | None = None, peak: float = 1.0) -> float:
    """Peak signal-to-noise ratio in decibels; infinite for equal pictures, NaN where one holds no number.

    Args:
        picture, original: float [H, W, C].
        where: a mask [H, W, 1]; only pixels where it is above 0.5 count.
        peak: the span of the values; 1 for pictures in [0, 1].

    Raises:
        ValueError: the pictures differ in shape.
    """
    if picture.shape != original.shape:
        raise ValueError(f"pictures of {picture.shape} and {original.shape} cannot be compared")
    difference = np.asarray(picture, np.float64) - original
    if where is not None:
        difference = difference[where[..., 0] > 0.5]
    error = np.mean(np.square(difference))
    return float(-10 * np.log10(error / peak**2)) if error else float("inf")


def ssim(picture: np.ndarray, original: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004) of pictures [H, W, C] in [0, 1], at least 11 pixels a side: mean over channels.

    The published window (Gaussian, 11 pixels, deviation 1.5) and constants (0.01, 0.03), where the window fits into the picture.
    """
    if picture.shape != original.shape:
        raise ValueError(f"pictures of {picture.shape} and {original.shape} cannot be compared")
    a, b = np.asarray(picture, np.float64), np.asarray(original, np.float64)
    mean_a, mean_b = _blur(a), _blur(b)
    variance_a = _blur(a * a) - mean_a**2
    variance_b = _blur(b * b) - mean_b**2
    covariance = _blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    structure = (2 * covariance + c2) / (variance_a + variance_b + c2)
    return float(np.mean(luminance * structure))


def _blur(x: np.ndarray) -> np.ndarray:
    places = np.arange(-5, 6)
    window = np.exp(-(places**2) / (2 * 1.5**2))
    window /= window.sum()
    for axis in (0, 1):
        x = sliding_window_view(x, 11, axis) @ window
    return x
