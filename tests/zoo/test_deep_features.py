"""The feature network that was learned from another: its layers, its file, what it answers to, and how it is trained."""

import importlib.resources

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

import zoo
from tests.models import sample
from zoo import features
from zoo.features import _deep
from zoo.layers import ReflectionPadding2D, SmoothConv2D
from zoo.training import distilled_features
from zoo.training.run import train

random = np.random.default_rng(0)
PICTURES = random.uniform(size=(2, 64, 48, 3)).astype("float32")


@pytest.fixture(scope="module")
def deep():
    return features.create("deep", layers=features.MAPS["deep"])


def test_maps(deep):
    assert deep.trainable_variables == []
    maps = deep(PICTURES)
    assert tuple(maps) == features.MAPS["deep"]
    for name, channels, part in [("fire2", 128, 4), ("fire4", 256, 4), ("fire5", 256, 8), ("fire7", 384, 8), ("fire9", 512, 16)]:
        assert maps[name].shape == (2, 64 // part, 48 // part, channels)
    few = features.create("deep", layers=("fire3",))
    assert few.count_params() < 0.2 * deep.count_params()
    np.testing.assert_allclose(few(PICTURES)["fire3"], maps["fire3"], atol=1e-5)
    both = features.create("compact:0.5+deep:2")
    assert features.content_layers("compact:0.5+deep:2") == ("deep.fire4",)
    np.testing.assert_allclose(both(PICTURES)["deep.fire7"], maps["fire7"], atol=1e-5)


def test_what_cannot_be(deep):
    assert deep(PICTURES[:, :32, :32])["fire9"].shape == (2, 2, 2, 512)
    with pytest.raises(ValueError, match="deep features need pictures of at least 32x32, not 31x48"):
        deep(PICTURES[:, :31])
    with pytest.raises(ValueError, match="deep features ship with their weights"):
        features.create("deep", "squeezenet.npz")


def test_the_file_is_small_and_its_maps_are_of_one_size(deep):
    assert importlib.resources.files("zoo").joinpath("weights/deep_features.npz").stat().st_size < 4_000_000
    photographs = np.stack([sample(name, 192) for name in ("astronaut", "chelsea", "coffee")])
    for name, maps in deep(photographs).items():
        assert 0.4 < np.sqrt(np.mean(np.square(maps))) < 2, name


def test_grain_is_no_style(deep):
    """What noise changes is less than what another picture does, and less of the gradient is fine than compact's squared."""
    photograph, other = sample("astronaut", 128)[None], sample("coffee", 128)[None]
    noisy = np.clip(photograph + random.normal(size=photograph.shape) * 10 / 255, 0, 1).astype("float32")
    maps, grainy, others = deep(photograph), deep(noisy), deep(other)
    for name in maps:
        far = np.mean(np.square(others[name] - maps[name]))
        assert np.mean(np.square(grainy[name] - maps[name])) < 0.25 * far, name


def test_a_shift_moves_the_maps_alone(deep):
    photograph = sample("chelsea", 128)[None]
    maps = deep(photograph[:, :112, :112])["fire3"][:, 4:24, 4:24]
    moved = deep(photograph[:, 4:116, 4:116])["fire3"][:, 3:23, 3:23]
    np.testing.assert_allclose(moved, maps, atol=2e-3 * float(np.max(maps)))


@pytest.mark.parametrize("shape", [(2, 20, 26, 3), (1, 21, 19, 3)])
def test_smooth_convolution_is_a_convolution_then_a_filter(shape):
    picture = random.uniform(size=shape).astype("float32")
    layer = SmoothConv2D(5, 3)
    smooth = layer(picture)
    assert layer.compute_output_shape(shape) == smooth.shape
    learned = tf.nn.conv2d(picture, layer.kernel.value, 1, "VALID")
    taps = np.array([1, 3, 3, 1], "float32") / 8
    kernel = np.tile(np.outer(taps, taps)[:, :, None, None], (1, 1, 5, 1))
    np.testing.assert_allclose(smooth, tf.nn.depthwise_conv2d(learned, kernel, (1, 2, 2, 1), "VALID"), atol=1e-5)
    copy = SmoothConv2D.from_config(layer.get_config())
    copy.build(shape)
    copy.set_weights(layer.get_weights())
    np.testing.assert_array_equal(copy(picture), smooth)


def test_no_grid_comes_back():
    """The gradient of the sum of a flat picture's map is the same at every inner pixel: (1 3 3 1) adds up at any stride of 2."""
    picture = tf.Variable(np.full((1, 32, 32, 3), 0.5, "float32"))
    layer = SmoothConv2D(4, 5)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(layer(ReflectionPadding2D(3)(picture)))
    gradient = tape.gradient(value, picture).numpy()[0, 9:-9, 9:-9]
    np.testing.assert_allclose(gradient, np.broadcast_to(gradient[:1, :1], gradient.shape), rtol=1e-4, atol=1e-5)


def test_training_learns_the_maps_goes_on_and_writes_the_file(tmp_path, monkeypatch):
    settings = {"preset": "tiny", "config": {"feature_weights": "random"}, "batch_size": 2, "steps": 12, "checkpoint_every": 6}
    settings |= {"data": "samples:", "log_every": 1, "out": tmp_path / "run"}
    train(distilled_features.FeatureStudent, **settings)
    student = keras.saving.load_model(tmp_path / "run" / "model.keras", compile=False)
    assert student.feature_weights == "random" and len(student.student.weights) == len(_deep.network().weights)
    losses = [float(line.split(",")[1]) for line in (tmp_path / "run" / "log.csv").read_text().splitlines()[1:]]
    assert np.mean(losses[-3:]) < np.mean(losses[:3])

    words = ["--teacher", "random", "--data", "samples:", "--precision", "float32", "--batch-size", "2", "--steps", "2"]
    words += ["--start-from", tmp_path / "run" / "model.keras", "--learning-rate", "0", "--out", tmp_path / "further"]
    monkeypatch.setattr("sys.argv", ["distilled_features", *map(str, words)])
    distilled_features.main()  # which at a rate of 0 ends with what it began with
    further = keras.saving.load_model(tmp_path / "further" / "model.keras", compile=False)
    for began, ended in zip(student.student.weights, further.student.weights, strict=True):
        np.testing.assert_allclose(ended, began, atol=1e-7)

    distilled_features.write(student.student, tmp_path / "features.npz")
    restored = _deep.build("deep", None, features.MAPS["deep"], tmp_path / "features.npz")
    for name, maps in student.student(PICTURES).items():
        np.testing.assert_allclose(restored(PICTURES)[name], maps, atol=0.02 * float(ops.max(maps)) + 1e-3)
    with pytest.raises(ValueError, match="no model 'feature_studen'"):
        zoo.create("feature_studen")
