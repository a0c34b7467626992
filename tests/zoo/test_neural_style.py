"""Style transfer by optimisation: what is optimised, what is kept, and what is refused."""

import keras
import numpy as np
import pytest

import zoo
from tests.models import batches, sample
from zoo.neural_style import gray
from zoo.neural_style.geometry import cover, sides
from zoo.training.optimise import optimise_picture, pyramid


def painted(steps=0, **config):
    keras.utils.set_random_seed(0)
    model = zoo.create("neural_style", size=32, **config)
    sample_names = {"content": "coffee", "style": "chelsea", "mask": "astronaut"}
    counts = {setting: getattr(model, argument) for setting, argument in model.picture_settings.items()}
    model.adapt(**{setting: [sample(sample_names[setting], 64)] * count for setting, count in counts.items()})
    model.compile()
    if steps:
        model.fit(batches(model, 2).dataset(), steps_per_epoch=steps, verbose=0, shuffle=False)
    return model


def losses(model):
    batch = batches(model, 2)(0)
    return {name: float(np.mean(value)) for name, value in model.loss_terms(batch, model(batch)).items()}


@pytest.mark.parametrize("config", [{}, {"parametrization": "network", "learning_rate": 0.005}, {"jitter": 4}, {"contents": 0}])
def test_fit_lowers_the_loss(config):
    model = painted(**config)
    before = sum(losses(model).values())
    model.fit(batches(model, 2).dataset(), steps_per_epoch=8, verbose=0, shuffle=False)
    assert sum(losses(model).values()) < 0.9 * before


def test_the_picture_is_the_only_trainable_weight():
    assert [variable.shape for variable in painted().trainable_variables] == [(32, 32, 3)]


def test_it_starts_from_the_content_whose_content_loss_is_nothing():
    model = painted(recolor_content=False)
    np.testing.assert_allclose(model.picture(), cover(sample("coffee", 64), 32, 32)[0], atol=1e-6)
    assert losses(model)["content"] < 1e-9


def test_a_trained_picture_is_kept_when_pictures_are_given_again():
    model = painted(steps=2)
    before = model.picture()
    model.adapt(content=[sample("coffee", 64)], style=[sample("rocket", 64)])
    np.testing.assert_array_equal(model.picture(), before)


def test_a_mask_keeps_its_region_to_the_bit():
    content, mask = sample("coffee", 32), np.zeros((32, 32, 1), "float32")
    mask[:, 16:] = 1
    model = zoo.create("neural_style", size=32, masks=1)
    model.adapt(content=[content], style=[sample("chelsea", 64)], mask=[mask])
    model.compile()
    model.fit(batches(model, 1).dataset(), steps_per_epoch=3, verbose=0, shuffle=False)
    np.testing.assert_array_equal(model.picture()[:, :16], content[:, :16])
    assert np.abs(model.picture()[:, 16:] - content[:, 16:]).mean() > 0.01


def test_the_style_of_a_masked_region_is_that_of_its_crop():
    """Half of the picture is the style itself: only a Gram matrix of that half alone can match it."""
    style = sample("chelsea", 128)
    model = zoo.create("neural_style", size=256, aspect=2.0, masks=1, content_weight=0.0)
    mask = np.zeros((128, 256, 1), "float32")
    mask[:, 128:] = 1
    model.adapt(content=[np.zeros((128, 256, 3), "float32")], style=[style], mask=[mask])
    model.paint_from(np.concatenate([style, style], axis=1))
    masked = losses(model)["style"]
    model = zoo.create("neural_style", size=256, aspect=2.0, content_weight=0.0)
    model.adapt(content=[np.zeros((128, 256, 3), "float32")], style=[style])
    model.paint_from(np.concatenate([np.zeros_like(style), style], axis=1))
    assert masked < 0.1 * losses(model)["style"]


def test_luminance_keeps_the_colours():
    model = painted(steps=3, preserve_color="luminance")
    content = cover(sample("coffee", 64), 32, 32)
    change = model.picture() - content[0]
    inside = ((model.picture() > 0.01) & (model.picture() < 0.99)).all(-1)
    assert inside.any() and np.ptp(np.array(change), axis=-1)[inside].max() < 1e-5


