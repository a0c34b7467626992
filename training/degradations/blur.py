"""Blur of lenses, hands and reductions: rotated Gaussians, discs, and the ringing of a sharp cut of frequencies."""

import numpy as np


def gaussian_kernel(along: float, across: float, angle: float) -> np.ndarray:
    """A Gaussian of deviations `along` and `across` in pixels, turned by `angle` in radians: float32 [k, k], adds up to 1."""
    y, x = _grid(max(along, across) * 3)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return _normalized(np.exp(-0.5 * ((u / max(along, 1e-3)) ** 2 + (v / max(across, 1e-3)) ** 2)))


def disc_kernel(radius: float) -> np.ndarray:
    """A lens out of focus: a disc of `radius` pixels with soft edges; float32 [k, k], adds up to 1."""
    y, x = _grid(radius)
    return _normalized(np.clip(radius + 0.5 - np.hypot(y, x), 0, 1))


def sinc_kernel(cutoff: float, reach: int = 6) -> np.ndarray:
    """Rings at edges, as oversharpened and much recompressed pictures have them (Wang et al. 2021, Real-ESRGAN).

    Args:
        cutoff: the highest frequency kept, in radians a pixel, up to pi.
        reach: pixels on either side of the middle.
    """
    from scipy.special import j1

    y, x = _grid(reach)
    distance = np.maximum(np.hypot(y, x), 1e-6)
    return _normalized(cutoff * j1(cutoff * distance) / (2 * np.pi * distance))


def blur(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The picture [H, W, C] convolved with `kernel` [k, k], mirrored beyond its border; float32, the same shape."""
    from scipy.signal import oaconvolve

    margin = kernel.shape[0] // 2
    padded = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    return oaconvolve(padded, kernel[..., None], mode="valid", axes=(0, 1)).astype(np.float32)


def _grid(reach: float) -> tuple[np.ndarray, np.ndarray]:
    side = max(int(np.ceil(reach)), 1)
    y, x = np.mgrid[-side : side + 1, -side : side + 1].astype(np.float32)
    return y, x


def _normalized(kernel: np.ndarray) -> np.ndarray:
    return (kernel / kernel.sum()).astype(np.float32)
