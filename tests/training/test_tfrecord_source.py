"""TFRecord files: written so that TensorFlow reads them, read by place, and what is said about damaged ones."""

import hashlib
import json
import logging
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import zoo
from tests.training.tiny import train_tiny, weights
from zoo.training.batches import Batches
from zoo.training.sources import open_source
from zoo.training.tfrecord import crc32c, record_offsets
from zoo.training.tfrecord_source import write


@pytest.fixture
def folder(tmp_path):
    """Twelve pictures, six a class, JPEG and PNG."""
    noise = np.random.default_rng(0)
    for number in range(12):
        path = tmp_path / "pictures" / ("even" if number % 2 else "odd") / f"{number:02d}.{'png' if number % 3 else 'jpg'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise.integers(0, 256, (24 + number, 40, 3), dtype=np.uint8)).save(path)
    return tmp_path / "pictures"


@pytest.fixture
def packed(folder, tmp_path):
    write(open_source(f"folder:{folder}"), tmp_path / "packed", shards=3)
    return tmp_path / "packed"


def test_crc32c_has_the_published_values():
    assert crc32c(b"123456789") == 0xE3069283
    assert [crc32c(data) for data in (b"", bytes(32), b"\xff" * 32, bytes(range(32)))] == [0, 0x8A9136AA, 0x62A8AB43, 0x46DD794E]


def test_tensorflow_reads_what_was_written(folder, packed):
    files = sorted(packed.glob("*.tfrecord"))
    assert [file.name for file in files] == [f"pictures-{number:05d}-of-00003.tfrecord" for number in range(3)]
    source = open_source(f"folder:{folder}")
    records = [tf.train.Example.FromString(data.numpy()) for data in tf.data.TFRecordDataset([str(file) for file in files])]
    assert len(records) == 12
    for index, example in enumerate(records):
        features = example.features.feature
        assert features["image/encoded"].bytes_list.value[0] == source.contents(index)
        assert features["image/filename"].bytes_list.value[0].decode() == source.name(index)
        assert features["label"].int64_list.value[0] == source.label(index)


def test_the_index_gives_places_and_checksums(packed):
    index = json.loads((packed / "index.json").read_text())
    assert index["pictures"] == 12
    for shard in index["shards"]:
        contents = (packed / shard["file"]).read_bytes()
        assert (shard["bytes"], shard["sha256"]) == (len(contents), hashlib.sha256(contents).hexdigest())
        assert [offset for offset, *_ in shard["records"]] == list(record_offsets(packed / shard["file"]))
        for offset, length, checksum in shard["records"]:
            assert zlib.crc32(contents[offset + 12 : offset + 12 + length]) == checksum


def test_a_packed_source_gives_the_batches_of_its_pictures(folder, packed):
    spec = {"image": zoo.specs.Picture(size=16), "label": zoo.specs.Label(classes=2)}
    first, second = (
        Batches(spec, {"data": open_source(text)}, batch_size=4, seed=1) for text in (f"folder:{folder}", f"tfrecord:{packed}")
    )
    for step in range(6):
        for name in spec:
            np.testing.assert_array_equal(first(step)[name], second(step)[name])


def test_files_without_an_index_are_gone_through(folder, packed):
    indexed = open_source(f"tfrecord:{packed}")
    (packed / "index.json").unlink()
    plain = open_source(f"tfrecord:{packed}/pictures-*")
    assert len(plain) == len(indexed) == 12 and plain.name(11) == indexed.name(11) == "pictures-00002-of-00003.tfrecord/3"
    assert all(plain.contents(index) == indexed.contents(index) for index in range(12))
    assert len(open_source(f"tfrecord:{packed}/*-00001-of-*")) == 4


def test_files_of_tensorflow_datasets_are_read_in_place(data):
    files = open_source(f"tfrecord:{data}/tfds/mnist/3.0.1/mnist-test.tfrecord*")
    mnist = open_source("tfds:mnist:test", data_dir=str(data / "tfds"))
    assert len(files) == len(mnist)
    for index in (0, 1234, 9999):
        assert (files.contents(index), files.label(index)) == (mnist.contents(index), mnist.label(index))


def test_the_fingerprint_follows_the_files(packed):
    prints = {open_source(f"tfrecord:{packed}").fingerprint(), open_source(f"tfrecord:{packed}").fingerprint()}
    assert len(prints) == 1
    prints.add(open_source(f"tfrecord:{packed}/*-00000-*").fingerprint())
    (packed / "index.json").unlink()
    prints.add(open_source(f"tfrecord:{packed}").fingerprint())
    assert len(prints) == 3


