"""Degradations against published figures and known answers, and the metrics against scikit-image."""

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from tests.models import sample
from zoo.common.luma import studio_luma
from zoo.common.similarity import psnr, ssim
from zoo.training.degradations import NOISES, add_noise, downscale, downscaled_frames, resize_bicubic, resize_matrix, to_bytes


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture
def picture():
    return sample("astronaut", 64)


def test_gaussian_noise_has_its_level():
    noise = add_noise(np.full((256, 256, 1), 0.5, np.float32), "gaussian", (25, 25), generator()) - 0.5
    assert noise.dtype == np.float32
    assert noise.std() * 255 == pytest.approx(25, rel=0.01) and abs(noise.mean()) < 1e-3


def test_a_range_of_levels_is_drawn_evenly():
    gray = np.full((32, 32, 1), 0.5, np.float32)
    levels = [255 * (add_noise(gray, "gaussian", (0, 50), generator(seed)) - 0.5).std() for seed in range(200)]
    assert np.mean(levels) == pytest.approx(25, rel=0.1) and min(levels) < 3 and max(levels) > 47


def test_salt_and_pepper_hits_its_share():
    noisy = add_noise(np.full((256, 256, 1), 0.5, np.float32), "salt_and_pepper", (0.1, 0.1), generator())
    assert (noisy == 0).mean() == pytest.approx(0.05, abs=0.005) and (noisy == 1).mean() == pytest.approx(0.05, abs=0.005)


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_worse_at_lower_quality(picture, channels):
    picture = picture[..., :channels]
    fine, coarse = (psnr(add_noise(picture, "jpeg", (quality, quality), generator()), picture) for quality in (90, 10))
    assert coarse + 6 < fine < 60


@pytest.mark.parametrize("kind", NOISES)
def test_noise_depends_on_the_generator_alone(picture, kind):
    level = {"salt_and_pepper": (0, 0.5), "jpeg": (10, 90)}.get(kind, (0, 55))
    first, again = (add_noise(picture, kind, level, generator(7)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.shape == picture.shape and first.dtype == np.float32


def test_resize_matrix_is_matlabs():
    """Half size: Matlab's antialiased weights are the cubic kernel's values at eighths of its width."""
    inner = resize_matrix(16, 0.5)[4]
    np.testing.assert_allclose(256 * inner[5:13], [-3, -9, 29, 111, 111, 29, -9, -3], atol=1e-9)
    np.testing.assert_allclose(resize_matrix(17, 1 / 3).sum(1), 1)
    np.testing.assert_array_equal(resize_matrix(9, 1.0), np.eye(9))


@pytest.mark.parametrize("scale", [0.25, 1 / 3, 0.5, 2, 3, 4])
def test_resizing_keeps_flat_pictures_and_rounds_sides_up(scale):
    resized = resize_bicubic(np.full((13, 10, 3), 0.3, np.float32), scale)
    assert resized.shape == (np.ceil(13 * scale), np.ceil(10 * scale), 3)
    np.testing.assert_allclose(resized, 0.3, atol=1e-6)


@pytest.mark.parametrize(("factor", "published"), [(2, 33.66), (3, 30.39), (4, 28.42)])
def test_bicubic_of_set5_is_the_published_one(data, factor, published):
    ratios = []
    for file in sorted((data / "benchmarks" / "Set5").iterdir()):
        picture = np.asarray(Image.open(file).convert("RGB"), np.float32) / 255
        height, width = (side - side % factor for side in picture.shape[:2])
        picture = picture[:height, :width]
        enlarged = to_bytes(resize_bicubic(downscale(picture, factor), factor)) / np.float32(255)
        inner = slice(factor, -factor)
        a, b = (np.rint(255 * studio_luma(x)[inner, inner]) / 255 for x in (enlarged, picture))
        ratios.append(psnr(a, b))
    assert np.mean(ratios) == pytest.approx(published, abs=0.015)


def test_one_frame_is_the_downscaled_picture(picture):
    np.testing.assert_array_equal(downscaled_frames(picture, 4, 1, 0, generator()), downscale(picture, 4))


def test_the_middle_frame_does_not_move(picture):
    frames = downscaled_frames(picture, 2, 3, 8, generator(1))
    assert frames.shape == (24, 24, 9)
    np.testing.assert_array_equal(frames[..., 3:6], downscale(picture[8:-8, 8:-8], 2))
    assert (frames[..., :3] != frames[..., 3:6]).any()


def test_psnr_and_ssim_equal_scikit_image(picture):
    noisy = add_noise(picture, "gaussian", (15, 15), generator())
    assert psnr(noisy, picture) == pytest.approx(peak_signal_noise_ratio(picture, noisy, data_range=1), abs=1e-4)
    expected = structural_similarity(
        picture.astype(float),
        noisy.astype(float),
        data_range=1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        channel_axis=-1,
    )
    assert ssim(noisy, picture) == pytest.approx(expected, abs=1e-6)
    assert psnr(picture, picture) == np.inf and ssim(picture, picture) == pytest.approx(1)


def test_psnr_in_the_hole_counts_only_the_hole(picture):
    mask = np.zeros((64, 64, 1), np.float32)
    mask[:8] = 1
    assert psnr(picture + 0.1 * mask, picture, mask) == pytest.approx(20, abs=1e-3)


def test_pictures_of_two_sizes_are_refused(picture):
    for metric in (psnr, ssim):
        with pytest.raises(ValueError, match="cannot be compared"):
            metric(picture, picture[1:])


def test_luma_equals_scikit_image(picture):
    np.testing.assert_allclose(255 * studio_luma(picture)[..., 0], rgb2ycbcr(picture)[..., 0], atol=1e-3)
