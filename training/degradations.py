"""What pictures suffer: noise, salt and pepper, JPEG blocks, and the bicubic reduction of the super-resolution literature."""

import functools
import io
import math
from collections.abc import Callable

import numpy as np
from PIL import Image


def gaussian(picture: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Adds white Gaussian noise with a deviation of `level` of 255; values leave [0, 1], as in the published protocols."""
    return picture + np.float32(level / 255) * random.standard_normal(picture.shape, np.float32)


def salt_and_pepper(picture: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Sets a share `level` (0 to 1) of the values to 0 or 1, each half of the time; channels are hit apart from one another."""
    chance = random.random(picture.shape, np.float32)
    return np.where(chance < level / 2, np.float32(0), np.where(chance < level, np.float32(1), picture))


def jpeg(picture: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Writes and reads the picture as JPEG of quality `level` (1 to 95, rounded); draws nothing."""
    pixels = to_bytes(picture)
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "JPEG", quality=round(level))
    with Image.open(file) as image:
        return np.asarray(image).reshape(pixels.shape) / np.float32(255)


NOISES: dict[str, Callable[[np.ndarray, float, np.random.Generator], np.ndarray]] = {
    "gaussian": gaussian,
    "salt_and_pepper": salt_and_pepper,
    "jpeg": jpeg,
}


def add_noise(picture: np.ndarray, kind: str, level: tuple[float, float], random: np.random.Generator) -> np.ndarray:
    """The picture with noise of a level that is drawn evenly from `level`.

    Args:
        picture: float32 [H, W, 1 or 3] in [0, 1].
        kind: one of `NOISES`, whose functions say what a level means.
        level: lowest and highest level; equal ends fix it.
        random: everything drawn comes from it.

    Example:
        >>> noisy = add_noise(picture, "gaussian", (25, 25), np.random.default_rng(0))
    """
    return NOISES[kind](picture, float(random.uniform(*level)), random)


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


def to_bytes(picture: np.ndarray) -> np.ndarray:
    """Pixels in [0, 1], clipped and rounded to uint8."""
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
