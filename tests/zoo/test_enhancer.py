"""The curves of low-light enhancement."""

import numpy as np
import pytest

import zoo
from tests.models import batches, sample
from zoo.enhancer import luma
from zoo.training.degradations import degrade


def deployed(picture, strength, **settings):
    network = zoo.create("enhancer", preset="tiny", **settings).inference_model()
    inputs = {"image": picture[None], "strength": np.array([strength], "float32")}
    return np.array(network(inputs)["output_image"])[0]


def test_the_published_network_has_its_published_size():
    """79,416 weights, and a picture in which each convolution keeps its place."""
    assert zoo.create("enhancer", preset="zero_dce").curves.count_params() == 79_416
    assert zoo.create("enhancer").curves.count_params() < 79_416


@pytest.mark.parametrize("shape", [(1, 1), (33, 50), (17, 250)])
@pytest.mark.parametrize("reduction", [1, 4])
def test_any_size_and_without_strength_the_picture_itself(shape, reduction):
    picture = np.random.default_rng(0).random((*shape, 3), "float32")
    np.testing.assert_array_equal(deployed(picture, 0.0, reduction=reduction), picture)
    assert deployed(picture, 1.0, reduction=reduction).shape == picture.shape


def test_curves_are_the_formula_and_keep_black_and_white():
    model = zoo.create("enhancer", preset="tiny", iterations=3, bend_by_color=True)
    picture = np.random.default_rng(1).random((2, 8, 8, 3), "float32")
    bends = np.random.default_rng(2).uniform(-1, 1, (2, 8, 8, 9)).astype("float32")
    expected = picture
    for turn in range(3):
        expected = expected + bends[..., 3 * turn : 3 * turn + 3] * expected * (1 - expected)
    np.testing.assert_allclose(model._bent(picture, bends), expected, atol=1e-6)
    shared = bends[..., :3]
    model.bend_by_color = False
    np.testing.assert_allclose(model._bent(picture, shared), model._bent(picture, np.repeat(shared, 3, -1)), atol=1e-6)
    ends = np.round(picture)
    np.testing.assert_array_equal(model._bent(ends, bends), ends)


def test_each_term_is_its_formula():
    model = zoo.create("enhancer", preset="tiny", exposure=0.6, color_weight=2.0, smoothness_weight=200.0)
    random = np.random.default_rng(3)
    dim, picture = random.random((2, 2, 32, 32, 3), "float32")
    bends = random.uniform(-1, 1, (2, 32, 32, 6)).astype("float32")
    terms = model.loss_terms({"dim": dim}, {"picture": picture, "bends": bends})
    gray = np.array(luma(picture))[..., 0]
    places = gray.reshape(2, 2, 16, 2, 16).mean((2, 4))
    before = np.array(luma(dim))[..., 0].reshape(2, 2, 16, 2, 16).mean((2, 4))
    np.testing.assert_allclose(terms["exposure"], 10 * ((places - np.maximum(before, 0.6)) ** 2).mean((1, 2)), rtol=1e-3)
    model.brighter_too = True
    both = model.loss_terms({"dim": dim}, {"picture": picture, "bends": bends})["exposure"]
    np.testing.assert_allclose(both, 10 * ((places - 0.6) ** 2).mean((1, 2)), rtol=1e-3)
    red, green, blue = np.moveaxis(picture.mean((1, 2)), -1, 0)
    np.testing.assert_allclose(terms["color"], 2 * ((red - green) ** 2 + (green - blue) ** 2 + (blue - red) ** 2), rtol=1e-3)
    down, across = np.diff(bends, axis=1), np.diff(bends, axis=2)
    np.testing.assert_allclose(terms["smoothness"], 200 * ((down**2).mean((1, 2, 3)) + (across**2).mean((1, 2, 3))), rtol=1e-4)
    shifted = model.loss_terms({"dim": dim}, {"picture": dim + 0.1, "bends": bends})
    np.testing.assert_allclose(shifted["spatial"], 0, atol=1e-6)
    assert (np.array(terms["spatial"]) > 1e-4).all()


def test_training_brightens_what_is_dark():
    model = zoo.create("enhancer", preset="tiny", learning_rate=1e-2)
    model.compile()
    model.fit(batches(model, 4).dataset(), steps_per_epoch=30, epochs=1, verbose=0, shuffle=False)
    dark = 0.15 * sample("astronaut", 64)
    network = model.inference_model()
    bright = np.array(network({"image": dark[None], "strength": np.ones(1, "float32")})["output_image"])[0]
    assert bright.mean() > 1.3 * dark.mean()


def test_the_recipe_darkens_or_fades_and_draws_the_same_again():
    picture = sample("astronaut", 64)
    made = [degrade(picture, "dim", np.random.default_rng(seed)) for seed in range(40)]
    np.testing.assert_array_equal(made[7], degrade(picture, "dim", np.random.default_rng(7)))
    darker = [m.mean() < 0.7 * picture.mean() for m in made]
    same = [np.abs(m - picture).max() < 1 / 255 for m in made]
    assert sum(darker) > 15 and 2 <= sum(same) <= 16


@pytest.mark.parametrize(
    ("settings", "line"), [({"reduction": 3}, "1, 2, 4, 8 or 16 times smaller"), ({"size": 40}, "multiple of 16")]
)
def test_wrong_settings_are_refused(settings, line):
    with pytest.raises(ValueError, match=line):
        zoo.create("enhancer", **settings)
