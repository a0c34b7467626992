"""The convolution that is trained as several branches: their sum, one kernel, and a plain layer when deployed."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from zoo.layers import ReparameterizedConv2D, fold

RANDOM = np.random.default_rng(0)


def randomized(filters=5, channels=4, **options):
    layer = ReparameterizedConv2D(filters, **options)
    layer.build((None, None, None, channels))
    layer.set_weights([RANDOM.normal(size=weight.shape) for weight in layer.weights])
    return layer


@pytest.mark.parametrize("expansion", [1, 3])
def test_one_kernel_does_what_the_branches_do(expansion):
    layer = randomized(expansion=expansion)
    x = RANDOM.normal(size=(2, 7, 9, 4)).astype("float32")
    wide = ops.conv(x, layer.widen.value[None, None])
    branches = [ops.conv(x, layer.square, padding="same"), ops.conv(x, layer.point), ops.conv(wide, layer.narrow, padding="same")]
    assert layer.compute_output_shape(x.shape) == (2, 7, 9, 5)
    np.testing.assert_allclose(layer(x), sum(branches) + layer.bias, atol=1e-4)


def test_it_begins_with_the_variance_of_a_plain_convolution():
    keras.utils.set_random_seed(0)
    layer, plain = ReparameterizedConv2D(48), layers.Conv2D(48, 3)
    for each in (layer, plain):
        each.build((None, None, None, 48))
    assert np.var(layer.kernel()) == pytest.approx(np.var(plain.kernel), rel=0.35)


def test_a_folded_network_gives_the_same_and_has_plain_layers():
    image = layers.Input((None, None, 3))
    x = layers.ReLU()(randomized(6, 3)(image))
    x = ops.concatenate([randomized(4, 6)(x), layers.Conv2D(2, 1)(image)], axis=-1)
    network = keras.Model(image, x)
    folded = fold(network)
    picture = RANDOM.random((1, 11, 8, 3), np.float32)
    np.testing.assert_allclose(folded(picture), network(picture), rtol=1e-4, atol=1e-3)
    kinds = [type(layer) for layer in folded.layers]
    assert ReparameterizedConv2D not in kinds and kinds.count(layers.Conv2D) == 3
    assert len(folded.trainable_variables) == 2  # those of the plain layer, which is shared
    assert folded.count_params() < network.count_params() / 2


def test_folding_is_of_now():
    layer = randomized(3, 3)
    image = layers.Input((4, 4, 3))
    network = keras.Model(image, layer(image))
    picture = RANDOM.random((1, 4, 4, 3), np.float32)
    before = fold(network)(picture)
    layer.bias.assign(layer.bias + 1)
    np.testing.assert_allclose(fold(network)(picture), before + 1, atol=1e-4)
