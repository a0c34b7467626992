"""Batches are a pure function of the seed and the step."""

import os
import threading

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from zoo.specs import Label, Normal, OneHot, Picture, Uniform
from zoo.training.batches import Batches
from zoo.training.sources import Files, open_source


class Labelled(Files):
    def label(self, index):
        return index


@pytest.fixture
def folder(tmp_path):
    """Pictures that tell by their gray value which one they are, and by a bright left edge whether they were flipped."""
    for number in range(10):
        pixels = np.full((24, 30, 3), 10 * number, np.uint8)
        pixels[:, :15] += 100
        Image.fromarray(pixels).save(tmp_path / f"{number:02d}.png")
    return tmp_path


@pytest.fixture
def source(folder):
    return Labelled(folder, sorted(folder.iterdir()))


def which(pictures):
    """The numbers of the pictures that whole-picture crops came from."""
    return [round(255 * float(min(picture[:, 0].mean(), picture[:, -1].mean())) / 10) for picture in pictures]


SPEC = {
    "image": Picture(16),
    "noise": Normal((3, 2)),
    "latent": Uniform((2000,), -1.0, 1.0),
    "kind": OneHot(5),
    "label": Label(10),
    "gray": Picture(40, channels=1, scale=None),
}


def test_shapes_ranges_and_purity(source):
    batches = Batches(SPEC, {"data": source}, batch_size=6, seed=3)
    batch = batches(4)
    for name, tensor in SPEC.items():
        assert batch[name].shape == (6, *tensor.shape)
        assert batch[name].dtype == (np.int32 if name == "label" else np.float32)
    assert batch["image"].min() >= 0 and batch["image"].max() <= 1
    assert -1 <= batch["latent"].min() < -0.9 < 0.9 < batch["latent"].max() < 1
    assert np.array_equal(batch["kind"].sum(axis=1), np.ones(6))
    again = Batches(SPEC, {"data": source}, batch_size=6, seed=3)(4)
    assert all(np.array_equal(batch[name], again[name]) for name in SPEC)
    other = Batches(SPEC, {"data": source}, batch_size=6, seed=4)(4)
    assert not any(np.array_equal(batch[name], other[name]) for name in ("image", "noise", "latent"))


def test_a_sample_does_not_depend_on_the_batch_size(source):
    small, large = (Batches(SPEC, {"data": source}, batch_size=size, seed=0) for size in (2, 4))
    for name in SPEC:
        assert np.array_equal(np.concatenate([small(2)[name], small(3)[name]]), large(1)[name])


