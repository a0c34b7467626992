"""Data sets of TensorFlow Datasets as a source: what is in them, in which order, and what is said when something is not there."""

import json
import logging
import shutil
import socket

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

import zoo
from zoo.training import tfds_source
from zoo.training.batches import Batches
from zoo.training.run import train
from zoo.training.sources import open_source


@pytest.fixture(scope="module")
def sets(data):
    """The folder of the prepared data sets."""
    return str(data / "tfds")


@pytest.fixture(scope="module")
def mnist(sets):
    return open_source("tfds:mnist:test", data_dir=sets)


@pytest.mark.parametrize(
    ("text", "length", "name", "shape"),
    [
        ("mnist:test", 10000, "mnist/test/7", (28, 28, 3)),
        ("mnist:3.0.1:test", 10000, "mnist/test/7", (28, 28, 3)),
        ("mnist:train[:1%]", 600, "mnist/train[:1%]/7", (28, 28, 3)),
        ("tiny_imagenet:validation", 2000, "tiny_imagenet/validation/7", (64, 64, 3)),
    ],
)
def test_pictures_and_labels_are_those_of_tensorflow_datasets(sets, text, length, name, shape, caplog, capfd):
    with caplog.at_level(logging.WARNING):
        source = open_source(f"tfds:{text}", data_dir=sets)
        assert (len(source), source.name(7), source.picture(7).shape) == (length, name, shape)
    assert not caplog.messages and capfd.readouterr() == ("", "")
    data_set, split = name.split("/")[:2]
    expected = tfds.load(data_set, split=split, data_dir=sets, download=False).take(8)
    for index, example in enumerate(expected.as_numpy_iterator()):
        assert source.label(index) == example["label"]
        # Two JPEG decoders differ by a step or two of 255.
        np.testing.assert_allclose(source.picture(index).astype(int) - example["image"], 0, atol=0 if shape[0] == 28 else 8)


def test_the_split_is_train_unless_given_and_opening_reads_nothing(sets):
    source = open_source("tfds:cifar10", data_dir=sets)
    assert (len(source), source.name(0)) == (50000, "cifar10/train/0")
    assert "_pictures_and_labels" not in vars(source)


def test_the_fingerprint_follows_the_set_and_the_split(sets, mnist):
    again = open_source("tfds:mnist:test", data_dir=sets)
    others = [open_source(f"tfds:{text}", data_dir=sets) for text in ("mnist", "mnist:test[:50%]", "cifar10:test")]
    assert again.fingerprint() == mnist.fingerprint()
    assert len({mnist.fingerprint(), *(other.fingerprint() for other in others)}) == 4


def test_crops_are_those_of_the_whole_picture(sets):
    source = open_source("tfds:tiny_imagenet:validation", data_dir=sets)
    spec = {"image": zoo.specs.Picture(size=64, scale=None, flip=False)}
    batches = Batches(spec, {"data": source}, batch_size=2, seed=3)
    for picture, name in zip(batches(5)["image"], batches.names(5), strict=True):
        whole = source.picture(int(name.rpartition("/")[2])) / np.float32(255)
        np.testing.assert_allclose(picture, whole, atol=8 / 255)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "tfds:mnist"),
        ("mnits", "did you mean 'mnist'"),
        ("tiny_imagnet", "did you mean 'tiny_imagenet'"),
        ("a b", "cannot be opened"),
        ("mnist:9.9.9", "3.0.1"),
        ("cycle_gan/horse3zebra", "horse2zebra"),
        ("mnist:tset", "no split 'tset'; did you mean 'test'"),
        ("mnist:train[", r"wrong split 'train\["),
        ("mnist:train[0:99999999]", "60000"),
        ("mnist:train[:0]", "no pictures"),
        ("ag_news_subset", "has no pictures; it has .*title"),
    ],
)
def test_wrong_names_are_answered_in_one_line(sets, text, words):
    with pytest.raises(ValueError, match=words) as error:
        open_source(f"tfds:{text}", data_dir=sets)
    assert "\n" not in str(error.value)


def test_without_a_network_there_is_one_line(tmp_path, monkeypatch):
    def fail(*arguments, **options):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.setattr(tfds_source, "_hosts", lambda builder: ["example.invalid"])
    with pytest.raises(OSError, match=f"mnist/3.0.1 is not in {tmp_path} and cannot be downloaded: no network"):
        open_source("tfds:mnist", data_dir=str(tmp_path))


def test_another_set_is_downloaded_by_tensorflow_datasets(sets, tmp_path, monkeypatch):
    def prepare(builder):
        shutil.copytree(f"{sets}/mnist", tmp_path / "mnist")

    monkeypatch.setattr(tfds_source, "_hosts", lambda builder: [])
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", prepare)
    with pytest.raises(ValueError, match="no split"):  # the splits are known only now
        open_source("tfds:mnist:validation", data_dir=str(tmp_path))
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", lambda builder: 1 / 0)
    with pytest.raises(OSError, match="cannot prepare cifar10/3.0.2 in .*: division by zero"):
        open_source("tfds:cifar10", data_dir=str(tmp_path))


def test_a_damaged_file_is_one_line(sets, tmp_path):
    shutil.copytree(f"{sets}/mnist", tmp_path / "mnist")
    path = next(tmp_path.rglob("mnist-test.tfrecord*"))
    path.chmod(0o644)
    contents = bytearray(path.read_bytes())
    contents[1_000_000] ^= 1
    path.write_bytes(contents)
    with pytest.raises(ValueError, match=r"cannot read mnist/test/\d+ in .*corrupted record"):
        open_source("tfds:mnist:test", data_dir=str(tmp_path)).picture(0)


def test_vae_trains_and_a_resumed_run_is_checked_against_the_set(sets, tmp_path):
    options = {"preset": "tiny", "data_dir": sets, "batch_size": 4, "log_every": 1, "checkpoint_every": 2}
    train("vae", data="tfds:mnist:test", out=tmp_path / "run", steps=2, **options)
    assert keras.saving.load_model(tmp_path / "run" / "model.keras").name == "vae"
    assert json.loads((tmp_path / "run" / "config.json").read_text())["run"]["sources"] == {"data": "tfds:mnist:test"}
    with pytest.raises(ValueError, match="the pictures of 'data' have changed"):
        train("vae", data="tfds:mnist:train", out=tmp_path / "run", steps=2, resume=True, **options)


def test_cgan_trains_on_the_labels_of_the_set(sets, mnist, tmp_path):
    model = zoo.create("cgan", preset="tiny")
    batches = Batches(model.batch_spec, {"data": mnist}, batch_size=8)
    labels = [mnist.label(int(name.rpartition("/")[2])) for name in batches.names(3)]
    (kind,) = [name for name, spec in model.batch_spec.items() if isinstance(spec, zoo.specs.Label)]
    assert batches(3)[kind].tolist() == labels and len(set(labels)) > 1
    path = train(
        "cgan", preset="tiny", data="tfds:mnist:test[:100]", data_dir=sets, out=tmp_path / "run", steps=2, strategy="mirrored"
    )
    assert path.is_file()


def test_a_dataset_reads_the_set_before_its_threads_ask_for_it(sets):
    source = open_source("tfds:mnist:test", data_dir=sets)
    batches = Batches({"image": zoo.specs.Picture(size=28)}, {"data": source}, batch_size=2)
    assert "_pictures_and_labels" in vars(source)
    for step, batch in enumerate(batches.dataset(0, 3)):
        tf.debugging.assert_equal(batch["image"], batches(step)["image"])
