"""The measures of parity, the real inputs they are taken on, and how the signature names its dimensions."""

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from tests.export.networks import batch, generator, inpainter, pictures, stylise
from zoo.common.strokes import free_form
from zoo.export.report import amplification
from zoo.export.signature import example_inputs, signature_of
from zoo.export.verify import References, compare, psnr, ssim

PICTURE = pictures(1)[0]


def test_psnr_is_that_of_scikit_image():
    noisy = np.clip(PICTURE + np.random.default_rng(0).normal(0, 0.02, PICTURE.shape), 0, 1)
    assert psnr(PICTURE, noisy) == pytest.approx(peak_signal_noise_ratio(PICTURE.astype("float64"), noisy, data_range=1))
    assert psnr(PICTURE, PICTURE) == 200
    assert ssim(PICTURE, PICTURE) == pytest.approx(1)
    assert 0.5 < ssim(PICTURE, noisy.astype("float32")) < 0.999


@pytest.mark.parametrize(
    ("precision", "error", "passed"),
    [("float32", 9e-5, True), ("float32", 1.1e-4, False), ("float16", 3.1e-3, True), ("float16", 3.2e-3, False)],
)
def test_floors(precision, error, passed):
    expected = {"output_image": np.full((1, 16, 16, 3), 0.5)}
    parity = compare([expected], [{"output_image": expected["output_image"] + error}], precision)
    assert parity.passed is passed
    assert parity.max_abs == pytest.approx(error, rel=1e-3)


def test_the_worst_picture_counts():
    expected = {"output_image": np.zeros((8, 16, 16, 3))}
    actual = {"output_image": np.zeros((8, 16, 16, 3))}
    actual["output_image"][5] = 0.1
    parity = compare([expected], [actual], "float16")
    assert parity.psnr == pytest.approx(20) and not parity.passed


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_what_is_no_number_fails(precision):
    expected = {"output_image": np.zeros((1, 16, 16, 3))}
    actual = {"output_image": np.full((1, 16, 16, 3), np.nan)}
    parity = compare([expected], [actual], precision)
    assert not parity.passed and np.isnan(parity.max_abs) and np.isnan(parity.psnr)


def test_another_shape_or_name_is_an_error():
    expected = {"output_image": np.zeros((1, 16, 16, 3))}
    with pytest.raises(ValueError, match="shape"):
        compare([expected], [{"output_image": np.zeros((1, 16, 15, 3))}], "float32")
    with pytest.raises(ValueError, match="output_0"):
        compare([expected], [{"output_0": np.zeros((1, 16, 16, 3))}], "float32")


def test_signatures():
    signature = signature_of(stylise())
    assert signature.free_size and signature.own_size is None
    assert signature.inputs["image"].shape == ("batch", "height", "width", 3)
    assert signature.outputs["output_image"].shape == ("batch", "height", "width", 3)
    assert signature.inputs["strength"].range == (0, 1)
    doubled = signature_of(inpainter())
    assert doubled.outputs["output_image"].shape == ("batch", "2*height", "2*width", 1)
    made = signature_of(generator())
    assert made.own_size == (12, 20) and made.inputs["latent"].range is None


def test_example_inputs_are_real_in_range_and_repeatable():
    signature = signature_of(stylise())
    inputs = example_inputs(signature, pictures(4), 1, (400, 90))
    assert {name: value.shape for name, value in inputs.items()} == {
        "image": (4, 400, 90, 3),
        "strength": (4,),
        "style_weights": (4, 2),
    }
    assert all(value.dtype == np.float32 and value.min() >= 0 and value.max() <= 1 for value in inputs.values())
    assert inputs["strength"].min() >= 0.5
    np.testing.assert_array_equal(inputs["style_weights"].sum(1), 1)
    assert {0.0, 0.5, 1.0} == set(inputs["style_weights"].ravel().tolist())
    again = example_inputs(signature, pictures(4), 1, (400, 90))
    assert all(np.array_equal(inputs[name], again[name]) for name in inputs)
    assert example_inputs(signature, pictures(1))["image"].shape == (1, *PICTURE.shape)
    gray = example_inputs(signature_of(inpainter()), pictures(2), 0, (64, 64))
    assert gray["image"].shape == gray["mask"].shape == (2, 64, 64, 1)


@pytest.mark.parametrize("size", [(9, 9), (64, 200), (256, 256)])
def test_masks_are_holes_of_some_size(size):
    areas = [free_form(*size, np.random.default_rng(seed)).mean() for seed in range(8)]
    assert min(areas) > 0.005 and max(areas) < 0.8
    assert set(np.unique(free_form(*size, np.random.default_rng(0)))) == {0.0, 1.0}


def test_cases_cover_sizes_and_batches():
    class Keras:
        signature = signature_of(stylise())

        def __call__(self, **inputs):
            return {"output_image": inputs["image"]}

    references = References(Keras(), pictures())
    assert [c.inputs["image"].shape[:3] for c in references.cases(None)] == [
        (n, *size) for size in ((301, 203), (128, 160)) for n in (1, 1, 3, 3)
    ]
    assert [c.inputs["image"].shape[:3] for c in references.cases((32, 48))] == [(1, 32, 48)] * 8
    assert references.cases(None) is references.cases(None)
    assert references.timed(None)["image"].shape == (1, 256, 256, 3)
    assert batch(2, 8, 9)["image"].shape == (2, 8, 9, 3)


@pytest.mark.parametrize(("largest", "factor"), [(0.0, 0), (float("nan"), 0), (0.5, 1), (0.02, 10), (9e-5, 10_000), (3.0, 1)])
def test_amplification(largest, factor):
    assert amplification(largest) == factor
