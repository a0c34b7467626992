"""Batches of a user's own pictures, completed; and what is said of wrong ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.models import batches
from zoo.training.complete import complete, complete_batches

YOURS = ("image", "target", "style", "label")


@pytest.mark.parametrize("name", zoo.list_models())
def test_what_is_drawn_is_what_zoo_train_draws(name, pictures):
    """By the number of the example: however they are batched, and from wherever they go on."""
    model = zoo.create(name, preset="tiny")
    expected = batches(model, 6, seed=5, pictures=pictures)(0)
    own = {key: expected[key] for key in YOURS if key in expected}
    if not own:
        pytest.skip("takes no pictures")
    for size, start in ((4, 0), (3, 3)):
        data = tf.data.Dataset.from_tensor_slices({key: value[start:] for key, value in own.items()}).batch(size)
        whole = list(complete_batches(model, data, seed=5, start=start).as_numpy_iterator())
        for key in model.batch_spec:
            together = np.concatenate([batch[key] for batch in whole])
            np.testing.assert_array_equal(together, expected[key][start:], err_msg=key)
    for drawn in set(model.batch_spec) - set(own):
        np.testing.assert_array_equal(complete(model, own, seed=5)[drawn], expected[drawn])
        fixed = drawn == "reduced" or name == "context_encoder"  # whose mask is the middle
        assert fixed or not np.array_equal(complete(model, own, seed=6)[drawn], expected[drawn])


@pytest.mark.parametrize("name", ["cgan", "denoiser"])
def test_a_model_trains_on_a_users_own_pictures(name, pictures):
    model = zoo.create(name, preset="tiny")
    own = {key: value for key, value in batches(model, 6, pictures=pictures)(0).items() if key in YOURS}
    model.compile()
    history = model.fit(
        complete_batches(model, tf.data.Dataset.from_tensor_slices(own).batch(4)), verbose=0, shuffle=False
    ).history
    assert np.isfinite(history["loss"]).all()


def test_a_users_own_masks_and_pairs_are_taken_as_they_are():
    model = zoo.create("unet_inpainter", preset="tiny")
    images, masks = np.zeros((4, 32, 32, 3), "float32"), np.ones((4, 32, 32, 1), "float32")
    for own in ((images, masks), {"mask": masks, "image": images}):
        (batch,) = complete_batches(model, tf.data.Dataset.from_tensor_slices(own).batch(4)).as_numpy_iterator()
        np.testing.assert_array_equal(batch["mask"], masks)
    labelled = tf.data.Dataset.from_tensor_slices((np.zeros((4, 8, 8, 1), "float32"), np.arange(4))).batch(4)
    digits = zoo.create("cgan", preset="tiny")
    sized = labelled.map(lambda image, label: (tf.image.resize(image, digits.batch_spec["image"].shape[:2]), label))
    (batch,) = complete_batches(digits, sized).as_numpy_iterator()
    assert batch["label"].tolist() == [0, 1, 2, 3] and batch["label"].dtype == np.int32


def test_values_drawn_0_or_1_are_so_for_own_pictures():
    model = zoo.create("vae", preset="tiny", binarize=True)
    batch = complete(model, {"image": np.full((2, *model.batch_spec["image"].shape), 0.25, "float32")})
    assert set(np.unique(batch["image"])) == {0.0, 1.0}
    assert batch["image"].mean() == pytest.approx(0.25, abs=0.05)


def images(**kwargs):
    return np.full((4, 16, 16, 3), 0.5, "float32").astype(kwargs.get("dtype", "float32")) * kwargs.get("times", 1)


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ({"picture": images()}, "denoiser does not train on 'picture'; a batch may hold 'image', 'noisy'"),
        ({"image": images(dtype="uint8")}, "'image' is uint8, and must be float32.*divide by 255"),
        ({"image": images()[:, :8]}, "'image' is N x 8 x 16 x 3; this model trains on N x 16 x 16 x 3"),
        ({"image": images().transpose(0, 3, 1, 2)}, "channels come last"),
        ((images(), np.zeros(4, "int32")), "denoiser takes image from each batch, which has 2 parts"),
        ({"noisy": images()}, "denoiser also needs your 'image'"),
    ],
)
def test_wrong_pictures_are_refused_in_one_line(own, line):
    model = zoo.create("denoiser", preset="tiny")
    with pytest.raises(ValueError, match=line) as error:
        complete_batches(model, tf.data.Dataset.from_tensor_slices(own).batch(2))
    assert "\n" not in str(error.value)


def test_examples_without_an_axis_for_the_batch():
    with pytest.raises(ValueError, match=r"batch the dataset, as by dataset\.batch\(4\)"):
        complete_batches(zoo.create("denoiser", preset="tiny"), tf.data.Dataset.from_tensor_slices({"image": images()}))


def whole(**changed):
    return {"image": images(), "noisy": images()} | changed


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ({"image": images()}, "denoiser trains on batches of image and noisy: there is no 'noisy'"),
        ({"image": images(), "noise": images()}, "there is no 'noisy', but there is 'noise'"),
        ((images(), images()), "dicts of image and noisy, not on a pair"),
        (whole(image=images(dtype="uint8")), "'image' is uint8, and must be float32"),
        (whole(image=images(times=255)), r"'image' has values from 127.5 to 127.5; they lie in \[0, 1\]: divide by 255"),
        (whole(image=images() - 1), r"'image' has values from -0.5 to -0.5; they lie in \[0, 1\]"),
        (whole(noisy=images() * np.nan), "'noisy' has values that are not finite"),
        (whole(noisy=images()[:, :, :12]), "'noisy' is N x 16 x 12 x 3"),
        (whole(image=images().transpose(0, 3, 1, 2)), "channels come last"),
    ],
)
@pytest.mark.parametrize("form", ["arrays", "dataset"])
def test_fit_and_evaluate_say_what_is_wrong(own, line, form):
    model = zoo.create("denoiser", preset="tiny")
    model.compile()
    data = tf.data.Dataset.from_tensor_slices(own).batch(2)
    if form == "arrays":
        data = own
    for method in (model.fit, model.evaluate):
        if isinstance(data, tuple):
            continue  # Keras takes the second as the answers
        with pytest.raises(ValueError, match=line) as error:
            method(data, verbose=0)
        assert "\n" not in str(error.value)


def test_what_an_iterator_gives_is_checked_when_it_is_traced():
    model = zoo.create("denoiser", preset="tiny")
    model.compile()
    with pytest.raises(ValueError, match="there is no 'noisy'"):
        model.train_on_batch({"image": images()})
    with pytest.raises(ValueError, match="there is no 'noisy'"):
        model.fit((({"image": images()},) for _ in range(2)), steps_per_epoch=1, verbose=0, shuffle=False)


def test_the_first_batch_alone_is_looked_at():
    """Not every one: a read-back each step would cost."""
    model = zoo.create("denoiser", preset="tiny")
    model.compile(keras.optimizers.SGD(0.0))
    data = tf.data.Dataset.from_tensor_slices(
        {name: np.concatenate([images(), images(times=2.5)]) for name in ("image", "noisy")}
    )
    model.fit(data.batch(4), verbose=0, shuffle=False)
