"""StyleGAN2: when its penalties are due, how latents are mixed and truncated, and the networks as published."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import zoo

random = np.random.default_rng(0)


def model(**config):
    keras.utils.set_random_seed(0)
    return zoo.create("stylegan", preset="tiny", **config)


def batch(made, count=4):
    return {
        name: ops.convert_to_tensor(random.uniform(0, 1, (count, *spec.shape)) if name == "image" else drawn, "float32")
        for name, spec in made.batch_spec.items()
        for drawn in [random.normal(size=(count, *spec.shape))]
    }


def test_penalties_come_lazily():
    made = model(r1_every=2, path_every=3)
    made.compile()
    values = batch(made)
    due = {"r1": [], "path_length": []}
    for step in range(6):
        made.optimizer.iterations.assign(step)
        terms = made.loss_terms(values, made(values))
        for name, record in due.items():
            record.append(bool(np.any(ops.convert_to_numpy(terms[name]))))
    assert due == {"r1": [True, False] * 3, "path_length": [True, False, False] * 2}


def test_lazy_r1_is_as_strong_as_r1_in_every_step():
    """gamma / 2 of the squared gradient with respect to pictures in [-1, 1], times the steps it stands for."""
    made = model(r1=10.0, r1_every=16)
    made.compile()
    values = batch(made)
    image = values["image"] * 2 - 1
    with tf.GradientTape() as tape:
        tape.watch(image)
        score = tf.reduce_sum(made.discriminator((image + 1) / 2))
    expected = 16 * 10 / 2 * tf.reduce_sum(tape.gradient(score, image) ** 2, axis=(1, 2, 3))
    np.testing.assert_allclose(made.loss_terms(values, made(values))["r1"], expected, rtol=1e-4)


def test_mean_path_length_follows_the_lengths():
    made = model()
    made.compile()
    values = batch(made)
    terms = made.loss_terms(values, made(values))
    lengths = np.sqrt(ops.convert_to_numpy(terms["path_length"]) / 2)  # weight 2, every step, mean 0 so far
    assert lengths.shape == (2,)
    assert float(made.mean_length) == pytest.approx(0.01 * lengths.mean(), rel=1e-5)


def test_styles_are_mixed_from_a_random_layer_on():
    made = model(style_mixing=0.5)
    values = batch(made, 3)
    values["mixing"] = ops.array([[0.6, 0.5], [0.4, 0.0], [0.4, 0.99]], "float32")
    mixed = ops.convert_to_numpy(made.mix(values))
    first, second = (ops.convert_to_numpy(made.mapping(values[name])) for name in ("latent", "second_latent"))
    layers = mixed.shape[1]
    assert layers == 6
    for row, crossover in enumerate((layers, 1, layers - 1)):
        expected = [(first if layer < crossover else second)[row] for layer in range(layers)]
        np.testing.assert_allclose(mixed[row], expected, atol=1e-6)


def test_truncation_is_an_input():
    made = model()
    made.truncation.mean.assign(random.normal(size=8))
    deployed = made.inference_model()
    latent = random.standard_normal((3, 8), np.float32)

    def pictures(truncation):
        return ops.convert_to_numpy(deployed({"latent": latent, "truncation": np.full(3, truncation, "float32")})["output_image"])

    same = pictures(0.0)
    np.testing.assert_allclose(same, same[:1].repeat(3, axis=0), atol=1e-6)
    assert np.abs(pictures(1.0)[0] - pictures(1.0)[1]).max() > 0.01
    np.testing.assert_array_equal(pictures(0.7), pictures(0.7))


def test_deployed_noise_is_fixed_and_counts():
    made = model()
    for layer in made.synthesis.layers:
        if isinstance(layer, zoo.layers.PixelNoise):
            layer.strength.assign(1.0)
    inputs = {"latent": np.zeros((2, 8), "float32"), "truncation": np.ones(2, "float32")}
    noisy = ops.convert_to_numpy(made.inference_model()(inputs)["output_image"])
    np.testing.assert_array_equal(noisy[0], noisy[1])
    assert noisy.std() > 0


def test_the_running_mean_moves_in_training_only():
    made = model()
    values = batch(made)
    made(values, training=False)
    assert not np.any(made.truncation.mean)
    made(values, training=True)
    assert np.any(made.truncation.mean)


@pytest.mark.parametrize("size", [8, 32, 128])
def test_sizes(size):
    made = model(size=size, channels=1)
    assert made.synthesis.output.shape[1:] == (size, size, 1)
    assert made.synthesis.input["latents"].shape[1] == 2 * np.log2(size) - 2


def test_other_sizes_are_refused_with_the_nearest():
    with pytest.raises(ValueError, match="take 256"):
        model(size=250)


def test_networks_have_the_published_numbers_of_parameters():
    """Those that the reference implementation prints for 1024 pixels; its mapping is counted with the generator."""
    made = zoo.create("stylegan", preset="karras")
    assert made.mapping.count_params() + made.synthesis.count_params() == 30_370_060
    assert made.discriminator.count_params() == 29_012_513


def test_cifar_preset_is_plain():
    made = zoo.create("stylegan", preset="cifar10")
    assert "path_length" not in made.loss_names and "second_latent" not in made.batch_spec
    assert not any(isinstance(layer, keras.layers.Add) for layer in made.discriminator.layers)
    assert {layer.filters for layer in made.discriminator.layers if hasattr(layer, "filters")} == {512}


def test_mixed_styles_are_those_of_the_layers_copied():
    made = model(mapping_rate=1.0)
    first, second = random.standard_normal((2, 3, 8), np.float32)
    own, other = (np.asarray(made.mix_styles(latent, latent, "coarse", 0.7)) for latent in (first, second))
    inputs = {"latent": first, "truncation": np.full(3, 0.7, "float32")}
    np.testing.assert_allclose(own, np.asarray(made.inference_model()(inputs)["output_image"]), atol=1e-5)
    mixed = {styles: np.asarray(made.mix_styles(first, second, styles, 0.7)) for styles in ("coarse", "middle", "fine")}
    for pictures in mixed.values():
        assert np.abs(pictures - own).max() > 1e-3 and np.abs(pictures - other).max() > 1e-3
    with pytest.raises(ValueError, match="did you mean 'coarse'"):
        made.mix_styles(first, second, "course")
