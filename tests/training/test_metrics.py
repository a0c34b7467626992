"""Distances between sets of pictures, against SciPy and against their definitions."""

import keras
import numpy as np
import pytest
from scipy import linalg, spatial

from zoo.training.generator_metrics import GeneratorMetrics
from zoo.training.metrics import (
    Features,
    Moments,
    compare,
    diversity,
    extractor,
    frechet_distance,
    kernel_distance,
    precision_and_recall,
)


@pytest.fixture
def sets():
    random = np.random.default_rng(0)
    real = random.normal(size=(300, 8)) @ random.normal(size=(8, 8)) + 100
    return real, real[:200] * 0.8 + random.normal(size=(200, 8)) + 21


def moments(features, batch=32):
    result = Moments()
    for start in range(0, len(features), batch):
        result.update(features[start : start + batch])
    return result


def test_moments_in_batches_equal_numpy(sets):
    streamed = moments(sets[0])
    np.testing.assert_allclose(streamed.mean, sets[0].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(streamed.covariance, np.cov(sets[0], rowvar=False), rtol=1e-9)


def test_frechet_distance_equals_scipy(sets):
    real, fake = map(moments, sets)
    root = linalg.sqrtm(real.covariance @ fake.covariance).real
    expected = np.square(real.mean - fake.mean).sum() + np.trace(real.covariance + fake.covariance - 2 * root)
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-6)


def test_frechet_distance_of_fewer_pictures_than_features():
    random = np.random.default_rng(0)
    real, fake = (moments(random.normal(size=(10, 30))) for _ in range(2))
    assert np.isfinite(frechet_distance(real, fake))
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-6)


def test_kernel_distance_equals_its_definition(sets):
    real, fake = (features / 50 for features in sets)

    def mean(a, b, same):
        values = [(x @ y / 8 + 1) ** 3 for i, x in enumerate(a) for j, y in enumerate(b) if not (same and i == j)]
        return np.mean(values)

    expected = mean(real, real, True) + mean(fake, fake, True) - 2 * mean(real, fake, False)
    assert kernel_distance(real, fake) == pytest.approx(expected, rel=1e-9)


def test_kernel_distance_in_parts_is_unbiased():
    features = np.random.default_rng(0).normal(size=(2, 2500, 4))
    assert abs(kernel_distance(*features)) < 0.01


def test_precision_and_recall_equal_scipy(sets):
    real, fake = sets

    def share(points, others):
        own = np.sort(spatial.distance.cdist(others, others), axis=1)[:, 3]
        return (spatial.distance.cdist(points, others) <= own).any(axis=1).mean()

    assert precision_and_recall(real, fake) == (share(fake, real), share(real, fake))
    assert precision_and_recall(real, real) == (1, 1)
    assert precision_and_recall(real, real[:50]) == (1, pytest.approx(share(real, real[:50])))
    assert precision_and_recall(real, real + 1000) == (0, 0)


def test_too_few_pictures_are_refused():
    with pytest.raises(ValueError, match="at least 4 pictures"):
        precision_and_recall(np.zeros((3, 2)), np.zeros((9, 2)))
    with pytest.raises(ValueError, match="at least 2 pictures"):
        _ = moments(np.zeros((1, 2))).covariance


def test_pictures_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        Moments().update(np.array([[np.nan, 0.0]]))


@pytest.fixture(scope="module")
def compact():
    return extractor()


@pytest.fixture(scope="module")
def deep():
    return extractor("deep")


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (96, 96, 3)])
@pytest.mark.parametrize(("network", "count"), [("compact", 768), ("deep", 896)])
def test_features_of_pictures(network, count, shape, request):
    features = request.getfixturevalue(network)(np.random.default_rng(0).random((3, *shape), np.float32))
    assert features.shape == (3, count)
    assert np.isfinite(features).all()


@pytest.mark.parametrize("network", ["compact", "deep"])
def test_worse_pictures_are_further(network, request):
    features, random = request.getfixturevalue(network), np.random.default_rng(0)
    blobs = np.repeat(np.repeat(random.random((80, 4, 4, 3), np.float32), 8, axis=1), 8, axis=2)
    real, same, noisy = Features(), Features(), Features()
    real.update(features(blobs[:40]))
    same.update(features(blobs[40:]))
    noisy.update(features(np.clip(blobs[40:] + random.normal(size=(40, 32, 32, 3)) * 0.3, 0, 1)))
    good, bad = compare(real, same), compare(real, noisy)
    assert good["frechet_distance"] < bad["frechet_distance"]
    assert good["kernel_distance"] < bad["kernel_distance"]
    assert bad["precision"] < good["precision"]


def test_features_keep_the_first_and_count_all():
    features = Features(keep=5)
    for _ in range(3):
        features.update(np.ones((3, 2)))
    assert features.kept.shape == (5, 2)
    assert features.moments.count == 9


def test_the_callback_measures_and_warns_of_collapse(caplog):
    random = np.random.default_rng(0)
    real = [random.normal(size=(20, 4)) for _ in range(2)]
    callback = GeneratorMetrics(real, lambda: [np.ones((20, 4)) + 1e-3 * random.normal(size=(20, 4))], np.asarray, every=2)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(np.ones((8, 2)), np.ones((8, 1)), batch_size=2, verbose=0, callbacks=[callback]).history
    assert list(callback.history) == [2, 4]
    assert history["frechet_distance"][0] > 0
    assert "mode collapse" in caplog.text


def test_diversity():
    random = np.random.default_rng(0)
    real = random.normal(size=(500, 4))
    assert diversity(moments(real), moments(real / 2)) == pytest.approx(0.25)
