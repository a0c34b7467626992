"""Blur, files, noise of cameras, and the histories drawn of them."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tests.models import batches, sample
from zoo import create, specs
from zoo.common.similarity import psnr
from zoo.training.batches import Batches
from zoo.training.degradations import (
    NOISES,
    RECIPES,
    add_noise,
    degrade,
    downscale,
    draw_steps,
    jpeg,
    resize_to,
    take_steps,
    to_bytes,
    webp,
)
from zoo.training.degradations.blur import blur, disc_kernel, gaussian_kernel, sinc_kernel
from zoo.training.degradations.recipes import DAMAGES, Step
from zoo.training.sources import open_source

SENSORS = ("gaussian", "by_channel", "correlated", "chroma", "poisson", "sensor")


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture
def picture():
    return sample("astronaut", 64)


@pytest.mark.parametrize("kind", SENSORS)
def test_noise_has_its_level_and_no_mean(kind):
    """Of a hundred draws: some kinds draw a channel's share of the level too. Chroma counts each channel's part."""
    white = np.full((48, 48, 3), 1.0, np.float32)
    noise = np.stack([add_noise(white, kind, (20, 20), generator(seed)) - white for seed in range(100)])
    level = 255 * np.sqrt(np.square(noise).mean())
    assert abs(noise.mean()) < 0.003 and noise.dtype == np.float32
    assert 0.8 * 20 < level < 1.25 * 20


def test_photons_are_noisier_in_the_light():
    dark, light = (add_noise(np.full((128, 128, 1), x, np.float32), "poisson", (20, 20), generator()).std() for x in (0.1, 0.9))
    assert light / dark == pytest.approx(3, rel=0.1)


def neighbours(noise):
    """The correlation of pixels side by side."""
    return np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]


def test_grain_is_correlated_and_chroma_blotches_are_coarser_than_their_grain():
    gray = np.full((96, 96, 3), 0.5, np.float32)
    white, grain = (add_noise(gray, kind, (20, 20), generator(3)) - gray for kind in ("gaussian", "correlated"))
    assert abs(neighbours(white[..., 0])) < 0.05 and neighbours(grain[..., 0]) > 0.2
    chroma = add_noise(gray, "chroma", (20, 20), generator(3)) - gray
    luma = chroma @ [0.299, 0.587, 0.114]
    blue = chroma[..., 2] - luma
    assert neighbours(blue) > neighbours(luma) and blue.std() > luma.std()


def test_a_gaussian_blur_is_scipys(picture):
    expected = gaussian_filter(picture, (1.5, 1.5, 0), mode="reflect", truncate=3)
    np.testing.assert_allclose(blur(picture, gaussian_kernel(1.5, 1.5, 0.7)), expected, atol=2e-3)


@pytest.mark.parametrize("kernel", [gaussian_kernel(0.1, 2, 1), disc_kernel(0.3), disc_kernel(2.5), sinc_kernel(1.2)])
def test_kernels_keep_flat_pictures(kernel):
    flat = np.full((9, 12, 3), 0.3, np.float32)
    assert kernel.shape[0] == kernel.shape[1] and kernel.shape[0] % 2 == 1
    np.testing.assert_allclose(blur(flat, kernel), flat, atol=1e-5)


def test_a_turned_kernel_blurs_along_its_angle():
    point = np.zeros((31, 31, 1), np.float32)
    point[15, 15] = 1
    turned = blur(point, gaussian_kernel(3, 0.3, np.pi / 2))[..., 0]
    assert turned.sum(axis=1).std() < turned.sum(axis=0).std() / 2


def test_thinned_colours_are_lost_and_luma_is_not(picture):
    full, thinned = (jpeg(picture, 95, subsampling) for subsampling in ("4:4:4", "4:2:0"))
    weights = np.array([0.299, 0.587, 0.114])
    assert psnr(thinned, picture) < psnr(full, picture) - 2
    assert psnr(thinned @ weights, picture @ weights) == pytest.approx(psnr(full @ weights, picture @ weights), abs=1)


def test_a_shifted_file_has_its_blocks_elsewhere(picture):
    """A file saved again changes little, unless its blocks fall on other pixels."""
    once = jpeg(picture, 40, "4:4:4")
    again, moved = jpeg(once, 40, "4:4:4"), jpeg(once, 40, "4:4:4", shift=(3, 5))
    assert moved.shape == picture.shape and psnr(again, once) > psnr(moved, once) + 3


@pytest.mark.parametrize("channels", [1, 3])
def test_webp_is_worse_at_lower_quality(picture, channels):
    picture = picture[..., :channels]
    fine, coarse = (psnr(webp(picture, quality), picture) for quality in (90, 10))
    assert coarse + 3 < fine < 60


@pytest.mark.parametrize("kind", ["nearest", "area", "bilinear", "bicubic", "lanczos"])
def test_resizing_keeps_flat_pictures(kind):
    resized = resize_to(np.full((12, 20, 3), 0.25, np.float32), (5, 33), kind)
    assert resized.shape == (5, 33, 3) and resized.dtype == np.float32
    np.testing.assert_allclose(resized, 0.25, atol=1e-6)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize(("factor", "channels"), [(1, 3), (1, 1), (4, 3)])
def test_a_history_gives_eight_bits_of_the_right_size(recipe, factor, channels, picture):
    for seed in range(12):
        damaged = degrade(picture[:48, :, :channels], recipe, generator(seed), factor)
        assert damaged.shape == (48 // factor, 64 // factor, channels) and damaged.dtype == np.float32
        np.testing.assert_array_equal(to_bytes(damaged) / np.float32(255), damaged)
        np.testing.assert_array_equal(damaged, degrade(picture[:48, :, :channels], recipe, generator(seed), factor))


def test_histories_are_as_various_as_they_say():
    drawn = [step for seed in range(300) for recipe in RECIPES for step in draw_steps(recipe, (64, 64), 2, generator(seed))]
    assert {step.name for step in drawn} == set(DAMAGES)
    assert {step.settings["kind"] for step in drawn if step.name == "noise"} == set(SENSORS)
    assert {step.settings["subsampling"] for step in drawn if step.name == "jpeg"} == {"4:2:0", "4:2:2", "4:4:4"}
    orders = {tuple(step.name for step in draw_steps("worn", (64, 64), 1, generator(seed))) for seed in range(50)}
    assert len(orders) > 30


def test_steps_are_taken_in_their_order(picture):
    steps = [Step("noise", {"kind": "gaussian", "level": 20.0}), Step("jpeg", {"quality": 40.0, "subsampling": "4:2:0"})]
    noisy = NOISES["gaussian"](picture, 20, generator())
    np.testing.assert_array_equal(take_steps(picture, steps, generator()), jpeg(noisy, 40))
    assert not np.array_equal(take_steps(picture, steps[::-1], generator()), jpeg(noisy, 40))
    assert str(steps[1]) == "jpeg quality=40 subsampling=4:2:0"


def test_no_steps_change_nothing_and_one_reduction_is_the_literatures(picture):
    np.testing.assert_array_equal(take_steps(picture, [], generator()), picture)
    np.testing.assert_array_equal(take_steps(picture, [Step("reduce", {"factor": 4})], generator()), downscale(picture, 4))


def test_the_number_of_a_sample_decides_its_history():
    """A batch made alone, after a resume, is the one made in turn; and samples differ from one another."""
    spec = {"image": specs.Picture(32, scale=None), "bad": specs.Degraded("image", 16, recipe="worn", factor=2)}
    source = open_source("samples:")
    one, other = (Batches(spec, {"data": source}, batch_size=4, seed=5) for _ in range(2))
    in_turn = [one(step)["bad"] for step in range(3)]
    np.testing.assert_array_equal(other(2)["bad"], in_turn[2])
    assert in_turn[0].shape == (4, 16, 16, 3) and not np.array_equal(in_turn[0], in_turn[1])


def test_recipes_are_those_that_models_may_ask_for():
    assert tuple(RECIPES) == specs.RECIPES
    with pytest.raises(ValueError, match="did you mean 'camera'"):
        draw_steps("camra", (8, 8), 1, generator())
    for recipe in RECIPES:
        assert batches(create("denoiser", preset="tiny", noise=recipe))(0)["noisy"].shape == (4, 16, 16, 3)