def test_histogram_gives_the_style_the_colours_of_the_content():
    model = painted(preserve_color="histogram")
    content = np.array(cover(sample("coffee", 64), 32, 32))[0]
    np.testing.assert_allclose(model.picture().mean((0, 1)), content.mean((0, 1)), atol=0.04)  # clipping moves them


def test_style_weights_share_the_style_loss():
    def style_loss(**config):
        model = zoo.create("neural_style", size=32, **config)
        model.adapt(content=[sample("coffee", 64)], style=[sample("chelsea", 64), sample("rocket", 64)][: model.styles])
        model.paint_from(sample("brick", 64))
        return losses(model)["style"]

    np.testing.assert_allclose(style_loss(styles=2, style_weights=(5, 0)), style_loss(), rtol=1e-5)


@pytest.mark.parametrize(
    ("size", "aspect", "expected"),
    [(256, 1.0, (256, 256)), (256, 2.0, (128, 256)), (256, 0.5, (256, 128)), (64, 100.0, (32, 3200)), (64, 1 / 200, (6400, 32))],
)
def test_sides(size, aspect, expected):
    assert sides(size, aspect) == expected


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (200, 3)])
def test_extreme_styles_are_taken(shape):
    model = zoo.create("neural_style", size=32)
    model.adapt(content=[sample("coffee", 64)], style=[np.random.default_rng(0).random((*shape, 3), "float32")])
    assert np.isfinite(list(losses(model).values())).all()


def test_a_style_of_one_colour_is_taken():
    model = zoo.create("neural_style", size=32)
    model.adapt(content=[sample("coffee", 64)], style=[np.full((64, 64, 3), 0.3, "float32")])
    assert np.isfinite(list(losses(model).values())).all()


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: zoo.create("neural_style", size=16), "size 16 is too small"),
        (lambda: zoo.create("neural_style", aspect=300.0), "300 times as long"),
        (lambda: zoo.create("neural_style", parametrization="pixel"), "did you mean 'pixels'"),
        (lambda: zoo.create("neural_style", contents=0, masks=1), "need a content picture"),
        (lambda: zoo.create("neural_style", styles=2, style_weights=(1.0,)), "style_weights needs 2"),
        (lambda: zoo.create("neural_style").adapt(content=[sample("coffee", 64)]), "takes 1 style"),
        (lambda: zoo.create("neural_style").inference_model(), "nothing to deploy: use fast_style or adain"),
        (lambda: losses(zoo.create("neural_style")), "has no style picture yet"),
    ],
)
def test_wrong_use_is_refused_in_one_line(call, line):
    with pytest.raises(ValueError, match=line) as error:
        call()
    assert "\n" not in str(error.value)


def test_optimise_picture_beats_its_start_and_keeps_the_aspect():
    seen = []
    content = sample("coffee", 96)[:64]
    picture, curve = optimise_picture(
        content,
        [sample("chelsea", 64)],
        size=48,
        iterations=(6, 3),
        callback=lambda done, total, terms: seen.append((done, total)),
    )
    assert picture.shape == (32, 48, 3) and picture.min() >= 0 and picture.max() <= 1
    assert seen == [(i + 1, 6) for i in range(6)]
    assert curve[-1]["loss"] < 0.5 * curve[0]["loss"] and set(curve[0]) == {"size", "loss", "style", "content"}


def test_optimise_goes_from_coarse_to_fine():
    assert pyramid(768) == [192, 384, 768] and pyramid(255) == [255] and pyramid(64) == [64]
    _, curve = optimise_picture(None, [sample("brick", 64)], size=256, iterations=(1, 1))
    assert [point["size"] for point in curve] == [128, 256]


def test_gray_is_luminance():
    np.testing.assert_allclose(gray(np.array([[[[1.0, 0.5, 0.0]]]], "float32"))[0, 0, 0], [0.5925] * 3, rtol=1e-6)


def test_windows_of_a_jittered_picture_stay_inside():
    model = painted(jitter=4)
    picture = np.random.default_rng(0).random((1, 32, 32, 3), "float32")
    first, last = np.asarray(model._view(picture, np.array([[0, 0], [1, 1]], "float32")))  # bfloat16 makes 1 of 0.999
    np.testing.assert_array_equal(first, picture[0, :28, :28])
    np.testing.assert_array_equal(last, picture[0, 4:, 4:])
