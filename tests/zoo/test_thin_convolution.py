"""The convolution to a few channels: Keras' own in values, in gradients and in files, and a constant kernel when exported."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import zoo
from tests.models import sample
from zoo.export.export import export_model
from zoo.export.litert_graph import operations
from zoo.layers import CropLike, PadToMultiple, ReflectionPadding2D, ThinConv2D

RANDOM = np.random.default_rng(0)


def randomized(layer, weights=None):
    layer.build((None, None, None, 5))
    layer.set_weights(weights or [RANDOM.normal(size=weight.shape) for weight in layer.weights])
    return layer


@pytest.mark.parametrize(("kernel", "options"), [(9, {}), (3, {"use_bias": False, "activation": "tanh"}), ((1, 4), {})])
def test_values_and_gradients_are_those_of_keras(kernel, options):
    plain = randomized(layers.Conv2D(3, kernel, **options))
    thin = randomized(ThinConv2D(3, kernel, **options), plain.get_weights())
    x = RANDOM.normal(size=(2, 17, 16 + plain.kernel_size[1] - 1, 5)).astype("float32")
    values_and_gradients = []
    for layer in (plain, thin):
        with tf.GradientTape() as tape:
            y = layer(x)
            loss = tf.reduce_sum(tf.sin(y))
        values_and_gradients.append([y, *tape.gradient(loss, [weight.value for weight in layer.weights])])
        assert layer.compute_output_shape(x.shape) == y.shape
    for expected, value in zip(*values_and_gradients, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)


def network(convolution):
    image = layers.Input((None, None, 3), name="image")
    x = layers.Conv2D(5, 1)(PadToMultiple(4, minimum=16)(image))
    x = CropLike()([convolution(3, 5, activation="sigmoid", name="last")(ReflectionPadding2D(2)(x)), image])
    return keras.Model({"image": image}, {"output_image": x})


def test_files_of_one_are_files_of_the_other(tmp_path):
    plain, thin = network(layers.Conv2D), network(ThinConv2D)
    picture = {"image": sample("coffee", 32)[None, :, :30]}
    for source, target in ((plain, thin), (thin, plain)):
        for weight in source.weights:
            weight.assign(RANDOM.normal(size=weight.shape))
        source.save_weights(tmp_path / "network.weights.h5")
        target.load_weights(tmp_path / "network.weights.h5")
        answers = [np.asarray(model(picture)["output_image"]) for model in (source, target)]
        np.testing.assert_allclose(*answers, atol=1e-6)
    thin.save(tmp_path / "thin.keras")
    loaded = keras.saving.load_model(tmp_path / "thin.keras")
    assert isinstance(loaded.get_layer("last"), ThinConv2D)
    np.testing.assert_array_equal(loaded(picture)["output_image"], thin(picture)["output_image"])


def test_exported_files_hold_the_wide_kernel(tmp_path):
    onnx = pytest.importorskip("onnx")
    model = network(ThinConv2D)
    pictures = [sample("coffee", 64 - 3 * index) for index in range(8)]  # widths that are no multiples of 4 among them
    manifest = export_model(
        model, tmp_path / "out", name="thin", formats=["litert", "onnx"], sizes=["dynamic", (32, 40)], pictures=pictures
    )
    assert manifest.passed and len(manifest.artifacts) == 12
    for artifact in manifest.artifacts:
        content = (tmp_path / "out" / artifact.path).read_bytes()
        if artifact.format == "onnx":
            graph = onnx.ModelProto.FromString(content).graph
            kernels = [tuple(tensor.dims) for tensor in graph.initializer]
            assert (12, 5, 5, 8) in kernels
        else:
            last = [step for step in operations(content) if step.kind == "CONV_2D"][-1]
            assert last.inputs[1].shape == (12, 5, 8, 5)


def test_what_it_does_not_know_is_refused():
    with pytest.raises(ValueError, match="ThinConv2D knows no padding but valid"):
        ThinConv2D(3, 3, padding="same")
    with pytest.raises(ValueError, match=r"a width of 20 .* PadToMultiple\(4\) goes before"):
        ThinConv2D(3, 3)(np.zeros((1, 20, 20, 2), "float32"))


def test_style_networks_end_with_it():
    for preset in ("johnson", "mobile"):
        assert any(isinstance(layer, ThinConv2D) for layer in zoo.create("fast_style", preset=preset).network.layers)
