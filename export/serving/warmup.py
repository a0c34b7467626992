"""Warm-up requests: TensorFlow Serving runs them when it loads a version, so that the first visitor does not wait.

The file is a TFRecord of `PredictionLog`. Only its outer layers are written here, with protobuf's wire format, because
tensorflow-serving-api would bring a second TensorFlow; the numbers are the fields of its .proto files.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

FILE = Path("assets.extra") / "tf_serving_warmup_requests"
SIZE = (64, 64)  # height and width of the pictures in it, where the model takes any


def write(saved_model: Path, name: str, inputs: Mapping[str, np.ndarray]) -> Path:
    """Writes one request for every signature of the SavedModel that `inputs` (by name, batched) can be given to.

    An input `image_bytes` is the PNG of `inputs["image"]`.
    """
    import tensorflow as tf

    path = saved_model / FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(os.fspath(path)) as writer:
        for signature, wanted in _signatures(saved_model).items():
            if wanted and all(key.removesuffix("_bytes") in inputs for key in wanted):
                arrays = {key: inputs[key] if key in inputs else _encoded(inputs[key.removesuffix("_bytes")]) for key in wanted}
                writer.write(prediction_log(name, signature, arrays))
    return path


def _signatures(saved_model: Path) -> dict[str, list[str]]:
    from tensorflow.core.protobuf import saved_model_pb2

    stored = saved_model_pb2.SavedModel.FromString((saved_model / "saved_model.pb").read_bytes())
    return {name: sorted(definition.inputs) for name, definition in sorted(stored.meta_graphs[0].signature_def.items())}


def _encoded(pictures: np.ndarray) -> np.ndarray:
    """PNG files of float pictures [N, H, W, C] in [0, 1]: strings [N]."""
    import tensorflow as tf

    pixels = np.round(pictures * 255).astype("uint8")
    return np.array([tf.io.encode_png(picture).numpy() for picture in pixels], object)


def prediction_log(name: str, signature: str, inputs: Mapping[str, np.ndarray]) -> bytes:
    """A serialized PredictionLog that holds one request for Predict."""
    import tensorflow as tf

    model_spec = _field(1, name.encode()) + _field(3, signature.encode())
    entries = (
        _field(1, key.encode()) + _field(2, tf.make_tensor_proto(array).SerializeToString())
        for key, array in sorted(inputs.items())
    )
    request = _field(1, model_spec) + b"".join(_field(2, entry) for entry in entries)
    return _field(6, _field(1, request))


def _field(number: int, content: bytes) -> bytes:
    """A field of wire type 2: its tag, the length, the bytes."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])
