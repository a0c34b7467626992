"""The compositor: warping and blending against what they must be, and fitting a place back."""

import keras
import numpy as np
import pytest

import zoo
from tests.models import sample
from zoo.export.export import export_model
from zoo.layers import AffineWarp2D, LaplacianBlend


def composition(**config):
    keras.utils.set_random_seed(0)
    return zoo.create("compositor", preset="tiny", **config)


def patch(size, top, left):
    """A soft blob on nothing: [size, size, 4]."""
    y, x = np.mgrid[:size, :size]
    alpha = np.exp(-((y - top) ** 2 + (x - left) ** 2) / (2 * (size / 10) ** 2))
    return np.concatenate([np.broadcast_to([0.9, 0.2, 0.1], (size, size, 3)), alpha[..., None]], -1).astype("float32")


def test_the_identity_changes_nothing():
    x = np.random.default_rng(0).random((2, 11, 14, 3), np.float32)
    warped, inside = AffineWarp2D()(x)
    np.testing.assert_allclose(warped, x, atol=1e-5)
    np.testing.assert_allclose(inside, 1, atol=1e-5)


def test_a_shift_of_whole_pixels():
    x = np.random.default_rng(0).random((1, 8, 10, 2), np.float32)
    layer = AffineWarp2D()
    layer.build(x.shape)
    layer.matrix.assign([[1, 0, 2 * 3 / 10], [0, 1, -2 * 1 / 8]])
    warped, inside = (np.asarray(part) for part in layer(x))
    np.testing.assert_allclose(warped[:, 1:, :7], x[:, :7, 3:], atol=1e-5)
    np.testing.assert_allclose(inside[0, 1:, :7], 1, atol=1e-5)
    np.testing.assert_allclose(inside[0, :, 7:], 0, atol=1e-5)
    layer.matrix.assign([[1, 0, 1e9], [0, 1, 0]])
    assert np.isfinite(np.asarray(layer(x)[0])).all()


def test_blending_keeps_either_picture_and_flat_ones():
    bottom, top = sample("coffee", 64)[None, :48], sample("astronaut", 64)[None, :48]
    blend = LaplacianBlend(3)
    np.testing.assert_allclose(blend([bottom, top, np.zeros((1, 48, 64, 1), np.float32)]), bottom, atol=1e-5)
    np.testing.assert_allclose(blend([bottom, top, np.ones((1, 48, 64, 1), np.float32)]), top, atol=1e-5)


def test_blending_widens_a_seam():
    half = np.zeros((1, 64, 64, 1), np.float32)
    half[:, :, 32:] = 1
    dark, light = np.full((1, 64, 64, 3), 0.2, np.float32), np.full((1, 64, 64, 3), 0.8, np.float32)
    row = np.asarray(LaplacianBlend(3)([dark, light, half]))[0, 32, :, 0]
    assert np.abs(np.diff(row)).max() < 0.3
    assert row[0] == pytest.approx(0.2, abs=0.01) and row[-1] == pytest.approx(0.8, abs=0.01)
    np.testing.assert_allclose(row + row[::-1], 1, atol=1e-5)


def test_over_is_porter_and_duff():
    model = composition(elements=2, blend="over")
    random = np.random.default_rng(0)
    bottom, top = random.random((2, 20, 20, 4), np.float32)
    bottom[..., 3] = 1
    stack = np.concatenate([bottom, top], -1)[None]
    output = model.inference_model()({"image": stack})["output_image"][0]
    expected = bottom[..., :3] * (1 - top[..., 3:]) + top[..., :3] * top[..., 3:]
    np.testing.assert_allclose(output, expected, atol=1e-5)
    model.compose.get_layer("mix_1").opacity.assign(0.0)
    hidden = model.inference_model()({"image": stack})["output_image"][0]
    np.testing.assert_allclose(hidden, bottom[..., :3], atol=1e-5)


def test_fitting_finds_where_the_target_has_the_element():
    model = composition(elements=2, blend="over", levels=3)
    background = np.full((32, 32, 3), 0.4, np.float32)
    model.adapt(element=[background, patch(32, 12, 12)])
    moved = patch(32, 17, 19)
    target = background * (1 - moved[..., 3:]) + moved[..., :3] * moved[..., 3:]
    model.compile(keras.optimizers.Adam(0.02))
    losses = [model.train_on_batch({"image": target[None]}, return_dict=True)["loss"] for _ in range(250)]
    assert losses[-1] < 0.02 * losses[0]


def test_elements_must_be_as_many_as_announced():
    with pytest.raises(ValueError, match="composes 2 element"):
        composition(elements=2).adapt(element=[sample("coffee", 32)])


def test_two_elements_hold_their_floor_in_float16_onnx(tmp_path):
    """The contract tests export one."""
    pictures = [sample(picture, 64) for picture in ("astronaut", "chelsea", "coffee", "rocket")] * 2
    options = {"name": "two", "formats": ("onnx",), "precisions": ("float16",), "pictures": pictures}
    manifest = export_model(composition(elements=2), tmp_path / "out", **options)
    assert manifest.artifacts and manifest.passed
