"""The inpainter: known pixels to the bit, masks of every sort, partial and gated convolutions against their formulas."""

import keras
import numpy as np
import pytest

import zoo
from tests.models import sample
from zoo.layers import GatedConvolution2D, PartialConvolution2D, PyramidFill
from zoo.training.masks import draw_mask

CONVOLUTIONS = ("plain", "partial", "gated")


def deployed(convolution, **config):
    keras.utils.set_random_seed(0)
    return zoo.create("unet_inpainter", preset="tiny", convolution=convolution, **config).inference_model()


def fill(model, image, mask):
    return model({"image": image[None], "mask": mask[None]})["output_image"].numpy()[0]


@pytest.mark.parametrize("convolution", CONVOLUTIONS)
def test_known_pixels_come_back_bit_for_bit(convolution):
    image, mask = sample("coffee", 64)[:45, :37], draw_mask(["free_form"], 64, np.random.default_rng(0))[:45, :37]
    output = fill(deployed(convolution), image, mask)
    np.testing.assert_array_equal(output[mask[..., 0] == 0], image[mask[..., 0] == 0])
    assert (output[mask[..., 0] == 1] != image[mask[..., 0] == 1]).all(axis=-1).any()
    assert output.min() >= 0 and output.max() <= 1


@pytest.mark.parametrize("convolution", CONVOLUTIONS)
def test_what_the_picture_shows_in_the_hole_is_not_seen(convolution):
    model, image = deployed(convolution), sample("coffee", 32)
    mask = draw_mask(["rectangle"], 32, np.random.default_rng(0))
    np.testing.assert_array_equal(fill(model, image, mask), fill(model, np.where(mask > 0, 1, image), mask))


@pytest.mark.parametrize("convolution", CONVOLUTIONS)
def test_no_hole_all_hole_and_soft_masks(convolution):
    model, image = deployed(convolution), sample("coffee", 32)
    empty = np.zeros((32, 32, 1), np.float32)
    np.testing.assert_array_equal(fill(model, image, empty), image)
    assert np.isfinite(fill(model, image, empty + 1)).all()
    soft = np.random.default_rng(0).random((32, 32, 1), np.float32)
    np.testing.assert_array_equal(fill(model, image, soft), fill(model, image, (soft > 0.5).astype("float32")))


@pytest.mark.parametrize("strides", [1, 2])
def test_partial_convolution_is_the_formula(strides):
    random = np.random.default_rng(0)
    known = (random.random((1, 7, 9, 1)) < 0.3).astype("float32")
    known[:, :4, :4] = 0
    x = random.normal(size=(1, 7, 9, 2)).astype("float32") * known
    layer = PartialConvolution2D(3, 3, strides)
    features, seen = (np.asarray(part) for part in layer([x, known]))
    layer.bias.assign([0.1, 0.2, 0.3])
    features = np.asarray(layer([x, known])[0])
    kernel, padded, mask = np.asarray(layer.kernel), *(np.pad(a[0], ((1, 1), (1, 1), (0, 0))) for a in (x, known))
    for i in range(features.shape[1]):
        for j in range(features.shape[2]):
            window = slice(strides * i, strides * i + 3), slice(strides * j, strides * j + 3)
            count = mask[window].sum()
            expected = np.zeros(3)
            if count:
                expected = np.einsum("ijc,ijcd->d", padded[window], kernel) * 9 / count + [0.1, 0.2, 0.3]
            np.testing.assert_allclose(features[0, i, j], expected, atol=1e-5)
            assert seen[0, i, j, 0] == (count > 0)


def test_gated_convolution_is_the_formula():
    x = np.random.default_rng(0).normal(size=(1, 5, 6, 2)).astype("float32")
    layer = GatedConvolution2D(3, 3, 2)
    gated = np.asarray(layer(x))
    both = np.asarray(layer.convolution(x))
    feature, gate = both[..., :3], both[..., 3:]
    np.testing.assert_allclose(gated, np.where(feature > 0, feature, np.expm1(feature)) / (1 + np.exp(-gate)), atol=1e-6)


def test_published_weights():
    config = zoo.create("unet_inpainter", preset="tiny").get_config()
    names = ("valid_weight", "hole_weight", "perceptual_weight", "style_weight", "total_variation_weight")
    assert [config[name] for name in names] == [1.0, 6.0, 0.05, 120.0, 0.1]


def test_pyramid_fill_keeps_what_is_known_and_continues_flat_pictures():
    image, mask = sample("coffee", 64)[None], draw_mask(["free_form"], 64, np.random.default_rng(0))[None]
    fill = np.asarray(PyramidFill(4)([image, 1 - mask]))
    np.testing.assert_allclose(fill * (1 - mask), image * (1 - mask), atol=1e-6)
    flat = np.full_like(image, 0.3)
    np.testing.assert_allclose(PyramidFill(4)([flat * (1 - mask), 1 - mask]), flat, atol=1e-5)
    np.testing.assert_allclose(PyramidFill(4)([image, 0 * mask]), 0.5)


def test_a_wide_hole_is_no_gray_cloud():
    """What is known spreads over holes wider than the pyramid is high: 7 places of 8 pixels from either side."""
    color = np.array([0.9, 0.2, 0.6], "float32")
    image = np.broadcast_to(color, (1, 160, 160, 3)).copy()
    known = np.ones((1, 160, 160, 1), "float32")
    known[:, 24:136, 24:136] = 0
    np.testing.assert_allclose(PyramidFill(3)([image * known, known]), image, atol=1e-5)


@pytest.mark.parametrize("convolution", ["plain", "gated"])
def test_training_starts_from_the_pyramid_fill(convolution):
    image, mask = sample("coffee", 32), draw_mask(["rectangle"], 32, np.random.default_rng(0))
    start = np.asarray(PyramidFill(2)([image[None], 1 - mask[None]]))[0]
    np.testing.assert_allclose(fill(deployed(convolution, pyramid_fill=True), image, mask), start, atol=1e-6)
