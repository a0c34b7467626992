"""Batch normalisation whose statistics are those of the whole batch, over all replicas."""

from typing import Any

import keras


def batch_normalization(**kwargs: Any) -> keras.layers.BatchNormalization:
    """Keras' layer, synchronised: one replica and many then train the same. Only the TensorFlow backend knows replicas."""
    return keras.layers.BatchNormalization(synchronized=keras.backend.backend() == "tensorflow", **kwargs)
