"""Adaptive discriminator augmentation: what it does to pictures, how far it goes, and that it leaves training exact."""

import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import zoo
from tests.models import batches
from zoo.layers import AdaptiveAugmentation
from zoo.losses.gradient_penalty import squared_gradient
from zoo.training.run import train
from zoo.training.strategies import make_strategy

random = np.random.default_rng(0)
CONVOLUTIONAL = {"convolutional": True, "width": 4}
MODELS = [
    ("dcgan", {}),
    ("cgan", CONVOLUTIONAL),
    ("stylegan", {"size": 8, "path_length": 0.0, "style_mixing": 0.0, "r1_every": 1}),
]


def layer(probability=1.0, target=0.6):
    made = AdaptiveAugmentation(target)
    made.build(None)
    made.probability.assign(probability)
    return made


def augmented(made, pictures, uniform=None, normal=None):
    count = len(pictures)
    uniform = np.full((count, 10), 0.99, "float32") if uniform is None else np.asarray(uniform, "float32")
    normal = np.zeros((count, 3), "float32") if normal is None else np.asarray(normal, "float32")
    return ops.convert_to_numpy(made([pictures, uniform, normal]))


def draws(**chosen):
    """One row that chooses what is given: by column, the rest unchosen at a probability of 0.5."""
    row = np.full((1, 10), 0.99, "float32")
    for name, value in chosen.items():
        place, amount = {"mirror": (0, 6), "turn": (1, 7), "shift": (2, slice(8, 10))}[name]
        row[0, place], row[0, amount] = 0.0, value
    return row


def test_at_first_pictures_come_as_they_are():
    pictures = random.random((4, 8, 8, 3), np.float32)
    uniform, normal = random.random((4, 10)), random.standard_normal((4, 3))
    np.testing.assert_allclose(augmented(layer(0.0), pictures, uniform, normal), pictures, atol=1e-6)


def test_mirrored_turned_and_shifted():
    picture = random.random((1, 16, 16, 3), np.float32)
    made = layer(0.5)
    np.testing.assert_allclose(augmented(made, picture, draws(mirror=0.1)), picture[:, :, ::-1], atol=1e-6)
    for turns in range(4):
        expected = np.rot90(picture, turns, axes=(1, 2))
        np.testing.assert_allclose(augmented(made, picture, draws(turn=turns / 4 + 0.1)), expected, atol=1e-6)
    down_and_left = np.pad(picture[0], ((2, 0), (0, 1), (0, 0)), "reflect")[:16, 1:]
    np.testing.assert_allclose(augmented(made, picture, draws(shift=(0.99, 0.25)))[0], down_and_left, atol=1e-6)
    both = augmented(made, picture, draws(mirror=0.1, turn=0.3))
    np.testing.assert_allclose(both, np.rot90(picture[:, :, ::-1], 1, axes=(1, 2)), atol=1e-6)


def test_colours():
    picture = random.random((1, 4, 4, 3), np.float32)
    chosen = np.full((1, 10), 0.99, "float32")
    chosen[0, 3:6] = 0.0
    made = layer(0.5)
    brighter = augmented(made, picture, chosen, [[1.0, 0, 0]])
    np.testing.assert_allclose(brighter, picture + 0.1, atol=1e-6)
    steeper = augmented(made, picture, chosen, [[0, 2.0, 0]])
    np.testing.assert_allclose(steeper, 0.5 + 2 * (picture - 0.5), atol=1e-6)
    gray = picture.mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(augmented(made, picture, chosen, [[0, 0, 1.0]]), gray + 2 * (picture - gray), atol=1e-6)
    one_channel = picture[..., :1]
    np.testing.assert_allclose(augmented(made, one_channel, chosen, [[0, 0, 1.0]]), one_channel, atol=1e-6)


