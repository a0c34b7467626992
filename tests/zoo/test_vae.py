"""The variational autoencoder: its bound and its likelihood against numbers got another way."""

import keras
import numpy as np
import pytest
from keras import ops

import zoo
from zoo.losses.kl import kl_to_standard_normal
from zoo.training.batches import Batches
from zoo.training.sources import open_source

random = np.random.default_rng(0)


def model(**config):
    keras.utils.set_random_seed(0)
    return zoo.create("vae", preset="tiny", **config)


def pictures(count, size=16, channels=1):
    return np.random.default_rng(1).random((count, size, size, channels)).round().astype("float32")


def test_kl_equals_its_integral():
    mean, log_variance = np.array([[0.3, -1.0]], "float32"), np.array([[0.5, -2.0]], "float32")
    z = np.linspace(-12, 12, 200_001)
    total = 0.0
    for m, v in zip(mean[0], np.exp(log_variance[0]), strict=True):
        q = np.exp(-((z - m) ** 2) / (2 * v)) / np.sqrt(2 * np.pi * v)
        total += np.trapezoid(q * (-((z - m) ** 2) / (2 * v) - 0.5 * np.log(v) + z**2 / 2), z)
    np.testing.assert_allclose(kl_to_standard_normal(mean, log_variance), [total], rtol=1e-5)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_likelihood_equals_quadrature(likelihood):
    """With a single latent number the integral over it can be taken on a grid."""
    vae = model(latent=1, likelihood=likelihood)
    image = pictures(3)
    z = np.linspace(-7, 7, 4001, dtype="float32")[:, None]
    logits = ops.convert_to_numpy(vae.decoder(z)).astype("float64")
    if likelihood == "bernoulli":
        values = image[:, None] * logits - np.logaddexp(0, logits)
    else:
        values = -0.5 * (image[:, None] - 1 / (1 + np.exp(-logits))) ** 2 - 0.5 * np.log(2 * np.pi)
    joint = values.sum(axis=(2, 3, 4)) - 0.5 * z[:, 0] ** 2 - 0.5 * np.log(2 * np.pi)
    expected = np.logaddexp.reduce(joint, axis=1) + np.log(z[1, 0] - z[0, 0])
    np.testing.assert_allclose(vae.log_likelihood(image, samples=20_000, batch_size=3000), expected, atol=0.1)


def test_bound_lies_below_the_likelihood():
    vae = model()
    image = pictures(8)
    batch = {"image": image, "noise": random.standard_normal((8, 4), np.float32)}
    bound = -sum(ops.convert_to_numpy(term) for term in vae.loss_terms(batch, vae(batch)).values())
    assert bound.mean() < vae.log_likelihood(image, samples=100).mean()


def test_likelihood_does_not_depend_on_how_many_are_drawn_at_a_time():
    vae = model()
    image = pictures(5)
    whole = vae.log_likelihood(image, 500)
    np.testing.assert_allclose(whole, vae.log_likelihood(image, 500, batch_size=33), atol=1e-3)
    assert whole.shape == (5,)


def test_interpolation_begins_and_ends_with_the_reconstructions():
    vae = model()
    first, second = pictures(4)[:2], pictures(4)[2:]
    between = ops.convert_to_numpy(vae.interpolate(first, second, steps=5))
    assert between.shape == (2, 5, 16, 16, 1)
    np.testing.assert_allclose(between[:, 0], vae.reconstruct(first), atol=1e-6)
    np.testing.assert_allclose(between[:, -1], vae.reconstruct(second), atol=1e-6)


@pytest.mark.parametrize(("size", "channels"), [(4, 1), (12, 3), (20, 1), (28, 1), (36, 3), (64, 3)])
def test_every_multiple_of_four(size, channels):
    vae = model(size=size, channels=channels)
    picture = ops.convert_to_numpy(vae.reconstruct(pictures(2, size, channels)))
    assert picture.shape == (2, size, size, channels)
    assert picture.min() >= 0 and picture.max() <= 1


@pytest.mark.parametrize(("config", "hint"), [({"size": 30}, "take 32"), ({"likelihood": "gausian"}, "did you mean 'gaussian'")])
def test_wrong_settings_say_what_to_do(config, hint):
    with pytest.raises(ValueError, match=hint):
        model(**config)


def test_both_signatures_equal_the_model():
    vae = model()
    deployed = vae.inference_models()
    image, latent = pictures(3), random.standard_normal((3, 4), np.float32)
    code = deployed["encode"]({"image": image})
    assert set(code) == {"mean", "log_variance"}
    np.testing.assert_allclose(code["mean"], vae.encoder(image)["mean"], atol=1e-6)
    np.testing.assert_allclose(deployed["serving_default"]({"latent": latent})["output_image"], vae.sample(latent), atol=1e-6)
    vae.deploy = "decoder"
    assert set(vae.inference_models()) == {"serving_default"}
    vae.deploy = "encoder"
    np.testing.assert_array_equal(vae.inference_model()({"image": image})["mean"], code["mean"])


def test_binarised_pictures_are_the_same_every_time():
    spec = {"image": model(binarize=True).batch_spec["image"]}
    source = {"data": open_source("samples:coffee", max_bad=0)}

    def draw(seed):
        return Batches(spec, source, 3, seed)(0)["image"]

    first = draw(0)
    assert set(np.unique(first)) == {0, 1}
    assert 0.9 < np.mean(first[0] == first[1]) <= 1  # crops of one picture differ by where they are cut, not by the noise
    np.testing.assert_array_equal(first, draw(0))
