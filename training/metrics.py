"""How good generated pictures are: Frechet and kernel distance, precision and recall, in any feature network.

Features stream through in batches; the moments behind the Frechet distance need the memory of one batch, and the other figures
that of the features that are kept. Figures compare only within one feature network and one number of pictures.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Extractor = Callable[[Any], np.ndarray]
FIGURES = ("frechet_distance", "kernel_distance", "precision", "recall", "diversity")


class Moments:
    """Mean and covariance of features that come in batches, of any number (Chan et al. 1979), in float64."""

    def __init__(self) -> None:
        self.count = 0
        self.mean: np.ndarray = np.zeros(0)
        self._scatter: np.ndarray = np.zeros((0, 0))

    def update(self, features: np.ndarray) -> None:
        """Takes in features [N, D].

        Raises:
            ValueError: a feature is not finite, or has another length than those before.
        """
        features = np.asarray(features, np.float64)
        if not np.isfinite(features).all():
            raise ValueError("a picture has features that are not finite; the model's pictures hold NaN or infinity")
        if not self.count:
            self.mean, self._scatter = np.zeros(features.shape[1]), np.zeros((features.shape[1],) * 2)
        if features.shape[1] != len(self.mean):
            raise ValueError(f"features of length {features.shape[1]} do not compare with those of length {len(self.mean)}")
        mean = features.mean(axis=0)
        centered, step = features - mean, mean - self.mean
        total = self.count + len(features)
        self._scatter += centered.T @ centered + np.outer(step, step) * (self.count * len(features) / total)
        self.mean += step * (len(features) / total)
        self.count = total

    @property
    def covariance(self) -> np.ndarray:
        """The unbiased covariance [D, D]."""
        if self.count < 2:
            raise ValueError(f"a covariance needs at least 2 pictures, not {self.count}")
        return self._scatter / (self.count - 1)


class Features:
    """What is known of one set of pictures: the moments of all, and the features of the first `keep`."""

    def __init__(self, keep: int = 10_000) -> None:
        self.keep = keep
        self.moments = Moments()
        self._kept: list[np.ndarray] = []

    def update(self, features: np.ndarray) -> None:
        """Takes in features [N, D]."""
        room = self.keep - min(self.moments.count, self.keep)
        self.moments.update(features)
        if room:
            self._kept.append(np.asarray(features[:room], np.float32))

    @property
    def kept(self) -> np.ndarray:
        """The features of the first `keep` pictures: float32 [N, D]."""
        return np.concatenate(self._kept)


COMPARED = {"deep": ("fire7", "fire9")}  # the maps that pictures are compared in, where not those of style and content


def extractor(features: str = "compact", weights: str | None = None) -> Extractor:
    """From pictures, float [N, H, W, 1 or 3] in [0, 1], to feature vectors, float32 [N, D].

    Args:
        features: "compact" (768 numbers: its maps' means, of pictures brought to 64 pixels), "deep" (896 numbers: the means of
            its last two maps, 128 pixels), "vgg16", "vgg19" (likewise, of their style and content maps), or "inception" (2048
            numbers, 299 pixels: Keras' InceptionV3, which is not the network of the reference implementation; its figures do
            not compare with published ones).
        weights: a local weights file for the last three; None lets Keras download them.

    Raises:
        ValueError: no such network; the message names the nearest.
        OSError: the weights can neither be found nor downloaded.
    """
    import keras
    from keras import layers, ops

    from zoo import features as networks

    if features == "inception":
        try:
            network = keras.applications.InceptionV3(include_top=False, pooling="avg", weights=weights or "imagenet")
        except Exception as error:  # Keras raises a bare Exception where a download fails
            raise OSError(f"no weights for inception ({error}); give a file of them, or take features compact") from error
        size, low, high = 299, -1.0, 1.0
    else:
        maps = networks.create(features, weights, COMPARED.get(features))
        means = [layers.GlobalAveragePooling2D(dtype="float32")(value) for value in maps.output.values()]
        network = keras.Model(maps.input, layers.Concatenate(dtype="float32")(means))
        size, low, high = 64 if features == "compact" else 128, 0.0, 1.0

    def extract(pictures: Any) -> np.ndarray:
        pictures = ops.convert_to_tensor(pictures, "float32")
        if pictures.shape[-1] == 1:
            pictures = ops.repeat(pictures, 3, axis=-1)
        if pictures.shape[1:3] != (size, size):
            pictures = ops.image.resize(pictures, (size, size), interpolation="bilinear", antialias=True)
        return ops.convert_to_numpy(network(low + pictures * (high - low), training=False))

    return extract


def frechet_distance(real: Moments, fake: Moments) -> float:
    """Squared Frechet distance of the two normal distributions (Heusel et al. 2017, https://arxiv.org/abs/1706.08500)."""
    values, vectors = np.linalg.eigh(real.covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    # root fake root has the eigenvalues of real fake, and is symmetric: no complex square root, no iteration.
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ fake.covariance @ root), 0)).sum()
    mean = np.square(real.mean - fake.mean).sum()
    return float(mean + np.trace(real.covariance) + np.trace(fake.covariance) - 2 * shared)


