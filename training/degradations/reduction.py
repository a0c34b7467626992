"""Changes of size: the bicubic reduction of the literature, those of other programs, and frames of a moving camera."""

import functools
import math

import numpy as np
from PIL import Image

from zoo.common.resizing import resized
from zoo.training.degradations.files import to_bytes

# What programs that are not Matlab resize with; Pillow's are antialiased, but for the nearest pixel.
RESIZES = {
    "nearest": Image.Resampling.NEAREST,
    "area": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def resize_to(picture: np.ndarray, size: tuple[int, int], kind: str) -> np.ndarray:
    """The picture [H, W, C] with `size` (height, width) in pixels, by one of `RESIZES`; float32, not clipped."""
    return resized(picture, size, RESIZES[kind])


def resize_bicubic(picture: np.ndarray, scale: float) -> np.ndarray:
    """Matlab's `imresize(picture, scale, "bicubic")`: antialiased when it reduces; sides are rounded up.

    Args:
        picture: float [H, W, C], any range; results overshoot by a few hundredths beside sharp edges and are not clipped.
        scale: factor of both sides, above 0.

    Returns:
        float32 [ceil(H scale), ceil(W scale), C].
    """
    height, width, channels = picture.shape
    rows, columns = resize_matrix(height, scale), resize_matrix(width, scale)
    tall = rows @ picture.reshape(height, width * channels).astype(np.float64)
    result = np.matmul(columns, tall.reshape(-1, width, channels))
    return result.astype(np.float32)


@functools.lru_cache(maxsize=64)
def resize_matrix(size: int, scale: float) -> np.ndarray:
    """The weights of `resize_bicubic` along one axis: float64 [ceil(size scale), size], each row adding up to 1.

    Keys' cubic kernel (a = -0.5), stretched by 1 / scale when it reduces; beyond the border the picture is mirrored with its
    border pixel repeated.
    """
    length = math.ceil(size * scale - 1e-9)
    stretch = min(scale, 1.0)
    centers = (np.arange(length) + 0.5) / scale - 0.5
    taps = math.ceil(4 / stretch) + 2
    indices = np.floor(centers - 2 / stretch).astype(int)[:, None] + np.arange(taps)
    weights = _cubic(stretch * (centers[:, None] - indices))
    weights /= weights.sum(axis=1, keepdims=True)
    mirrored = indices % (2 * size)
    matrix = np.zeros((length, size))
    np.add.at(matrix, (np.arange(length)[:, None], np.minimum(mirrored, 2 * size - 1 - mirrored)), weights)
    return matrix


def _cubic(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


def downscale(picture: np.ndarray, factor: int) -> np.ndarray:
    """The low-resolution picture that a file would hold: bicubic, clipped, rounded to 8 bits; float32 in [0, 1]."""
    return to_bytes(resize_bicubic(picture, 1 / factor)) / np.float32(255)


def downscaled_frames(picture: np.ndarray, factor: int, frames: int, motion: int, random: np.random.Generator) -> np.ndarray:
    """Neighbouring frames of a moving camera, made from one still picture and stacked as channels, the sharp one in the middle.

    Args:
        picture: float32 [H, W, C] in [0, 1], with a margin of `motion` pixels on every side.
        factor: how much smaller the frames are.
        frames: how many; odd.
        motion: largest shift of the first and last frame, in pixels of `picture`. The camera moves evenly.
        random: the shift comes from it.

    Returns:
        float32 [(H - 2 motion) / factor, (W - 2 motion) / factor, frames C] in [0, 1].
    """
    height, width = (side - 2 * motion for side in picture.shape[:2])
    shift = random.uniform(-motion, motion, 2)
    stack = []
    for frame in range(frames):
        along = 2 * frame / (frames - 1) - 1 if frames > 1 else 0
        top, left = motion + np.rint(along * shift).astype(int)
        stack.append(downscale(picture[top : top + height, left : left + width], factor))
    return np.concatenate(stack, axis=-1)
