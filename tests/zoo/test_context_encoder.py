"""The context encoder: its layer against its formula, the overlap's weight, and the two rates."""

import keras
import numpy as np
import pytest

import zoo
from tests.models import batches, sample
from zoo._rate_scaled_adam import RateScaledAdam
from zoo.layers import ChannelwiseDense


def tiny(**config):
    keras.utils.set_random_seed(0)
    return zoo.create("context_encoder", preset="tiny", **config)


def test_channelwise_dense_is_one_dense_layer_a_channel():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")
    layer = ChannelwiseDense()
    output = np.asarray(layer(x))
    for channel in range(5):
        expected = x[..., channel].reshape(2, 12) @ np.asarray(layer.kernel)[channel]
        np.testing.assert_allclose(output[..., channel].reshape(2, 12), expected, atol=1e-5)


@pytest.mark.parametrize("region", ["center", "random"])
def test_regions_and_known_pixels(region):
    model = tiny(region=region)
    batch = batches(model)(0)
    assert batch["mask"].mean() == pytest.approx(0.25, abs=0.01)
    output = model.inference_model()({"image": batch["image"], "mask": batch["mask"]})["output_image"].numpy()
    known = batch["mask"][..., 0] == 0
    np.testing.assert_array_equal(output[known], batch["image"][known])


def test_the_band_around_the_hole_weighs_ten_times():
    model = tiny(overlap=2, adversarial_weight=0.0, reconstruction_weight=1.0)
    image, mask = sample("coffee", 32)[None], np.zeros((1, 32, 32, 1), np.float32)
    mask[:, 8:24, 8:24] = 1
    batch = {"image": image, "mask": mask}
    for place, weight in (((16, 16), 1), ((7, 10), 10), ((6, 10), 10), ((5, 10), 0)):
        picture = image.copy()
        picture[0, *place] += 0.5
        loss = model.loss_terms(batch, {"picture": picture})["reconstruction"]
        np.testing.assert_allclose(loss, [weight * 3 * 0.25 / (3 * 256)], rtol=1e-4)


def test_the_discriminator_learns_at_a_tenth_of_the_rate():
    """Adam's first step is the rate itself, whatever the gradient."""
    model = tiny()
    model.compile(model.recommended_optimizer())
    before = {v.path: np.asarray(v) for v in model.trainable_variables}
    model.fit(batches(model).dataset(), steps_per_epoch=1, verbose=0, shuffle=False)
    steps = {v.path: np.abs(np.asarray(v) - before[v.path]).max() for v in model.trainable_variables}
    of_discriminator = {True: [], False: []}
    for path, step in steps.items():
        of_discriminator[path.startswith("discriminator")].append(step)
    assert max(of_discriminator[True]) == pytest.approx(2e-4, rel=0.05)
    assert max(of_discriminator[False]) == pytest.approx(2e-3, rel=0.05)


def test_the_optimizer_can_be_saved():
    optimizer = RateScaledAdam(1e-3, {"discriminator": 0.1}, beta_1=0.5)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()


def test_a_size_that_does_not_halve_is_refused():
    with pytest.raises(ValueError, match="take 96"):
        tiny(size=100)
