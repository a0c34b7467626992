"""What is deployed of averaged weights."""

import keras
import numpy as np

import zoo
from tests.models import batches
from zoo.training.statistics import averaged_copy, normalisations


def trained(ema):
    model = zoo.create("dcgan", preset="tiny")
    optimizer = model.recommended_optimizer()
    optimizer.use_ema, optimizer.ema_momentum = ema, 0.9
    model.compile(optimizer)
    drawn = batches(model)
    model.fit(drawn.dataset(0, 6), steps_per_epoch=6, shuffle=False, verbose=0)
    return model, drawn


def test_batch_normalisation_of_averaged_weights_has_their_own_statistics():
    model, drawn = trained(ema=True)
    before = model.get_weights()
    copy = averaged_copy(model, drawn, count=3)
    for left, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(left, now)
    first = next(normalisations(copy.generator))
    network = keras.Model(copy.generator.input, first.input)
    means = [np.asarray(network({"latent": drawn(step)["latent"]})).mean(axis=(0, 1, 2)) for step in range(3)]
    np.testing.assert_allclose(np.asarray(first.moving_mean), np.mean(means, axis=0), atol=1e-5)
    assert first.momentum == next(normalisations(model)).momentum
    assert any(np.abs(a - b).max() > 1e-6 for a, b in zip(before, copy.get_weights(), strict=True))


def test_without_an_average_the_copy_is_the_model():
    model, drawn = trained(ema=False)
    for ours, copied in zip(model.get_weights(), averaged_copy(model, drawn).get_weights(), strict=True):
        np.testing.assert_array_equal(ours, copied)
