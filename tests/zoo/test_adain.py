"""Adaptive instance normalisation, and the decoder built on it."""

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.models import batches, sample
from zoo.layers import AdaptiveInstanceNormalization

random = np.random.default_rng(0)
PUBLISHED = {"features": "vgg19", "feature_weights": "random", "loss_features": None, "width": 8}


def test_layer_equals_the_formula():
    content, style = random.normal(2, 3, (2, 7, 5, 4)).astype("float32"), random.normal(-1, 2, (2, 3, 9, 4)).astype("float32")
    over = dict(axis=(1, 2), keepdims=True)
    expected = (content - content.mean(**over)) / np.sqrt(content.var(**over) + 1e-5) * np.sqrt(
        style.var(**over) + 1e-5
    ) + style.mean(**over)
    np.testing.assert_allclose(AdaptiveInstanceNormalization()([content, style]), expected, rtol=1e-4, atol=1e-5)


def test_the_published_decoder_has_its_published_size():
    """VGG19's relu4_1 mirrored: 3,505,219 weights in the released code."""
    assert zoo.create("adain", preset="huang").painter.count_params() == 3_505_219


def test_the_published_decoder_alone_is_trained_and_saved():
    model = zoo.create("adain", preset="tiny", **PUBLISHED)
    model.compile()
    before = [np.array(variable) for variable in model.encoder().variables]
    model.fit(batches(model, 2).dataset(), steps_per_epoch=2, verbose=0, shuffle=False)
    assert [v.path for v in model.trainable_variables] == [v.path for v in model.painter.variables]
    assert not {id(v) for v in model.variables} & {id(v) for v in model.encoder().variables}
    for one, other in zip(before, model.encoder().variables, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_description_of_a_style_is_saved_and_not_trained(tmp_path):
    """Deep features that are trained further one day leave a saved model as it is."""
    model = zoo.create("adain", preset="tiny")
    model.compile()
    for variable in model.describer.variables:
        variable.assign(variable * 1.01)
    before = [np.array(variable) for variable in model.describer.variables]
    model.fit(batches(model, 2).dataset(), steps_per_epoch=2, verbose=0, shuffle=False)
    assert [v.path for v in model.trainable_variables] == [v.path for v in model.painter.variables]
    model.save(tmp_path / "model.keras")
    for one, other in zip(before, zoo.load(str(tmp_path / "model.keras")).describer.variables, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("published", [{}, PUBLISHED])
def test_training_lowers_both_losses(published):
    model = zoo.create("adain", preset="tiny", **published)
    model.compile()
    batch = batches(model, 4)(0)
    dataset = tf.data.Dataset.from_tensors(batch).repeat()
    history = model.fit(dataset, steps_per_epoch=10, epochs=4, verbose=0, shuffle=False).history
    assert history["style"][-1] < 0.9 * history["style"][0] and history["loss"][-1] < 0.9 * history["loss"][0]


def test_the_objective_may_see_other_features():
    """A second network changes the style; total variation is a term of its own; the content may keep its colours."""
    batch, own = batches(zoo.create("adain", preset="tiny"), 2)(0), zoo.create("adain", preset="tiny")
    outputs = own(batch)

    def terms(**settings):
        other = zoo.create("adain", preset="tiny", **settings)
        return {name: np.array(term) for name, term in other.loss_terms(batch, outputs).items()}

    expected = {name: np.array(term) for name, term in own.loss_terms(batch, outputs).items()}
    weighed = terms(loss_features="compact:0.5+squeezenet:2", feature_weights="random", total_variation_weight=1.0)
    assert set(weighed) == {"style", "content", "total_variation"} and (weighed["total_variation"] > 0).all()
    assert (np.abs(weighed["style"] - expected["style"]) > 0.1 * expected["style"]).all()
    kept = terms(recolor_content=False)
    np.testing.assert_allclose(kept["style"], expected["style"], rtol=1e-4)
    assert (np.abs(kept["content"] - expected["content"]) > 1e-3 * expected["content"]).all()


@pytest.mark.parametrize(("shape", "style"), [((1, 1), (64, 64)), ((50, 33), (1, 90)), ((17, 250), (40, 40))])
def test_any_sizes(shape, style):
    deployed = zoo.create("adain", preset="tiny").inference_model()
    inputs = {
        "image": random.random((2, *shape, 3), "float32"),
        "style": random.random((2, *style, 3), "float32"),
        "strength": np.ones(2, "float32"),
    }
    output = np.array(deployed(inputs)["output_image"])
    assert output.shape == (2, *shape, 3) and output.min() >= 0 and output.max() <= 1


@pytest.mark.parametrize("published", [{}, PUBLISHED])
def test_strength_and_blend_meet_at_their_ends(published):
    model = zoo.create("adain", preset="tiny", **published)
    image, wave, mosaic = (sample(name, 64)[None] for name in ("coffee", "chelsea", "brick"))
    deployed = model.inference_model()

    def run(style, strength):
        inputs = {"image": image, "style": style, "strength": np.array([strength], "float32")}
        return np.array(deployed(inputs)["output_image"])

    np.testing.assert_allclose(model.blend(image, [wave], [1.0], strength=0.3), run(wave, 0.3), atol=1e-5)
    np.testing.assert_allclose(model.blend(image, [wave, mosaic], [0.0, 1.0]), run(mosaic, 1.0), atol=1e-5)
    if published:
        np.testing.assert_allclose(run(wave, 0.0), run(mosaic, 0.0), atol=1e-6)
        np.testing.assert_allclose(run(image, 1.0), run(mosaic, 0.0), atol=1e-4)
    else:
        np.testing.assert_array_equal(run(wave, 0.0), image)


def test_blending_pictures_blends_the_statistics():
    content, wave, mosaic = (random.normal(i, 1 + i, (1, 6, 6, 3)).astype("float32") for i in range(3))
    layer = AdaptiveInstanceNormalization()
    blended = 0.3 * np.array(layer([content, wave])) + 0.7 * np.array(layer([content, mosaic]))
    mean = 0.3 * wave.mean((1, 2)) + 0.7 * mosaic.mean((1, 2))
    deviation = 0.3 * wave.std((1, 2)) + 0.7 * mosaic.std((1, 2))
    np.testing.assert_allclose(blended.mean((1, 2)), mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(blended.std((1, 2)), deviation, rtol=1e-4)


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: zoo.create("adain", size=40), "multiple of 16"),
        (lambda: zoo.create("adain", features="vgg16"), "did you mean 'vgg19'"),
        (lambda: zoo.create("adain", loss_features=None), "is for features='vgg19'"),
        (lambda: zoo.create("adain", preset="tiny").blend(None, [None], [0.2, 0.8]), "blend needs 1 weight"),
        (
            lambda: zoo.create("adain", features="vgg19", feature_weights="nowhere.h5").inference_model(),
            "nowhere.h5 does not exist",
        ),
    ],
)
def test_wrong_use_is_refused_in_one_line(call, line):
    with pytest.raises((ValueError, FileNotFoundError), match=line):
        call()
