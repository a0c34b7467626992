"""Normalisation over the pixels of an example, held to its formula in NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from zoo.layers import AdaptiveInstanceNormalization, ConditionalInstanceNormalization, InstanceNormalization

RANDOM = np.random.default_rng(0)
X = (3 * RANDOM.normal(size=(2, 7, 5, 4)) + RANDOM.normal(size=(2, 1, 1, 4))).astype("float32")


def normalized(x, gamma=1.0, beta=0.0, epsilon=1e-5):
    x = x.astype("float64")
    mean, variance = x.mean((1, 2), keepdims=True), x.var((1, 2), keepdims=True)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def drawn(layer, *inputs):
    """The layer's answer once its weights are drawn, and the weights by name."""
    layer(*inputs)
    for weight in layer.weights:
        weight.assign(RANDOM.normal(size=weight.shape))
    return ops.convert_to_numpy(layer(*inputs)), {weight.name: ops.convert_to_numpy(weight) for weight in layer.weights}


@pytest.mark.parametrize("epsilon", [1e-5, 1e-2])
def test_instance_normalization(epsilon):
    answer, weights = drawn(InstanceNormalization(epsilon), X)
    np.testing.assert_allclose(answer, normalized(X, weights["gamma"], weights["beta"], epsilon), atol=1e-5)
    plain = InstanceNormalization(affine=False)
    np.testing.assert_allclose(plain(X), normalized(X), atol=1e-5)
    assert plain.weights == []


def test_conditional_instance_normalization():
    shares = np.array([[0.3, 0.7, 0.0], [0.0, 0.0, 1.0]], "float32")
    answer, weights = drawn(ConditionalInstanceNormalization(3), [X, shares])
    gamma, beta = ((shares @ weights[name])[:, None, None] for name in ("gamma", "beta"))
    np.testing.assert_allclose(answer, normalized(X, gamma, beta), atol=1e-5)


def test_adaptive_instance_normalization():
    style = (0.5 * RANDOM.normal(size=(2, 3, 9, 4)) + 2).astype("float32")
    answer = AdaptiveInstanceNormalization()([X, style])
    mean, deviation = style.mean((1, 2), keepdims=True), np.sqrt(style.var((1, 2), keepdims=True) + 1e-5)
    np.testing.assert_allclose(answer, normalized(X, deviation, mean), atol=1e-3)


def test_statistics_are_taken_in_float32():
    large = (1000 + X).astype("float32")
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = InstanceNormalization(affine=False)
        answer = ops.convert_to_numpy(layer(ops.cast(large, "float16")))
    finally:
        keras.config.set_dtype_policy("float32")
    assert answer.dtype == np.float16
    np.testing.assert_allclose(answer, normalized(large.astype("float16")), atol=2e-2)


def test_a_part_of_a_picture_takes_the_moments_of_the_whole():
    moments = X.mean((1, 2), keepdims=True), X.var((1, 2), keepdims=True)
    part = InstanceNormalization(affine=False)(X[:, 2:5], moments=moments)
    np.testing.assert_allclose(part, normalized(X)[:, 2:5], atol=1e-5)