def test_an_epoch_shows_every_picture_once_in_a_new_order(source):
    batches = Batches({"image": Picture(24, scale=(1.0, 1.0))}, {"data": source}, batch_size=5, seed=0)
    epochs = [which(np.concatenate([batches(2 * epoch)["image"], batches(2 * epoch + 1)["image"]])) for epoch in range(3)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_labels_and_names_belong_to_the_pictures(source, folder):
    (folder / "03.png").write_bytes(b"bad")
    spec = {"label": Label(10), "image": Picture(24, scale=(1.0, 1.0))}
    batches = Batches(spec, {"data": source}, batch_size=10, seed=1)
    batch = batches(0)
    assert which(batch["image"]) == list(batch["label"])
    assert batches.names(0) == [f"{number:02d}.png" for number in batch["label"]]
    assert sorted(batch["label"]) == [0, 1, 2, 4, 4, 5, 6, 7, 8, 9]
    with pytest.raises(ValueError, match="classes 0 to 3"):
        Batches({"label": Label(4)}, {"data": source}, batch_size=10)(0)


def test_flips_are_drawn_and_can_be_left_out(source):
    def flipped(picture):
        images = Batches({"image": picture}, {"data": source}, batch_size=40, seed=0)(0)["image"]
        return [bool(image[:, 0].mean() < image[:, -1].mean()) for image in images]

    assert 8 < sum(flipped(Picture(24, scale=(1.0, 1.0)))) < 32
    assert not any(flipped(Picture(24, scale=(1.0, 1.0), flip=False)))


def test_native_crops_are_not_resampled(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 48, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "p.png")
    batches = Batches({"image": Picture(16, scale=None, flip=False)}, {"data": open_source(f"folder:{tmp_path}")}, 8)
    windows = np.lib.stride_tricks.sliding_window_view(pixels / np.float32(255), (16, 16, 3))[:, :, 0]
    for crop in batches(0)["image"]:
        assert (windows == crop).all(axis=(2, 3, 4)).any()


def test_two_sources_have_independent_orders(source):
    whole = Picture(24, scale=(1.0, 1.0))
    spec = {"source": whole, "target": Picture(24, scale=(1.0, 1.0), source="target")}
    with pytest.raises(ValueError, match="--set target=folder:PATH"):
        Batches(spec, {"data": source}, batch_size=10)
    batch = Batches(spec, {"data": source, "target": source}, batch_size=10)(0)
    assert sorted(which(batch["source"])) == sorted(which(batch["target"]))
    assert which(batch["source"]) != which(batch["target"])


def test_dataset_holds_the_batches_in_order(source):
    batches = Batches(SPEC, {"data": source}, batch_size=4, seed=0)
    dataset = batches.dataset(5, 9)
    assert dataset.element_spec["image"].shape == (4, 16, 16, 3) and dataset.element_spec["label"].dtype == tf.int32
    elements = list(dataset.as_numpy_iterator())
    assert len(elements) == 4
    for step, element in enumerate(elements, start=5):
        assert all(np.array_equal(element[name], batches(step)[name]) for name in SPEC)


def test_dataset_ends_with_the_list_of_bad_pictures(source, folder):
    for name in ("01.png", "02.png"):
        (folder / name).write_bytes(b"bad")
    batches = Batches({"image": Picture(16)}, {"data": source}, batch_size=5)
    with pytest.raises(tf.errors.OpError):
        list(batches.dataset(0, 4))
    assert "01.png, 02.png" in str(batches.failure)


class TwoOfTen(Labelled):
    """Eight pictures of class 0 and two of class 3."""

    def label(self, index):
        return 3 if index in (4, 7) else 0


def test_balanced_labels_take_every_class_in_turn(source):
    source = TwoOfTen(source.root, source.files)
    spec = {"label": Label(4, balance=True), "image": Picture(24, scale=(1.0, 1.0))}
    batches = Batches(spec, {"data": source}, batch_size=8, seed=0)
    rare, common = [], []
    for step in range(4):
        batch = batches(step)
        assert list(batch["label"]) == [0, 3] * 4
        common += which(batch["image"])[::2]
        rare += which(batch["image"])[1::2]
        assert all(np.array_equal(batch[name], Batches(spec, {"data": source}, batch_size=8)(step)[name]) for name in spec)
    assert set(rare) == {4, 7} and rare.count(4) == 8
    assert sorted(common[:8]) == sorted(common[8:]) == [0, 1, 2, 3, 5, 6, 8, 9]
    assert common[:8] != common[8:]
    unbalanced = Batches({**spec, "label": Label(4)}, {"data": source}, batch_size=10, seed=0)(0)
    assert list(unbalanced["label"]).count(3) == 2


class Unlabelled(Labelled):
    def label(self, index):
        return -1


class OneClass(Labelled):
    def label(self, index):
        return 2


@pytest.mark.parametrize(
    ("kind", "classes", "line"),
    [(Labelled, 4, "labels up to 9.*classes 0 to 3"), (OneClass, 4, "all pictures have the label 2"), (Unlabelled, 4, "below 0")],
)
def test_labels_are_checked_before_any_training(source, kind, classes, line):
    batches = Batches({"label": Label(classes), "image": Picture(16)}, {"data": kind(source.root, source.files)}, 4)
    with pytest.raises(ValueError, match=line):
        batches.check()


def test_classes_without_pictures_are_pointed_out(source, caplog):
    two = TwoOfTen(source.root, source.files)
    Batches({"label": Label(10), "image": Picture(16)}, {"data": two}, 4).check()
    assert "the pictures have 2 classes, the model has 10" in caplog.text


def test_whole_pictures_of_another_size_are_resized_with_a_note(source, caplog):
    Batches({"image": Picture(16, scale=(1.0, 1.0))}, {"data": source}, 4).check()
    assert "00.png is 30 x 24 pixels: pictures are cut square and resized to 16 x 16" in caplog.text
    caplog.clear()
    Batches({"image": Picture(16, scale=(0.6, 1.0))}, {"data": source}, 4).check()
    assert not caplog.text


def test_small_pictures_and_equal_sources_are_pointed_out(source, folder, caplog):
    spec = {"source": Picture(32, scale=(0.9, 0.9)), "target": Picture(16, scale=None, source="target")}
    Batches(spec, {"data": source, "target": open_source(f"folder:{folder}")}, 4).check()
    assert "00.png is 30 x 24 pixels: what is smaller than the crops of 32 x 32 is enlarged" in caplog.text
    assert "the pictures of 'target' are those of 'data' once more" in caplog.text


def test_a_batch_larger_than_the_source_repeats_it(source):
    images = Batches({"image": Picture(24, scale=(1.0, 1.0))}, {"data": source}, batch_size=25)(0)["image"]
    counts = np.bincount(which(images), minlength=10)
    assert counts.min() == 2 and counts.max() == 3


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core")
def test_two_batches_are_made_at_once():
    """Although training runs one operation at a time (conftest sets that as `train` does)."""
    both = threading.Barrier(2, timeout=60)

    class Meeting(Batches):
        def __call__(self, step):
            both.wait()
            return super().__call__(step)

    batches = Meeting({"noise": Normal((3,))}, {"data": open_source("samples:")}, 2)
    assert sum(1 for _ in batches.dataset(0, 4)) == 4
