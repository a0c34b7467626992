"""Sources: what is in them, what is bad in them, and what is said about it."""

import logging

import numpy as np
import pytest
from PIL import Image

from zoo.training.crops import Crop
from zoo.training.sources import SAMPLES, open_source


@pytest.fixture
def folder(tmp_path):
    """Twelve pictures of one gray value each, named and valued by their number."""
    for number in range(12):
        Image.new("RGB", (20 + number, 40), (20 * number,) * 3).save(tmp_path / f"{number:02d}.png")
    return tmp_path


def test_folder(folder):
    source = open_source(f"folder:{folder}")
    assert len(source) == 12 and source.name(3) == "03.png"
    assert source.picture(3).shape == (40, 23, 3) and source.picture(3).dtype == np.uint8
    with pytest.raises(ValueError, match="labels"):
        source.label(0)


def test_folders_are_labels(folder):
    (folder / "even").mkdir()
    (folder / "odd").mkdir()
    for number in range(12):
        (folder / f"{number:02d}.png").rename(folder / ("odd" if number % 2 else "even") / f"{number:02d}.png")
    source = open_source(f"folder:{folder}")
    assert [source.label(index) for index in range(12)] == [0] * 6 + [1] * 6


def test_fingerprint_follows_names_and_sizes(folder):
    before = open_source(f"folder:{folder}").fingerprint()
    assert before == open_source(f"folder:{folder}").fingerprint()
    (folder / "00.png").rename(folder / "zz.png")
    renamed = open_source(f"folder:{folder}").fingerprint()
    with (folder / "zz.png").open("ab") as file:
        file.write(b"more")
    assert len({before, renamed, open_source(f"folder:{folder}").fingerprint()}) == 3


def test_samples():
    source = open_source("samples:")
    assert [source.name(index) for index in range(len(source))] == list(SAMPLES)
    assert open_source("samples:coffee").picture(0).shape == (400, 600, 3)
    with pytest.raises(ValueError, match="did you mean 'coffee'"):
        open_source("samples:cofee")


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("foldr:x", ValueError, "did you mean 'folder'"),
        ("photos", ValueError, "folder:photos"),
        ("folder:/nowhere/at/all", FileNotFoundError, "no such folder"),
    ],
)
def test_wrong_sources(text, error, words):
    with pytest.raises(error, match=words):
        open_source(text)


def test_a_large_jpeg_is_decoded_smaller_where_less_is_asked_for(tmp_path):
    Image.new("RGB", (1600, 800), "red").save(tmp_path / "p.jpg")
    source = open_source(f"folder:{tmp_path}")
    assert source.picture(0).shape == (800, 1600, 3)
    assert source.picture(0, short_side=150).shape == (200, 400, 3)


def test_transparent_is_white_and_sixteen_bits_are_rounded(tmp_path):
    Image.new("LA", (4, 4), (0, 0)).save(tmp_path / "a.png")
    Image.fromarray(np.full((4, 4), 33090, np.uint16)).save(tmp_path / "b.png")
    source = open_source(f"folder:{tmp_path}")
    assert source.picture(0).min() == 255
    assert set(source.picture(1).ravel()) == {129}


def test_a_bad_picture_is_passed_over_and_named_once(folder, caplog):
    (folder / "04.png").write_bytes(b"no picture")
    source = open_source(f"folder:{folder}")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert source.good(4, source.image)[0] == 5
    assert [line for line in caplog.messages if "04.png" in line] == caplog.messages and len(caplog.messages) == 1


def test_too_many_bad_pictures_stop_with_the_list(folder):
    for name in ("04.png", "11.png"):
        (folder / name).write_bytes(b"no picture")
    source = open_source(f"folder:{folder}")
    source.good(4, source.image)
    with pytest.raises(ValueError, match=r"2 of 12 pictures are bad.*04\.png, 11\.png"):
        source.good(11, source.image)
    tolerant = open_source(f"folder:{folder}", max_bad=0.2)
    assert [tolerant.good(index, tolerant.image)[0] for index in (4, 11)] == [5, 0]
    with pytest.raises(ValueError, match="1 of 12"):
        open_source(f"folder:{folder}", max_bad=0).good(4, source.image)


def test_a_source_without_a_single_good_picture_stops(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match="2 of 2 pictures are bad"):
        open_source(f"folder:{tmp_path}", max_bad=1).good(0, open_source(f"folder:{tmp_path}").image)


def test_a_picture_that_is_not_there_is_not_bad(folder, caplog):
    source = open_source(f"folder:{folder}")
    moved = (folder / "04.png").rename(folder.parent / "04.png")
    for take in (source.image, source.contents, lambda index: source.crop(index, Crop(8, 3, None, (0, 0), False))):
        with pytest.raises(FileNotFoundError, match=r"picture.*04\.png"):
            source.good(4, take)
    moved.rename(folder / "04.png")
    assert source.good(4, source.image)[0] == 4 and not caplog.messages


def test_a_picture_for_which_there_is_no_memory_is_not_bad(folder, monkeypatch):
    def full(*arguments, **options):
        raise MemoryError

    source = open_source(f"folder:{folder}")
    monkeypatch.setattr(Image.Image, "convert", full)
    Image.new("L", (8, 8)).save(folder / "04.png")
    with pytest.raises(MemoryError, match=r"not enough memory to read the picture .*04\.png"):
        source.good(4, source.image)
