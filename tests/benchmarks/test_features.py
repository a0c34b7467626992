"""What `benchmarks.features` measures and paints with; the pictures take minutes and are not repeated here."""

import keras
import numpy as np
import pytest

from benchmarks import features
from zoo._perceptual import perceptual_loss

random = np.random.default_rng(0)
PICTURES = random.uniform(size=(2, 64, 48, 3)).astype("float32")


def style_left(loss, picture, style):
    return float(loss.style(loss.features(picture[None]), loss.gram_matrices(loss.features(style[None])))[0])


def test_figures():
    picture, other = PICTURES
    assert features.patch_distance(picture, picture) == 0
    assert features.patch_distance(picture, np.clip(picture + 0.1, 0, 1)) > features.patch_distance(picture, other) > 0
    assert features.edges_kept(picture, picture) == pytest.approx(1)
    assert features.edges_kept(picture, other) < 0.3
    assert 0 < features.rough_share(perceptual_loss("compact", None), picture, other) < 1


def test_painting_comes_nearer_to_the_style(monkeypatch):
    monkeypatch.setattr(features, "ITERATIONS", (5, 5))
    y = np.linspace(0, 20, 40, dtype="float32")
    style = np.broadcast_to(0.5 + 0.5 * np.sin(y)[:, None, None] * [1, 0.8, 0.6], (40, 40, 3)).astype("float32")
    loss = perceptual_loss("compact", None)
    picture = features.paint(loss, style, PICTURES[0], 0.1)
    assert picture.shape == style.shape and picture.min() >= 0 and picture.max() <= 1
    start = random.random(style.shape, np.float32)
    assert style_left(loss, picture, style) < 0.5 * style_left(loss, start, style)


def test_nearness():
    def network(gain):
        image = keras.Input((None, None, 3))
        return keras.Model(image, {"maps": gain * image})

    ((share, far, own_share, own_far),) = features.nearness(network(1.0), network(0.9), PICTURES, 0).values()
    assert own_share == 1 and own_far == 0
    assert far == pytest.approx(0.19**2, rel=1e-3)
    assert share == pytest.approx(1 - 0.01 * np.square(PICTURES).mean() / PICTURES.var((0, 1, 2)).mean(), rel=1e-3)
    ((share, far, own_share, own_far),) = features.nearness(network(1.0), network(1.0), PICTURES, 25).values()
    assert share == own_share < 1 and far == own_far > 0
