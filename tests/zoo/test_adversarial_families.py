"""gan, cgan and dcgan: each player's own gradient, labels that count, and the networks as published."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import zoo
from zoo._adversarial import halvings
from zoo.specs import Label, Normal

random = np.random.default_rng(0)
TINY_CONVOLUTIONAL = {"convolutional": True, "width": 4}
MODELS = [("gan", {}), ("gan", {"dropout": 0.0}), ("cgan", {}), ("cgan", TINY_CONVOLUTIONAL), ("dcgan", {})]


def model(name, **config):
    keras.utils.set_random_seed(0)
    return zoo.create(name, preset="tiny", **config)


def batch(made, count=6):
    result = {}
    for name, spec in made.batch_spec.items():
        if isinstance(spec, Normal):
            result[name] = random.standard_normal((count, *spec.shape), np.float32)
        elif isinstance(spec, Label):
            result[name] = np.arange(count, dtype="int32") % spec.classes
        else:
            result[name] = random.random((count, *spec.shape), np.float32)
    return result


@pytest.mark.parametrize(("name", "config"), MODELS)
def test_one_loss_gives_each_player_its_own_gradient(name, config):
    """The gradient of the sum equals, for each player, that of its own terms with the other held fixed."""
    made = model(name, **config)
    values = batch(made)
    with tf.GradientTape(persistent=True) as tape:
        terms = made.loss_terms(values, made(values, training=True))
        own = {
            "generator": tf.reduce_mean(terms["generator"]),
            "discriminator": tf.reduce_mean(terms["discriminator_real"]) + tf.reduce_mean(terms["discriminator_fake"]),
        }
    for player, loss in own.items():
        for network in (made.generator, made.discriminator):
            gradients = tape.gradient(loss, [variable.value for variable in network.trainable_variables])
            if network.name == player:
                assert all(np.abs(gradient).max() > 0 for gradient in gradients if gradient.shape.rank > 1)
            else:
                assert all(gradient is None or not np.any(gradient) for gradient in gradients)


@pytest.mark.parametrize(("name", "config"), MODELS)
def test_pictures_lie_between_0_and_1(name, config):
    made = model(name, **config)
    for pictures in made.samples(batch(made)).values():
        pictures = ops.convert_to_numpy(pictures)
        assert pictures.shape[1:] == (16, 16, made.channels)
        assert pictures.min() >= 0 and pictures.max() <= 1


@pytest.mark.parametrize("config", [{}, TINY_CONVOLUTIONAL])
def test_labels_reach_both_players(config):
    made = model("cgan", **config)
    values = batch(made)
    other = values | {"label": values["label"][::-1].copy()}
    for output in ("real", "fake", "fooled"):
        assert np.abs(made(values)[output] - made(other)[output]).max() > 0
    deployed = made.inference_model()
    assert deployed.input["label"].dtype == "int32"
    pictures = [deployed({"latent": v["latent"], "label": v["label"]})["output_image"] for v in (values, other)]
    assert np.abs(pictures[0] - pictures[1]).max() > 0


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="at least 2 classes"):
        model("cgan", classes=1)


@pytest.mark.parametrize("name", ["gan", "cgan", "dcgan"])
def test_an_unknown_objective_is_answered_with_the_nearest(name):
    with pytest.raises(ValueError, match="did you mean 'hinge'"):
        model(name, objective="hinges")


@pytest.mark.parametrize(("size", "levels"), [(8, 1), (28, 2), (32, 3), (48, 3), (64, 4), (96, 4)])
def test_sizes_that_halve_evenly(size, levels):
    assert halvings(size) == levels
    assert 4 <= size >> levels <= 7


@pytest.mark.parametrize(("size", "near"), [(30, 28), (65, 64), (2, 8)])
def test_other_sizes_are_refused_with_the_nearest(size, near):
    with pytest.raises(ValueError, match=f"take {near}"):
        model("dcgan", size=size)


def test_dcgan_is_as_published():
    made = zoo.create("dcgan", preset="radford")
    maps = [layer.output.shape[1:] for layer in made.generator.layers if isinstance(layer, keras.layers.ReLU)]
    assert maps == [(4, 4, 1024), (8, 8, 512), (16, 16, 256), (32, 32, 128)]
    assert made.generator.output.shape[1:] == (64, 64, 3)
    convolutions = [layer for layer in made.discriminator.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.output.shape[1:] for layer in convolutions] == [(32, 32, 128), (16, 16, 256), (8, 8, 512), (4, 4, 1024)]
    for network in (made.generator, made.discriminator):
        assert sum(isinstance(layer, keras.layers.BatchNormalization) for layer in network.layers) == (
            4 if network is made.generator else 3
        )
        kernels = np.concatenate([np.ravel(v) for v in network.trainable_variables if v.name == "kernel"])
        assert np.std(kernels) == pytest.approx(0.02, rel=0.01)
    optimizer = made.recommended_optimizer()
    assert (float(optimizer.learning_rate), optimizer.beta_1) == (pytest.approx(2e-4), 0.5)
