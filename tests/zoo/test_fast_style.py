"""Feed-forward style transfer: its published size, several styles, and the discriminator of patches."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.models import adapted, batches, sample

ADVERSARIAL = {"discriminator_real", "discriminator_fake", "adversarial"}


def test_the_published_network_has_its_published_size():
    """1.68 million weights, those of Johnson's network with instance normalisation and nearest upsampling."""
    assert zoo.create("fast_style", preset="johnson").network.count_params() == 1_679_235


def test_the_light_network_takes_any_size_and_learns():
    assert zoo.create("fast_style", preset="mobile").network.count_params() < 1_679_235 / 7
    model = adapted("fast_style", architecture="light", width=8)
    model.compile()
    history = model.fit(batches(model, 2).dataset(), steps_per_epoch=10, epochs=5, verbose=0, shuffle=False).history
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    for size in ((1, 1), (17, 250)):
        inputs = {"image": np.full((2, *size, 3), 0.5, "float32"), "strength": np.ones(2, "float32")}
        assert model.inference_model()(inputs)["output_image"].shape == (2, *size, 3)


@pytest.mark.parametrize("architecture", ["johnson", "light"])
def test_one_of_several_styles_is_a_model_of_its_own(architecture):
    """Which answers as the one with all of them does where that style is asked for."""
    model = zoo.create("fast_style", preset="tiny", styles=3, style_names=("a", "b", "c"), architecture=architecture)
    for weight in model.network.weights:
        weight.assign(np.random.default_rng(weight.shape[0]).normal(0.1, 0.5, weight.shape))
    inputs = {"image": np.random.default_rng(0).random((1, 40, 48, 3), "float32"), "strength": np.ones(1, "float32")}
    answers = []
    for row, name in enumerate(model.style_names):
        asked = inputs | {"style_weights": np.eye(3, dtype="float32")[[row]]}
        expected = np.array(model.inference_model()(asked)["output_image"])
        answers.append(np.array(model.single(name).inference_model()(inputs)["output_image"]))
        np.testing.assert_allclose(answers[-1], expected, atol=1e-6)
    assert np.abs(answers[0] - answers[1]).max() > 0.01
    with pytest.raises(ValueError, match="style 'd'"):
        model.single("d")
    assert zoo.create("fast_style", preset="tiny", styles=2).single("1").styles == 1


def test_a_blend_of_styles_has_the_blended_targets():
    model = zoo.create("fast_style", preset="tiny", styles=2)
    model.adapt(style=[sample("coffee", 64), sample("brick", 64)])
    batch = {"image": batches(model)(0)["image"], "style_weights": np.array([[1, 0], [0, 1], [0.5, 0.5], [0.2, 0.8]], "float32")}
    grams, mean, _ = model._blend(batch)
    for blended in (*grams.values(), mean):
        one, other, middle, _ = np.asarray(blended)
        np.testing.assert_allclose(middle, (one + other) / 2, rtol=1e-5, atol=1e-7)


def markovian():
    return adapted("fast_style", adversarial_weight=0.1)


def test_there_is_no_discriminator_unless_asked_for():
    assert not ADVERSARIAL & set(adapted("fast_style").loss_names)
    assert set(markovian().loss_names) > ADVERSARIAL


def test_the_discriminator_sees_crops_of_the_style():
    model = zoo.create("fast_style", preset="tiny", adversarial_weight=0.1)
    style = np.random.default_rng(0).random((40, 48, 3), "float32")
    model.style_size = 40
    model.adapt(style=[style])
    places = np.array([[0, 0], [1, 1], [0.5, 0]], "float32")  # bfloat16 makes 1 of 0.999
    crops = np.asarray(model._style_crops(places))
    for crop, (top, left) in zip(crops, [(0, 0), (8, 16), (4, 0)], strict=True):
        np.testing.assert_allclose(crop, style[top : top + 32, left : left + 32], atol=1e-6)


def test_each_player_is_trained_by_its_own_terms():
    model = markovian()
    batch = {name: tf.constant(value) for name, value in batches(model, 2)(0).items()}
    with tf.GradientTape(persistent=True) as tape:
        terms = model.loss_terms(batch, model(batch, training=True))
    players = {"discriminator": model.discriminator.trainable_variables, "painter": model.network.trainable_variables}
    for name, term in terms.items():
        trained = "discriminator" if name.startswith("discriminator") else "painter"
        for player, variables in players.items():
            moved = any(gradient is not None for gradient in tape.gradient(term, [v.value for v in variables]))
            assert moved == (player == trained), (name, player)


def test_the_deployed_network_has_no_discriminator(tmp_path):
    model = markovian()
    model.compile()
    model.fit(batches(model, 2).dataset(), steps_per_epoch=1, verbose=0, shuffle=False)
    model.save(tmp_path / "model.keras")
    deployed = zoo.load(str(tmp_path / "model.keras")).inference_model()
    assert deployed.count_params() == model.network.count_params()


@pytest.mark.parametrize(
    "style", [np.full((40, 40, 3), 0.3, "float32"), np.random.default_rng(0).random((1, 60, 3), "float32")], ids=["flat", "thin"]
)
def test_extreme_styles_give_numbers(style):
    model = zoo.create("fast_style", preset="tiny")
    model.adapt(style=[style])
    batch = batches(model, 2)(0)
    terms = model.loss_terms(batch, model(batch))
    assert all(np.isfinite(np.asarray(term)).all() for term in terms.values())


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: zoo.create("fast_style", styles=2, adversarial_weight=0.1), "adversarial_weight needs styles=1"),
        (lambda: zoo.create("fast_style", styles=2).adapt(style=[sample("coffee", 64)]), "holds 2 style"),
        (
            lambda: zoo.create("fast_style", preset="tiny", adversarial_weight=0.1)._style_crops(np.zeros((1, 2))),
            "no style picture yet",
        ),
    ],
)
def test_wrong_use_is_refused_in_one_line(call, line):
    with pytest.raises(ValueError, match=line):
        call()
