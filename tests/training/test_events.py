"""TensorBoard's events, read by TensorFlow."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event

from zoo.training.events import Events


def test_events_are_what_tensorboard_reads(tmp_path):
    sheet = np.zeros((4, 6, 3), np.float32)
    sheet[1, 2] = (1.0, 0.5, 2.0)
    with Events(tmp_path / "events") as events:
        events({"step": 10, "loss": 0.5, "learning_rate": 1e-3})
        events.sheet(20, sheet)
    (file,) = (tmp_path / "events").glob("events.out.tfevents.*")
    # The reader compares every checksum.
    first, scalars, image = [Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset([str(file)])]
    assert first.file_version == "brain.Event:2"
    assert scalars.step == 10 and {value.tag: value.simple_value for value in scalars.summary.value} == {
        "loss": 0.5,
        "learning_rate": pytest.approx(1e-3),
    }
    (value,) = image.summary.value
    pixels = np.array(Image.open(io.BytesIO(value.image.encoded_image_string)))
    assert image.step == 20 and (value.image.height, value.image.width) == (4, 6)
    assert pixels[1, 2].tolist() == [255, 128, 255] and pixels.sum() == 638


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "events").write_text("a file")
    with pytest.raises(OSError, match=r"cannot write to .*events: File exists$"):
        Events(tmp_path / "events")
