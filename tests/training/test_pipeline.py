"""The dataset: crops cut in its graph are those that Python makes, bit by bit, whatever lies in the folder."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from zoo.specs import Degraded, Label, Noisy, Normal, Picture, Reduced
from zoo.training.batches import Batches
from zoo.training.crops import Crop, window_of
from zoo.training.sources import open_source


@pytest.fixture
def folder(tmp_path):
    """Two JPEG photographs and one of each kind that TensorFlow's decoder is not given."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    coffee = open_source("samples:coffee").image(0).resize((90, 60))
    coffee.save(tmp_path / "a" / "0.jpg", quality=90)
    coffee.convert("L").save(tmp_path / "a" / "1.jpg")
    coffee.save(tmp_path / "a" / "2.png")
    coffee.resize((900, 600)).save(tmp_path / "b" / "3.jpg")  # much reduced
    exif = Image.Exif()
    exif[0x0112] = 6
    coffee.save(tmp_path / "b" / "4.jpg", exif=exif)
    return tmp_path


def same(batches, steps=4):
    for step, element in enumerate(batches.dataset(1, 1 + steps), start=1):
        expected = batches(step)
        assert list(element) == list(expected)
        for name, values in expected.items():
            np.testing.assert_array_equal(element[name], values, err_msg=name)
    return step


@pytest.mark.parametrize("scale", [None, (0.5, 1.0), (1.0, 1.0)])
def test_crops_of_the_graph_are_those_of_python(folder, scale):
    spec = {
        "noise": Normal((2,)),
        "gray": Picture(24, channels=1, scale=scale),
        "image": Picture(48, scale=scale),
        "label": Label(2),
    }
    assert same(Batches(spec, {"data": open_source(f"folder:{folder}")}, 6)) == 4


@pytest.mark.parametrize(
    "drawn",
    [Noisy("image", 32, 3, "gaussian", (1, 50)), Reduced("image", 16, 2), Degraded("image", 32, recipe="web")],
    ids=lambda drawn: type(drawn).__name__,
)
def test_what_is_made_of_pixels_is_made_in_python(folder, drawn):
    """And is not tried in the graph first, whose failure would be told when the training ends."""
    batches = Batches({"image": Picture(32), "drawn": drawn}, {"data": open_source(f"folder:{folder}")}, 3)
    assert same(batches) == 4 and batches.failure is None


def test_what_is_cut_where(folder):
    source = open_source(f"folder:{folder}")
    jobs = [source.job(index, Crop(32, 3, 0.5, (0.5, 0.5), True)) for index in range(len(source))]
    assert [window for _, window in jobs[:2]] == 2 * [(15, 30, 30, 30, True)]
    assert [window for _, window in jobs[2:]] == 3 * [(0, 0, 0, 0, False)]
    assert [len(pixels) for pixels, _ in jobs[2:]] == 3 * [32 * 32 * 3]
    plan = Batches({"image": Picture(32)}, {"data": source}, 5).plan(0)
    assert plan["image"].shape == (5,) and plan[window_of("image")].shape == (5, 5)


def test_a_picture_that_proves_bad_in_the_graph_is_passed_over(folder, caplog):
    file = folder / "a" / "0.jpg"
    contents = file.read_bytes()
    table = contents.index(b"\xff\xc4")  # the first Huffman table: nothing of it can be seen in the header
    file.write_bytes(contents[: table + 5] + b"\xff" * 16 + contents[table + 21 :])
    source = open_source(f"folder:{folder}")
    assert source.job(0, Crop(32, 3, 0.5, (0.5, 0.5), True))[1][2] == 30
    batches = Batches({"image": Picture(32), "label": Label(2)}, {"data": source}, 5)
    assert same(batches) == 4
    assert "0.jpg" in caplog.text and batches.failure is None
    assert not any("0.jpg" in name for name in batches.names(0))


def test_too_many_of_them_end_the_dataset(folder):
    for name in ("0.jpg", "1.jpg"):
        file = folder / "a" / name
        contents = file.read_bytes()
        table = contents.index(b"\xff\xc4")
        file.write_bytes(contents[: table + 5] + b"\xff" * 16 + contents[table + 21 :])
    batches = Batches({"image": Picture(32)}, {"data": open_source(f"folder:{folder}")}, 5)
    with pytest.raises(tf.errors.OpError):
        list(batches.dataset(0, 4))
    assert "a/0.jpg, a/1.jpg" in str(batches.failure)
