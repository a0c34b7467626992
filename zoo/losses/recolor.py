"""Colour statistics of pictures, and the linear map that gives a picture those of another."""

from typing import Any

from keras import ops


def color_moments(picture: Any) -> tuple[Any, Any]:
    """Mean [N, 3] and covariance [N, 3, 3] of the colours of pictures [N, H, W, 3], float32."""
    picture = ops.cast(picture, "float32")
    _, height, width, channels = ops.shape(picture)
    colors = ops.reshape(picture, (-1, height * width, channels))
    mean = ops.mean(colors, axis=1, keepdims=True)
    centred = colors - mean
    covariance = ops.matmul(ops.transpose(centred, (0, 2, 1)), centred) / ops.cast(height * width, "float32")
    return mean[:, 0], covariance


def recolor(picture: Any, mean: Any, covariance: Any, epsilon: float = 1e-4) -> Any:
    """Gives each picture [N, H, W, 3] the colour mean [N, 3] and covariance [N, 3, 3]: float32, clipped to [0, 1].

    The map is the symmetric one, which moves colours least (Monge and Kantorovich; Pitie and Kokaram 2007, "The linear
    Monge-Kantorovitch linear colour mapping for example-based colour transfer"). `epsilon`, added to the variances of
    the picture, lets a flat picture through and keeps the noise of a nearly flat one from being raised to full contrast.
    """
    picture = ops.cast(picture, "float32")
    own_mean, own = color_moments(picture)
    own = own + epsilon * ops.eye(3)
    root, inverse = _roots(own)
    middle, _ = _roots(ops.matmul(root, ops.matmul(covariance, root)))
    matrix = ops.matmul(inverse, ops.matmul(middle, inverse))
    centred = picture - own_mean[:, None, None]
    return ops.clip(ops.matmul(centred, matrix[:, None]) + mean[:, None, None], 0.0, 1.0)


def _roots(matrix: Any) -> tuple[Any, Any]:
    """Square root and inverse square root of symmetric positive matrices [N, 3, 3]."""
    values, vectors = ops.eigh(matrix)
    deviations = ops.sqrt(ops.maximum(values, 1e-12))[:, None]
    transposed = ops.transpose(vectors, (0, 2, 1))
    return ops.matmul(vectors * deviations, transposed), ops.matmul(vectors / deviations, transposed)