@pytest.mark.parametrize("indexed", [True, False])
def test_a_damaged_record_is_named_and_passed_over(packed, indexed, caplog):
    path = packed / "pictures-00001-of-00003.tfrecord"
    offsets = list(record_offsets(path))
    contents = bytearray(path.read_bytes())
    contents[offsets[2] + 500] ^= 1
    path.write_bytes(contents)
    if not indexed:
        (packed / "index.json").unlink()
    source = open_source(f"tfrecord:{packed}")
    with caplog.at_level(logging.WARNING):
        assert [source.good(index, source.contents)[0] for index in (5, 6, 7)] == [5, 7, 7]
    assert caplog.messages == [f"left out: {path} is damaged in the record at byte {offsets[2]}"]


@pytest.mark.parametrize("indexed", [True, False])
def test_a_file_that_is_cut_short_loses_what_is_behind_the_cut(packed, indexed):
    path = packed / "pictures-00002-of-00003.tfrecord"
    path.write_bytes(path.read_bytes()[: list(record_offsets(path))[2] + 100])
    if not indexed:
        (packed / "index.json").unlink()
    source = open_source(f"tfrecord:{packed}", max_bad=0.5)
    assert len(source) == (12 if indexed else 11)
    assert [source.good(index, source.contents)[0] for index in (9, 10, len(source) - 1)] == [9, 0, 0]
    with pytest.raises(ValueError, match="cut short|no TFRecord file"):
        source.contents(10)


def test_a_lost_file_is_named_and_not_passed_over(packed, caplog):
    path = packed / "pictures-00001-of-00003.tfrecord"
    moved = path.rename(packed / "away")
    source = open_source(f"tfrecord:{packed}", max_bad=0.4)
    with pytest.raises(FileNotFoundError, match=r"^cannot read the pictures in .*00001-of-00003\.tfrecord: No such file"):
        source.good(4, source.image)
    moved.rename(path)
    assert len(source) == 12 and source.good(4, source.image)[0] == 4 and not caplog.messages


def test_what_is_no_tfrecord_file_or_no_picture(tmp_path):
    (tmp_path / "a.tfrecord").write_text("this is a text, and longer than a header")
    with tf.io.TFRecordWriter(str(tmp_path / "b.tfrecord")) as file:
        file.write(b"\xff\xff no example")
        file.write(tf.train.Example().SerializeToString())
    source = open_source(f"tfrecord:{tmp_path}", max_bad=1)
    for index, words in enumerate(("no TFRecord file", "no tf.train.Example", "has no 'image/encoded'; it has nothing")):
        with pytest.raises(ValueError, match=words):
            source.image(index)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "x.tfrecord").touch()
    for text in (f"{tmp_path}/nowhere", f"{tmp_path}/*.records", str(tmp_path / "a.tfrecord" / "b")):
        with pytest.raises(FileNotFoundError, match="no file matches"):
            open_source(f"tfrecord:{text}")
    with pytest.raises(ValueError, match="no record"):
        open_source(f"tfrecord:{tmp_path}/empty")


def test_a_damaged_index_is_one_line(packed):
    for text in ("{", "[]", '{"shards": [{"file": 3}]}'):
        (packed / "index.json").write_text(text)
        with pytest.raises(ValueError, match="index.json is damaged"):
            open_source(f"tfrecord:{packed}")


def test_bad_pictures_are_left_out_and_too_many_leave_nothing(folder, tmp_path):
    (folder / "even" / "05.png").write_text("no picture")
    (folder / "odd" / "06.jpg").write_text("no picture")
    assert write(open_source(f"folder:{folder}", max_bad=0.5), tmp_path / "packed", shards=5)["pictures"] == 10
    source = open_source(f"tfrecord:{tmp_path}/packed", max_bad=0)
    assert len([source.image(index) for index in range(len(source))]) == 10
    for options, words in (({"max_bad": 0}, "1 of 12"), ({}, "2 of 12")):
        with pytest.raises(ValueError, match=f"{words} pictures are bad"):
            write(open_source(f"folder:{folder}", **options), tmp_path / "refused")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["packed", "pictures"]


def test_wrong_use_of_write(packed, tmp_path):
    source = open_source("samples:coffee")
    with pytest.raises(ValueError, match="1 pictures cannot go into 4 files"):
        write(source, tmp_path / "new")
    with pytest.raises(FileExistsError, match="exists already"):
        write(source, packed, shards=1)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cannot write"):
        write(source, tmp_path / "file" / "new", shards=1)


def test_without_classes_there_are_no_labels(tmp_path):
    write(open_source("samples:coffee"), tmp_path / "packed", shards=1)
    with pytest.raises(ValueError, match="has no 'label'"):
        open_source(f"tfrecord:{tmp_path}/packed").label(0)


def test_training_on_packed_pictures_gives_the_same_weights(folder, packed, tmp_path):
    runs = [train_tiny(tmp_path / text[:4], data=text).parent for text in (f"folder:{folder}", f"tfrecord:{packed}")]
    for first, second in zip(*map(weights, runs), strict=True):
        np.testing.assert_array_equal(first, second)
