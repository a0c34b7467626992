"""What `benchmarks.features` measures and paints with; the training takes minutes and is not repeated here."""

import keras
import numpy as np
import pytest

from benchmarks import classifier, features

random = np.random.default_rng(0)
PICTURES = random.uniform(size=(2, 64, 48, 3)).astype("float32")


@pytest.fixture(scope="module")
def model():
    """An untrained classifier whose normalisation has something to fold."""
    model = classifier.classifier()
    for layer in model.layers:
        if layer.name.startswith("norm"):
            gamma, beta, mean, variance = layer.get_weights()
            layer.set_weights([random.uniform(0.5, 1.5, each.shape) for each in (gamma, beta, mean, variance)])
    return model


def test_folded_maps_are_the_classifiers(model):
    network = classifier.features(model, PICTURES)
    assert sum(weight.shape.num_elements() for weight in network.weights) == 702_096
    assert network.trainable_variables == []
    maps = network(PICTURES)
    assert tuple(maps) == classifier.MAPS
    expected = np.asarray(keras.Model(model.input, model.get_layer("relu2_1").output)(PICTURES))[:, 4:-4, 4:-4]
    inner = np.asarray(maps["relu2_1"])[:, 4:-4, 4:-4]
    scale = expected.sum((0, 1, 2)) / (inner.sum((0, 1, 2)) + 1e-9)
    np.testing.assert_allclose(inner * scale, expected, atol=1e-3 * expected.max())
    assert np.asarray(maps["relu1_1"]).mean((0, 1, 2)).max() == pytest.approx(1, abs=1e-3)


def test_figures():
    picture, other = PICTURES
    assert features.patch_distance(picture, picture) == 0
    assert features.patch_distance(picture, np.clip(picture + 0.1, 0, 1)) > features.patch_distance(picture, other) > 0
    assert features.edges_kept(picture, picture) == pytest.approx(1)
    assert features.edges_kept(picture, other) < 0.3
    loss = features.compact()
    assert features.style_left(loss, picture, picture) == pytest.approx(0, abs=1e-6)
    assert 0 < features.rough_share(loss, picture, other) < 1


def test_painting_comes_nearer_to_the_style(monkeypatch):
    monkeypatch.setattr(features, "ITERATIONS", (5, 5))
    y = np.linspace(0, 20, 40, dtype="float32")
    style = np.broadcast_to(0.5 + 0.5 * np.sin(y)[:, None, None] * [1, 0.8, 0.6], (40, 40, 3)).astype("float32")
    loss = features.compact()
    picture = features.paint(loss, style, PICTURES[0], 0.1)
    assert picture.shape == style.shape and picture.min() >= 0 and picture.max() <= 1
    start = random.random(style.shape, np.float32)
    assert features.style_left(loss, picture, style) < 0.5 * features.style_left(loss, start, style)