def kernel_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """Squared maximum mean discrepancy, unbiased, under the kernel (x y / D + 1)^3 (Binkowski et al. 2018,
    https://arxiv.org/abs/1801.01401), of features [N, D] and [M, D]; all pairs, not the mean over subsets. It may fall below 0.
    """

    def total(a: np.ndarray, b: np.ndarray) -> float:
        return sum(((part @ b.T / a.shape[1] + 1) ** 3).sum() for part in _parts(a))

    def own(a: np.ndarray) -> float:
        diagonal = ((np.square(a).sum(axis=1) / a.shape[1] + 1) ** 3).sum()
        return (total(a, a) - diagonal) / (len(a) * (len(a) - 1))

    _check(real, fake, 2)
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    return float(own(real) + own(fake) - 2 * total(real, fake) / (len(real) * len(fake)))


def precision_and_recall(real: np.ndarray, fake: np.ndarray, neighbours: int = 3) -> tuple[float, float]:
    """Shares of the generated pictures among the real ones, and of the real among the generated, of features [N, D] and [M, D].

    A picture is among others if it lies no further from one of them than that one's `neighbours`-th nearest of its own kind
    (Kynkaanniemi et al. 2019, https://arxiv.org/abs/1904.06991).
    """
    _check(real, fake, neighbours + 1)
    return _share_among(fake, real, neighbours), _share_among(real, fake, neighbours)


def diversity(real: Moments, fake: Moments) -> float:
    """The generated features' variance over the real ones': about 1; near 0 where a generator makes one picture only."""
    return float(np.trace(fake.covariance) / max(np.trace(real.covariance), 1e-12))


def compare(real: Features, fake: Features) -> dict[str, float]:
    """The `FIGURES`, by name."""
    distances = (frechet_distance(real.moments, fake.moments), kernel_distance(real.kept, fake.kept))
    values = (*distances, *precision_and_recall(real.kept, fake.kept), diversity(real.moments, fake.moments))
    return dict(zip(FIGURES, values, strict=True))


def _check(real: np.ndarray, fake: np.ndarray, least: int) -> None:
    if min(len(real), len(fake)) < least:
        raise ValueError(f"needs at least {least} pictures on either side, not {len(real)} and {len(fake)}")


def _parts(rows: np.ndarray, size: int = 1000) -> Iterator[np.ndarray]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances [N, M]."""
    return np.maximum(np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * a @ b.T, 0)


def _share_among(points: np.ndarray, others: np.ndarray, neighbours: int) -> float:
    # float64: the squares of far-off features cancel where neighbours lie close.
    points, others = np.asarray(points, np.float64), np.asarray(others, np.float64)
    # The nearest of all is the point itself, so that the k-th neighbour is number k from 0.
    reach = np.concatenate([np.partition(_distances(part, others), neighbours, axis=1)[:, neighbours] for part in _parts(others)])
    return float(np.mean(np.concatenate([(_distances(part, others) <= reach).any(axis=1) for part in _parts(points)])))
