"""Gram matrices of feature maps, and style losses on them (Gatys et al. 2016, Johnson et al. 2016)."""

from typing import Any

import keras
from keras import ops


def gram_matrix(maps: Any) -> Any:
    """Correlations of the channels: maps [N, H, W, C] to float32 [N, C, C].

    Divided by the number of places, H W, so that pictures of different sizes compare; Johnson et al. divide by C H W. Maps of
    bfloat16 are multiplied as such and summed in float32 by the processors that have instructions for it.
    """
    if keras.backend.standardize_dtype(maps.dtype) != "bfloat16":
        maps = ops.cast(maps, "float32")  # the squares would leave float16
    _, height, width, channels = ops.shape(maps)
    flat = ops.reshape(maps, (-1, height * width, channels))
    products = ops.cast(ops.matmul(ops.transpose(flat, (0, 2, 1)), flat), "float32")
    return products / ops.cast(height * width, "float32")


def gram_loss(gram: Any, target: Any) -> Any:
    """Squared Frobenius distance of two Gram matrices [N, C, C], divided by C^2: float32 [N].

    It is Johnson's style loss of one layer (formula 4 of https://arxiv.org/abs/1603.08155), and four times that of
    Gatys (formula 4 of the CVPR 2016 paper), with the scale of `gram_matrix`.
    """
    gram, target = ops.cast(gram, "float32"), ops.cast(target, "float32")
    return ops.mean(ops.square(gram - target), axis=(1, 2))


def relative_gram_loss(gram: Any, target: Any) -> Any:
    """Squared Frobenius distance of two Gram matrices [N, C, C] over the target's squared norm: float32 [N].

    1 for maps without any response, 0 for a match, whatever the scale of the features: layers can be added up unweighted.
    """
    gram, target = ops.cast(gram, "float32"), ops.cast(target, "float32")
    distance = ops.sum(ops.square(gram - target), axis=(1, 2))
    return distance / (ops.sum(ops.square(target), axis=(1, 2)) + 1e-12)
