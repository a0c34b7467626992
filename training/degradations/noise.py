"""Noise of sensors and of transmission. A level is a deviation, of 255, but for salt and pepper and for JPEG."""

from collections.abc import Callable

import numpy as np

from zoo.training.degradations.files import jpeg as jpeg_file

Noise = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]

# What a chroma value adds to red, green and blue (JFIF).
CB, CR = np.array([0, -0.344136, 1.772], np.float32), np.array([1.402, -0.714136, 0], np.float32)


def gaussian(picture: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Adds white Gaussian noise with a deviation of `level` of 255; values leave [0, 1], as in the published protocols."""
    return picture + np.float32(level / 255) * random.standard_normal(picture.shape, np.float32)


def by_channel(picture: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Gaussian, and each channel has a deviation of its own between nothing and twice `level`."""
    deviations = np.float32(level / 255) * np.asarray(random.uniform(0, 2, picture.shape[-1]), np.float32)
    return picture + deviations * random.standard_normal(picture.shape, np.float32)


def correlated(picture: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Grain of 1 to 4 pixels: Gaussian noise blurred by a deviation of 0.4 to 1.5 pixels, as demosaicing leaves it."""
    return picture + np.float32(level / 255) * _grain(picture.shape, random.uniform(0.4, 1.5), random)


def chroma(picture: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Blotches of colour, coarser than the grain of a third of `level` that they come with: small sensors in the dark.

    A gray picture has the grain alone, of the whole level.
    """
    height, width, channels = picture.shape
    grain = _grain((height, width, 1), random.uniform(0.1, 0.8), random)
    if channels == 1:
        return picture + np.float32(level / 255) * grain
    colors = _grain((height, width, 2), random.uniform(0.5, 2.5), random)
    return picture + np.float32(level / 255) * (grain / 3 + 0.7 * (colors[..., :1] * CB + colors[..., 1:] * CR))


def poisson(picture: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Counts photons: a deviation of `level` in white, and of its root's share in what is darker."""
    photons = (255 / max(level, 0.1)) ** 2
    return (random.poisson(np.clip(picture, 0, 1) * photons) / photons).astype(np.float32)


def sensor(picture: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Photons counted, and the Gaussian noise of reading them out: together `level` in white."""
    share = np.sqrt(random.uniform(0.3, 0.95))
    return gaussian(poisson(picture, level * share, random), level * np.sqrt(1 - share**2), random)


def salt_and_pepper(picture: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Sets a share `level` (0 to 1) of the values to 0 or 1, each half of the time; channels are hit apart from one another."""
    chance = random.random(picture.shape, np.float32)
    return np.where(chance < level / 2, np.float32(0), np.where(chance < level, np.float32(1), picture))


def jpeg(picture: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    """Writes and reads the picture as JPEG 4:2:0 of quality `level` (1 to 95, rounded); draws nothing."""
    return jpeg_file(picture, level)


NOISES: dict[str, Noise] = {
    "gaussian": gaussian,
    "by_channel": by_channel,
    "correlated": correlated,
    "chroma": chroma,
    "poisson": poisson,
    "sensor": sensor,
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


def _grain(shape: tuple[int, ...], deviation: float, random: np.random.Generator) -> np.ndarray:
    """Gaussian noise [H, W, C] of deviation 1, blurred by `deviation` pixels."""
    from scipy.ndimage import correlate1d

    reach = int(np.ceil(3 * deviation))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    kernel /= np.sqrt(np.square(kernel).sum())  # keeps the deviation of white noise
    noise = random.standard_normal(shape, np.float32)
    return correlate1d(correlate1d(noise, kernel, axis=0, mode="wrap"), kernel, axis=1, mode="wrap")
