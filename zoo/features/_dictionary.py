"""Learns the filters of the compact feature network from drawn pictures; NumPy only, a few seconds.

    python -m zoo.features._dictionary

writes `weights/compact_features.npz`, which ships with the package, since eigen-decompositions differ between BLAS builds.
"""

import pathlib
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

PICTURES, SIDE, LEAVES = 24, 160, 400
PATCHES, ITERATIONS = 24_000, 12
BINOMIAL = np.array([1, 4, 6, 4, 1], "float32") / 16


def color(random: np.random.Generator) -> np.ndarray:
    """A colour whose brightness varies more than its hue, as in photographs: [3] in [0, 1]."""
    return np.clip(random.uniform() + 0.2 * random.standard_normal(3), 0, 1)


def dead_leaves(random: np.random.Generator, side: int) -> np.ndarray:
    """A picture of opaque ellipses and rectangles that cover one another, as objects do: float32 [side, side, 3] in [0, 1].

    Sizes follow the power law that makes such pictures look alike at every scale (Lee, Mumford and Huang 2001, "Occlusion
    Models for Natural Images").
    """
    fine = 2 * side
    y, x = np.mgrid[:fine, :fine].astype("float32")
    picture = np.full((fine, fine, 3), color(random), "float32")
    smallest, largest = 4.0, fine / 3
    for _ in range(LEAVES):
        radius = random.uniform(largest**-2, smallest**-2) ** -0.5  # a density proportional to radius^-3
        angle, aspect = random.uniform(0, np.pi), random.uniform(0.3, 1)
        across, along = x - random.uniform(0, fine), y - random.uniform(0, fine)
        u = (np.cos(angle) * across + np.sin(angle) * along) / radius
        v = (np.cos(angle) * along - np.sin(angle) * across) / (radius * aspect)
        inside = u**2 + v**2 < 1 if random.uniform() < 0.5 else np.maximum(abs(u), abs(v)) < 1
        picture[inside] = color(random)
    return picture.reshape(side, 2, side, 2, 3).mean((1, 3))


def half(picture: np.ndarray) -> np.ndarray:
    """The next level of the Gaussian pyramid: [H, W, 3] to [H / 2, W / 2, 3]."""
    padded = np.pad(picture, ((2, 2), (2, 2), (0, 0)), "reflect")
    windows = sliding_window_view(padded, (5, 5), (0, 1))[::2, ::2]
    return np.einsum("hwcij,i,j->hwc", windows, BINOMIAL, BINOMIAL)


def patches(pictures: list[np.ndarray], side: int, total: int, random: np.random.Generator) -> np.ndarray:
    """About `total` square patches drawn evenly over the pictures, each flattened in the order of a convolution's kernel."""
    drawn = []
    for picture in pictures:
        windows = sliding_window_view(picture, (side, side), (0, 1))
        rows, columns = (random.integers(0, limit, total // len(pictures)) for limit in windows.shape[:2])
        drawn.append(windows[rows, columns].transpose(0, 2, 3, 1).reshape(len(rows), -1))
    return np.concatenate(drawn)


def learn(
    samples: np.ndarray, dimensions: int, epsilon: float, filters: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """PCA whitening, then spherical k-means (Coates and Ng 2012): kernel [inputs, filters] and bias [filters].

    The response of every filter to the samples has mean 0 and standard deviation 1.
    """
    mean = samples.mean(0)
    values, vectors = np.linalg.eigh(np.cov(samples - mean, rowvar=False))
    whitening = vectors[:, -dimensions:] / np.sqrt(values[-dimensions:] + epsilon)
    white = (samples - mean) @ whitening
    unit = white / (np.linalg.norm(white, axis=1, keepdims=True) + 1e-6)  # patches of one colour are near 0
    centroids = unit[random.choice(len(unit), filters, replace=False)]
    for _ in range(ITERATIONS):
        nearest = np.argmax(unit @ centroids.T, axis=1)
        sums = np.stack([unit[nearest == k].sum(0) for k in range(filters)])
        empty = ~np.bincount(nearest, minlength=filters).astype(bool)
        sums[empty] = unit[random.choice(len(unit), empty.sum())]
        centroids = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    kernel = whitening @ centroids.T
    kernel /= ((samples - mean) @ kernel).std(0)
    return kernel.astype("float32"), (-mean @ kernel).astype("float32")


def layer(picture: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Convolution without padding, ReLU, average pool of 2."""
    side = round((len(kernel) / picture.shape[-1]) ** 0.5)
    windows = sliding_window_view(picture, (side, side), (0, 1)).transpose(0, 1, 3, 4, 2)
    maps = np.maximum(windows.reshape(*windows.shape[:2], -1) @ kernel + bias, 0)
    height, width = (length // 2 for length in maps.shape[:2])
    return maps[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1).mean((1, 3))


def build(seed: int = 0) -> dict[str, Any]:
    """The two layers' weights: kernels [7, 7, 3, 64] and [3, 3, 64, 128], biases [64] and [128], all float32."""
    random = np.random.default_rng(seed)
    pictures = [dead_leaves(random, SIDE) for _ in range(PICTURES)]
    for _ in range(2):
        pictures += [half(picture) for picture in pictures[-PICTURES:]]
    kernel1, bias1 = learn(patches(pictures, 7, PATCHES, random), 64, 1e-3, 64, random)
    maps = [layer(picture, kernel1, bias1) for picture in pictures]
    kernel2, bias2 = learn(patches(maps, 3, PATCHES, random), 96, 1e-2, 128, random)
    return {
        "layer1_kernel": kernel1.reshape(7, 7, 3, 64),
        "layer1_bias": bias1,
        "layer2_kernel": kernel2.reshape(3, 3, 64, 128),
        "layer2_bias": bias2,
    }


if __name__ == "__main__":
    np.savez(pathlib.Path(__file__).parents[1] / "weights" / "compact_features.npz", **build())
