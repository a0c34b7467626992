"""The denoiser: what it starts from, its kinds of noise, and what is deployed."""

import keras
import numpy as np
import pytest

import zoo
from tests.models import batches, sample
from zoo.common.similarity import psnr


def tiny(**config):
    keras.utils.set_random_seed(0)
    return zoo.create("denoiser", preset="tiny", **config)


def denoised(model, image, strength=1.0):
    inputs = {"image": image, "strength": np.full(len(image), strength, "float32")}
    return model.inference_model()(inputs)["output_image"].numpy()


@pytest.mark.parametrize("network", ["dncnn", "unet"])
@pytest.mark.parametrize("channels", [1, 3])
def test_an_untrained_network_gives_the_picture_back(network, channels):
    image = sample("coffee", 64)[None, :37, :50, :channels]
    output = denoised(tiny(network=network, channels=channels, depth=3), image)
    np.testing.assert_allclose(output, image, atol=1e-6)


@pytest.mark.parametrize(
    ("noise", "level"), [("gaussian", (0.0, 55.0)), ("salt_and_pepper", (0.1, 0.1)), ("jpeg", (10.0, 40.0)), ("camera", 0)]
)
def test_batches_hold_the_noise_that_is_asked_for(noise, level):
    batch = batches(tiny(noise=noise, level=level))(0)
    assert batch["noisy"].shape == batch["image"].shape
    assert (batch["noisy"] != batch["image"]).mean() > 0.05
    np.testing.assert_array_equal(batch["noisy"], batches(tiny(noise=noise, level=level))(0)["noisy"])


def test_training_takes_noise_away():
    """40 steps on 16-pixel crops take a decibel of strong noise away already."""
    model = tiny(width=8, level=(50.0, 50.0), learning_rate=5e-3)
    model.compile()
    model.fit(batches(model, batch_size=8).dataset(), steps_per_epoch=40, verbose=0, shuffle=False)
    image = sample("astronaut", 64)[None]
    noisy = image + np.random.default_rng(0).normal(0, 50 / 255, image.shape).astype("float32")
    assert psnr(denoised(model, noisy)[0], image[0]) > psnr(np.clip(noisy, 0, 1)[0], image[0]) + 1


def test_strength_blends_between_the_picture_and_the_answer():
    model = tiny()
    model.set_weights([np.random.default_rng(0).normal(0, 0.1, weight.shape) for weight in model.weights])
    image = sample("coffee", 32)[None]
    nothing, half, whole = (denoised(model, image, strength) for strength in (0, 0.5, 1))
    np.testing.assert_allclose(nothing, image, atol=1e-6)
    np.testing.assert_allclose(whole, np.clip(model.restore(image), 0, 1), atol=1e-5)
    assert np.abs(whole - image).max() > 0.05
    inside = (whole > 0) & (whole < 1)  # where nothing was cut off
    np.testing.assert_allclose(half[inside], ((whole + image) / 2)[inside], atol=1e-5)


def test_photographs_are_rounded_and_sometimes_as_they_are():
    model = tiny(noise="camera", channels=1, size=24)
    batch = batches(model, batch_size=64)(0)
    np.testing.assert_allclose(batch["noisy"] * 255, np.round(batch["noisy"] * 255), atol=1e-4)
    unchanged = (batch["noisy"] == batch["image"]).all(axis=(1, 2, 3)).mean()
    assert 0 < unchanged < 0.3


@pytest.mark.parametrize("config", [{"network": "dncn"}, {"noise": "gausian"}, {"distance": "absolut"}])
def test_wrong_settings_are_named(config):
    with pytest.raises(ValueError, match="did you mean"):
        tiny(**config)
