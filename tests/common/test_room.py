"""The small things that training, export and the command share."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2gray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from tests.models import sample
from zoo.common.luma import luma
from zoo.common.resizing import resized
from zoo.common.similarity import psnr, ssim
from zoo.common.strokes import free_form, stroke
from zoo.common.text import one_line


def test_files_and_texts_need_not_even_numpy():
    code = (
        "import sys, zoo.common.files, zoo.common.text, zoo.common.stderr\n"
        "sys.exit(bool({'numpy', 'PIL', 'keras', 'tensorflow', 'click'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_psnr_and_ssim_are_those_of_scikit_image(dtype):
    picture = sample("astronaut", 96).astype(dtype)
    noisy = np.clip(picture + np.random.default_rng(0).normal(0, 0.05, picture.shape), 0, 1).astype(dtype)
    wide = [each.astype("float64") for each in (picture, noisy)]
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    assert ssim(picture, noisy) == pytest.approx(
        structural_similarity(*wide, data_range=1, channel_axis=-1, **options), abs=1e-12
    )
    assert psnr(picture, noisy) == pytest.approx(peak_signal_noise_ratio(*wide, data_range=1), abs=1e-9)
    assert psnr(4 * wide[0], 4 * wide[1], peak=4) == pytest.approx(psnr(*wide), abs=1e-9)
    assert psnr(picture, picture) == float("inf") and ssim(picture, picture) == pytest.approx(1)
    assert np.isnan(psnr(picture, np.full_like(picture, np.nan)))


def test_luma_is_near_that_of_scikit_image_and_keeps_the_type():
    picture = sample("astronaut", 96)
    assert luma(picture).shape == (*picture.shape[:2], 1) and luma(picture).dtype == picture.dtype
    assert np.abs(luma(picture)[..., 0] - rgb2gray(picture)).mean() < 0.05  # BT.709 there
    np.testing.assert_allclose(luma(np.ones((2, 2, 3))), 1)


@pytest.mark.parametrize("size", [(31, 57), (200, 144)])
def test_resizing_is_pillows_without_its_rounding_to_8_bits(size):
    picture = np.round(64 + 127 * sample("coffee", 96)).astype("uint8")  # far from both ends, where 8 bits are cut off
    result = resized(picture, size)
    assert result.shape == (*size, 3) and result.dtype == np.float32
    expected = np.asarray(Image.fromarray(picture).resize(size[::-1], Image.Resampling.LANCZOS), np.float32)
    assert np.abs(result - expected).max() < 1.5  # rounded after each direction


def test_strokes_are_those_that_trainings_have_drawn():
    """Digests of masks as they were before strokes were drawn for any height and width: a resumed run must see the same."""
    digest = hashlib.sha256()
    for size in (16, 65, 128, 256):
        for seed in range(8):
            digest.update(free_form(size, size, np.random.default_rng(seed)).tobytes())
    assert digest.hexdigest() == "32d3ba5ba48b99efdb0159477b17703d099b931864ca55eafb9b8405c729e39e"


@pytest.mark.parametrize("size", [(9, 9), (64, 200), (200, 64)])
def test_strokes_of_any_shape(size):
    masks = [stroke(*size, np.random.default_rng(seed)) for seed in range(20)]
    assert all(mask.shape == (*size, 1) and mask.dtype == np.float32 for mask in masks)
    reached = np.maximum.reduce(masks)[..., 0]
    assert reached.any(axis=0).mean() > 0.9 and reached.any(axis=1).mean() > 0.9


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\n lines\tand more ", "two lines and more"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("naïve 猫", "naïve 猫"),
        ("a\u202eb", "a\\u202eb"),
        (os.fsdecode(b"caf\xe9.png"), "caf\\udce9.png"),
        (ValueError("one\r\ntwo"), "one two"),
    ],
)
def test_one_line(text, line):
    assert one_line(text) == line
    one_line(text).encode()
