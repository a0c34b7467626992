"""Pictures and requests for the served model `stylise`, and its answers."""

import base64
import io

import numpy as np
import tensorflow as tf
from PIL import Image

from tests.models import sample


def png(height=40, width=30, seed=0):
    pixels = (sample("astronaut", 400)[seed : seed + height, :width] * 255).astype("uint8")
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def b64(data):
    return {"b64": base64.b64encode(data).decode()}


def request_for(*pictures, **changed):
    """A request for stylise's serve_bytes, in columns."""
    count = len(pictures)
    inputs = {"image_bytes": [b64(p) for p in pictures], "style_weights": [[1.0, 0.0]] * count, "strength": [0.8] * count}
    return {"signature_name": "serve_bytes", "inputs": {**inputs, **changed}}


def decoded(value):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(value["b64"]))))


def saved_model(directory, number):
    return tf.saved_model.load(str(directory / "savedmodel" / "stylise" / str(number)))
