"""Crops: the quick way for JPEG files gives what the general way gives, and leaves to that what it cannot do."""

import numpy as np
import pytest
from PIL import Image

from zoo.training.crops import Crop, cut_jpeg
from zoo.training.sources import open_source


@pytest.fixture
def jpeg(tmp_path):
    """A photograph of 600 x 400 pixels, as a JPEG file."""
    open_source("samples:coffee").image(0).save(tmp_path / "p.jpg", quality=95)
    return tmp_path / "p.jpg"


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("share", [None, 0.5, 0.64, 0.75])
def test_both_ways_agree(jpeg, share, channels, flip):
    crop = Crop(256, channels, share, (0.3, 0.6), flip)
    quick = cut_jpeg(jpeg.read_bytes(), crop, 10**6)
    with Image.open(jpeg) as image:
        general = crop.cut(image.convert("RGB"))
    assert quick.shape == general.shape == (256, 256, channels)
    # Two decoders, which may differ by one; a reduction with and without antialiasing, which differ a little at edges.
    assert np.abs(quick.astype("float32") - general).mean() < (1.5 if share == 0.75 else 0.6)


def test_small_pictures_are_enlarged_whole(tmp_path):
    Image.new("RGB", (20, 30), "red").save(tmp_path / "p.jpg")
    for share in (None, 1.0):
        assert cut_jpeg((tmp_path / "p.jpg").read_bytes(), Crop(64, 3, share, (0.9, 0.9), True), 10**6).shape == (64, 64, 3)


def test_boxes_lie_inside():
    for share in (None, 0.01, 0.6, 1.0):
        for place in ((0.0, 0.0), (0.999999, 0.999999)):
            left, top, side = Crop(64, 3, share, place, False).box(100, 40)
            assert 0 <= left <= 100 - side and 0 <= top <= 40 - side and side >= 1


def test_what_the_quick_way_leaves(jpeg, tmp_path):
    crop = Crop(128, 3, 0.4, (0.5, 0.5), False)
    assert cut_jpeg(jpeg.read_bytes(), crop, 10**6) is not None
    assert cut_jpeg(jpeg.read_bytes(), Crop(128, 3, 0.9, (0.5, 0.5), False), 10**6) is None  # much reduced
    (tmp_path / "cut.jpg").write_bytes(jpeg.read_bytes()[:-1000])
    assert cut_jpeg((tmp_path / "cut.jpg").read_bytes(), crop, 10**6) is None
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(jpeg) as image:
        image.save(tmp_path / "turned.jpg", exif=exif)
        image.save(tmp_path / "p.png")
        image.convert("CMYK").save(tmp_path / "cmyk.jpg")
    for name in ("turned.jpg", "p.png", "cmyk.jpg"):
        assert cut_jpeg((tmp_path / name).read_bytes(), crop, 10**6) is None
    assert cut_jpeg(jpeg.read_bytes(), crop, 1000) is None