def test_differentiable_twice():
    """As the generator's gradient and the R1 penalty need it: every pixel's gradient is that of where it ends up."""
    pictures = ops.convert_to_tensor(random.random((3, 8, 8, 3), np.float32))
    uniform = ops.convert_to_tensor(random.random((3, 10), np.float32))
    normal = ops.zeros((3, 3))
    made = layer(0.7)
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        penalty = tf.reduce_sum(
            squared_gradient(lambda x: ops.sum(ops.square(made([x, uniform, normal])), axis=(1, 2, 3)), pictures)
        )
    shown = made([pictures, uniform, normal])
    assert np.all(np.isfinite(shown))
    assert np.abs(tape.gradient(penalty, pictures)).max() > 0


def test_the_probability_rises_while_the_discriminator_leans_to_real_and_falls_back_to_0():
    made = layer(0.0)
    sure, unsure = np.ones((50, 1), "float32"), np.tile([[1.0], [-1.0]], (25, 1)).astype("float32")
    path = []
    for score in [sure] * 8 + [unsure] * 12:
        made.update(score)
        path.append(float(made.probability))
    step = 50 * 4 / 100_000
    expected = [0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    np.testing.assert_allclose(path, step * np.array(expected), atol=1e-7)
    made.update(sure * 0.4, boundary=0.5)
    assert float(made.verdict) == -0.25


@pytest.mark.parametrize("target", [-0.5, 1.0, 60.0])
@pytest.mark.parametrize("name", ["dcgan", "cgan", "stylegan"])
def test_a_target_beyond_0_and_1_is_refused(name, target):
    with pytest.raises(ValueError, match="augmentation_target lies between 0 and 1"):
        zoo.create(name, preset="tiny", augmentation_target=target)


@pytest.mark.parametrize(("name", "config"), MODELS)
def test_two_replicas_equal_one(name, config, pictures):
    """Half the pictures augmented, and a step in which the probability moves."""

    def weights(strategy):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            model = zoo.create(name, preset="tiny", augmentation_target=0.6, **config)
            model.compile(keras.optimizers.SGD(1e-2))
        model.augmentation.probability.assign(0.5)
        model.augmentation.updates.assign(3)
        model.augmentation.verdict.assign(0.75)
        model.fit(batches(model, pictures=pictures).dataset(), steps_per_epoch=1, verbose=0, shuffle=False)
        assert model.augmentation.updates == 4 and model.augmentation.probability != 0.5
        return [np.array(variable) for variable in model.variables]

    for one, two in zip(weights(tf.distribute.get_strategy()), weights(make_strategy("mirrored", 2)), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-6)


def test_resume_is_exact(tmp_path, pictures):
    arguments = dict(preset="tiny", config={"augmentation_target": 0.1}, data=pictures, batch_size=2, checkpoint_every=3, steps=6)
    train("dcgan", out=tmp_path / "whole", **arguments)
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    (tmp_path / "cut" / "model.keras").unlink()
    newest = max((tmp_path / "cut" / "checkpoint").iterdir())
    newest.unlink()
    train("dcgan", out=tmp_path / "cut", resume=True, **arguments)
    whole, cut = (np.load(tmp_path / run / "checkpoint" / newest.name) for run in ("whole", "cut"))
    assert any("augmentation/probability" in name for name in whole.files)
    for array in whole.files:
        np.testing.assert_array_equal(whole[array], cut[array])


@pytest.mark.parametrize(("name", "config"), MODELS)
def test_what_is_deployed_knows_nothing_of_it(name, config, tmp_path):
    model = zoo.create(name, preset="tiny", augmentation_target=0.6, **config)
    assert not any("augmentation" in variable.path for variable in model.inference_model().variables)
    model.augmentation.probability.assign(0.25)
    model.save(tmp_path / "model.keras")
    assert float(zoo.load(str(tmp_path / "model.keras")).augmentation.probability) == 0.25
    assert zoo.create(name, preset="tiny", **config).augmentation is None
