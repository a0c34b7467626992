"""A model of the zoo called with a plain picture: the deployed answer, or one line."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.models import batches, sample


def deployed_inputs(model, pictures):
    network = model.inference_model()
    values = {"image": pictures}
    if "strength" in network.input:
        values["strength"] = np.ones(len(pictures), "float32")
    return network, values


@pytest.mark.parametrize("name", ["cyclegan", "denoiser", "fast_style", "super_resolution"])
def test_a_plain_picture_is_answered_as_deployed(name, tmp_path):
    zoo.create(name, preset="tiny").save(tmp_path / "model.keras")
    model = zoo.load(str(tmp_path / "model.keras"))
    pictures = np.stack([sample("coffee", 40)[:36], sample("rocket", 40)[:36]])
    network, values = deployed_inputs(model, pictures)
    expected = np.asarray(network(values)["output_image"])
    np.testing.assert_allclose(model(pictures), expected, atol=1e-6)
    np.testing.assert_allclose(model(tf.constant(pictures)), expected, atol=1e-6)
    np.testing.assert_allclose(model(pictures[0]), expected[0], atol=1e-5)
    for predicted in (model.predict(pictures, verbose=0), model.predict(pictures, batch_size=1, verbose=0)):
        assert isinstance(predicted, np.ndarray)
        np.testing.assert_allclose(predicted, expected, atol=1e-5)
    np.testing.assert_allclose(model.predict(pictures[0], verbose=0), expected[0], atol=1e-5)
    several = tf.data.Dataset.from_tensor_slices(pictures).batch(1)
    np.testing.assert_allclose(model.predict(several, verbose=0), expected, atol=1e-5)
    np.testing.assert_allclose(tf.function(model)(tf.constant(pictures)), expected, atol=1e-5)


def test_a_batch_is_answered_as_before():
    model = zoo.create("denoiser", preset="tiny")
    batch = batches(model, 2)(0)
    assert set(model(batch)) == {"picture"}
    assert set(model.predict(batch, verbose=0)) == {"picture"}


def test_several_styles_are_even_unless_said():
    model = zoo.create("fast_style", preset="tiny", styles=2)
    picture = sample("coffee", 32)[None]
    even = {"image": picture, "strength": np.ones(1, "float32"), "style_weights": np.full((1, 2), 0.5, "float32")}
    np.testing.assert_allclose(model(picture), model.inference_model()(even)["output_image"], atol=1e-6)


def test_the_answer_follows_what_is_chosen_and_what_is_trained():
    model = zoo.create("cyclegan", preset="tiny")
    picture = sample("coffee", 32)
    forward = np.asarray(model(picture))
    model.direction = "backward"
    backward = np.asarray(model(picture))
    assert np.abs(forward - backward).max() > 1e-3
    model.set_weights([weight * 1.5 for weight in model.get_weights()])
    assert np.abs(np.asarray(model(picture)) - backward).max() > 1e-3


def test_a_noisy_picture_leaves_0_to_1():
    assert zoo.create("denoiser", preset="tiny")(np.full((16, 16, 3), 1.3, "float32")).shape == (16, 16, 3)


PICTURE = np.full((16, 16, 3), 0.5, "float32")


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("fast_style", (255 * PICTURE).astype("uint8"), "fast_style takes float32 pictures .*not uint8: divide by 255"),
        ("fast_style", 255 * PICTURE, "values from 127.5 to 127.5: divide by 255"),
        ("fast_style", PICTURE - 1, "values from -0.5 to -0.5"),
        ("fast_style", PICTURE * np.nan, "values from nan"),
        ("fast_style", PICTURE.transpose(2, 0, 1)[:, :10], "not 3 x 10 x 16: transpose it, so that channels come last"),
        ("fast_style", PICTURE[..., :1], r"takes float32 pictures \[H, W, 3\] or \[N, H, W, 3\] in \[0, 1\], not 16 x 16 x 1"),
        ("fast_style", PICTURE[..., 0], "not 16 x 16"),
        ("fast_style", PICTURE[:0], "there are no pixels"),
        (
            "denoiser",
            {"image": PICTURE[None]},
            "called with a batch of image and noisy, and there is no 'noisy'; give it a plain",
        ),
        ("unet_inpainter", PICTURE, r"inference_model\(\)\(\{'image': ..., 'mask': ...\}\)"),
        ("adain", PICTURE, "adain does not take a picture alone"),
        ("dcgan", PICTURE, "dcgan does not take a picture alone"),
        ("neural_style", PICTURE, "nothing to deploy"),
    ],
)
def test_wrong_pictures_are_answered_in_one_line(name, data, line):
    model = zoo.create(name, preset="tiny")
    for use in (model, model.predict):
        with pytest.raises(ValueError, match=line) as error:
            use(data)
        assert "\n" not in str(error.value)
