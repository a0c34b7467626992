"""Masks: their kinds, their area, and that a generator's state alone decides them."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from zoo.common.strokes import stroke
from zoo.training.masks import KINDS, center, draw_mask


def drawn(kind, seed=0, size=64, area=None):
    return draw_mask([kind], size, np.random.default_rng(seed), area)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [16, 65, 128])
def test_every_kind_has_a_hole_and_something_known(kind, size):
    for seed in range(10):
        mask = drawn(kind, seed, size)
        assert mask.shape == (size, size, 1) and mask.dtype == np.float32
        assert set(np.unique(mask)) == {0, 1}


@pytest.mark.parametrize("kind", KINDS)
def test_one_seed_gives_one_mask(kind):
    np.testing.assert_array_equal(drawn(kind, 3), drawn(kind, 3))
    if kind != "center":
        assert (drawn(kind, 3) != drawn(kind, 4)).any()


@pytest.mark.parametrize("area", [(0.01, 0.1), (0.1, 0.2), (0.2, 0.3), (0.3, 0.4), (0.4, 0.5), (0.5, 0.6)])
def test_free_form_masks_are_in_their_area_class(area):
    for seed in range(10):
        assert area[0] <= drawn("free_form", seed, 128, area).mean() <= area[1]


def test_other_kinds_are_drawn_again_until_they_fit():
    assert 0.15 <= drawn("rectangle", 0, 64, (0.15, 0.2)).mean() <= 0.2


def test_the_middle_square_is_half_the_side():
    mask = center(128, np.random.default_rng(0))
    assert mask[32:96, 32:96].all() and mask.sum() == 64 * 64


def test_random_regions_cover_a_quarter():
    assert drawn("random_region", 0, 128).mean() == pytest.approx(0.25, abs=0.001)


def test_strokes_scale_with_the_picture():
    """The published widths, 12 to 40 at 256 pixels: the mean area is about the same share at half the size."""
    shares = [np.mean([stroke(size, size, np.random.default_rng(seed)).mean() for seed in range(60)]) for size in (128, 256)]
    assert shares[0] == pytest.approx(shares[1], rel=0.1)


def test_wrong_wishes_are_refused():
    with pytest.raises(ValueError, match="no kind of mask 'circle'"):
        drawn("circle")
    with pytest.raises(ValueError, match="widen the area"):
        drawn("rectangle", area=(0.9, 0.95))


def test_the_command_writes_the_same_mask(tmp_path):
    arguments = ["--kind", "free_form", "--size", "64", "--area", "0.2", "0.3", "--seed", "5"]
    subprocess.run([sys.executable, "-m", "zoo.training.masks", str(tmp_path / "mask.png"), *arguments], check=True)
    written = np.asarray(Image.open(tmp_path / "mask.png"))[..., None] / 255
    np.testing.assert_array_equal(written, drawn("free_form", 5, 64, (0.2, 0.3)))
