"""Colour profiles: what a picture's numbers mean is kept, through models that work in sRGB too."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

import zoo
from tests.cli.in_process import run
from tests.cli.profiles import ADOBE_RGB, DISPLAY_P3, POWER_2_2, SRGB_CURVE, TABLE_1_8, profile
from tests.models import sample
from zoo.cli.colors import Space, profile_of

PROFILES = {
    "Display P3": profile(DISPLAY_P3, SRGB_CURVE),
    "Adobe RGB": profile(ADOBE_RGB, POWER_2_2),
    "wide, by a table": profile(ADOBE_RGB, TABLE_1_8),
}


def lcms(values, contents):
    """What Little CMS makes of uint8 RGB by a profile: sRGB, uint8."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(contents))
    converted = ImageCms.profileToProfile(Image.fromarray(values), source, ImageCms.createProfile("sRGB"), 1)
    return np.asarray(converted).astype(int)


@pytest.mark.parametrize("name", PROFILES)
def test_colors_are_those_of_little_cms(name):
    values = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    space = profile_of(PROFILES[name])
    ours = np.clip(space.to_srgb(values / np.float32(255)), 0, 1) * 255
    assert np.abs(ours - lcms(values, PROFILES[name])).max() <= 1.5  # both are rounded
    back = space.from_srgb(space.to_srgb(values / np.float32(255)))
    assert np.abs(back - values / 255).max() <= 1e-3


def test_srgb_and_what_is_no_plain_profile_are_known():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert profile_of(srgb).says_srgb and not profile_of(PROFILES["Display P3"]).says_srgb
    assert profile_of(profile((), POWER_2_2, b"GRAY")) is None
    for broken in (b"", PROFILES["Display P3"][:100], PROFILES["Display P3"][:260], b"x" * 500):
        with pytest.raises(ValueError, match=".") as error:
            profile_of(broken)
        assert "\n" not in str(error.value)


def test_what_lies_beyond_srgb_goes_past_a_model_that_keeps_the_picture():
    space = Space(profile_of(PROFILES["Adobe RGB"]), styled=True, kept=1.0)
    green = np.array([[[0.0, 1.0, 0.0], [0.2, 0.9, 0.1]]], np.float32)
    assert space.seen(green).min() == 0  # cut for the model
    np.testing.assert_allclose(space.written(space.seen(green), green), green, atol=1 / 255)
    np.testing.assert_array_equal(Space(profile_of(PROFILES["Adobe RGB"]), styled=False).seen(green), green)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def photograph(file, contents, size=120, **options):
    """A photograph of saturated colours, with a profile."""
    values = np.round(255 * sample("coffee", size)).astype(np.uint8)
    values[:20, :20] = (0, 255, 0)
    values[:20, 20:40] = (255, 0, 0)
    Image.fromarray(values).save(file, icc_profile=contents, **options)
    return values


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("weight", ["fast_style/painters", "denoiser/color"])
def test_at_strength_0_the_picture_comes_back_with_its_profile(here, name, weight):
    values = photograph("photo.png", PROFILES[name])
    assert run("apply", weight, "photo.png", "--strength", 0, "--out", "out.png") == 0
    with Image.open("out.png") as image:
        assert image.info["icc_profile"] == PROFILES[name]
        assert np.abs(np.asarray(image).astype(int) - values).max() <= 1


def test_tiles_keep_the_colors_too(here):
    photograph("photo.png", PROFILES["Adobe RGB"], 200)
    options = ["--style", "munch", "--strength", "0.5"]
    assert run("apply", "fast_style/painters", "photo.png", "--out", "whole.png", *options) == 0
    assert run("apply", "fast_style/painters", "photo.png", "--out", "tiles.png", "--tile", 64, *options) == 0
    with Image.open("whole.png") as a, Image.open("tiles.png") as b:
        assert a.info["icc_profile"] == b.info["icc_profile"] == PROFILES["Adobe RGB"]
        assert np.abs(np.asarray(a).astype(int) - np.asarray(b)).max() <= 2


def test_a_painting_has_the_colors_of_its_style_whatever_the_profile(here):
    """The same scene in two spaces, painted: shown as their profiles say, the two paintings are one."""
    values = np.round(255 * sample("coffee", 96)).astype(np.uint8)
    wide = profile_of(PROFILES["Adobe RGB"])
    Image.fromarray(values).save("plain.png")
    stored = np.round(255 * wide.from_srgb(values / np.float32(255))).astype(np.uint8)
    Image.fromarray(stored).save("wide.png", icc_profile=PROFILES["Adobe RGB"])
    for name in ("plain", "wide"):
        assert run("apply", "fast_style/painters", f"{name}.png", "--style", "hokusai", "--out", f"{name}-out.png") == 0
    with Image.open("plain-out.png") as plain, Image.open("wide-out.png") as other:
        shown = 255 * np.clip(wide.to_srgb(np.asarray(other) / np.float32(255)), 0, 1)
        assert np.abs(shown - np.asarray(plain)).mean() < 2


def test_gray_and_broken_profiles(here, capfd):
    gray = np.tile(np.arange(256, dtype=np.uint8), (32, 1))
    Image.fromarray(gray).save("gray.png", icc_profile=profile((), TABLE_1_8, b"GRAY"))
    assert run("apply", "denoiser/color", "gray.png", "--strength", 0, "--out", "gray-out.png") == 0
    with Image.open("gray-out.png") as image:
        assert "icc_profile" not in image.info  # it is in sRGB now: a profile of gray explains no RGB
        assert np.asarray(image)[0, 128, 0] == pytest.approx(255 * ((128 / 255) ** (1.8 / 2.2)), abs=8)
    photograph("broken.png", b"x" * 400)
    capfd.readouterr()
    assert run("apply", "fast_style/mobile", "broken.png", "--out", "broken-out.png") == 0
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("broken.png: its colour profile is broken")


def test_in_python_everything_is_srgb(here):
    photograph("photo.png", PROFILES["Display P3"])
    model = zoo.open("denoiser/color")
    result = model("photo.png", strength=0)
    with Image.open("photo.png") as image:
        expected = lcms(np.asarray(image), PROFILES["Display P3"])
    assert np.abs(255 * result - expected).max() <= 2
