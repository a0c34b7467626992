"""Each repair of what tf2onnx writes: the fault is there before, gone after, and the answer that of the Keras model."""

import collections
import os

import keras
import numpy as np
import onnx
import pytest
from keras import layers, ops

from tests.models import sample
from zoo.export import onnx_format, saved_model, tf2onnx_graph
from zoo.export.signature import signature_of, tensor_specs
from zoo.layers import (
    AdaptiveInstanceNormalization,
    BicubicUpsampling2D,
    ConditionalInstanceNormalization,
    InstanceNormalization,
    ReflectionPadding2D,
)


@keras.saving.register_keras_serializable("tests")
class Shifted(layers.Layer):
    """Slices put side by side that are no reflection."""

    def call(self, x):
        return ops.concatenate([x[:, :1], x, x[:, -1:]], axis=1)


def network(kind):
    keras.utils.set_random_seed(0)
    image, weights = layers.Input((None, None, 3), name="image"), layers.Input((2,), name="style_weights")
    x = layers.Conv2D(6, 3, bias_initializer="normal")(image)
    if kind == "instance":
        x = InstanceNormalization()(x)
    elif kind == "without scale":
        x = InstanceNormalization(affine=False)(x)
    elif kind == "conditional":
        x = ConditionalInstanceNormalization(2)([x, weights])
    elif kind == "adaptive":
        x = AdaptiveInstanceNormalization()([x, layers.Conv2D(6, 3)(image)])
    elif kind == "padding":
        x = ReflectionPadding2D(3)(x)
    elif kind == "shifted":
        x = Shifted()(x)
    elif kind == "bicubic":
        x = BicubicUpsampling2D(2)(x)
    inputs = {"image": image, "style_weights": weights} if kind == "conditional" else {"image": image}
    made = keras.Model(inputs, {"output_image": layers.Conv2D(3, 1)(x)})
    made.set_weights([weight + 0.3 * np.random.default_rng(1).random(weight.shape, "float32") for weight in made.get_weights()])
    return made


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("instance", {"InstanceNormalization": 1, "ReduceMean": 0, "Mul": 0, "Add": 0}),
        ("without scale", {"InstanceNormalization": 1, "ReduceMean": 0, "Sub": 0}),
        ("conditional", {"InstanceNormalization": 1, "ReduceMean": 0, "MatMul": 2}),
        ("adaptive", {"InstanceNormalization": 1, "ReduceMean": 4}),
        ("padding", {"Pad": 1, "Slice": 0, "Concat": 0}),
        ("shifted", {"Pad": 0, "Slice": 2, "Concat": 1}),
        ("bicubic", {"Pad": 0}),
    ],
)
@pytest.mark.parametrize("size", [None, (33, 41)])
def test_fused_and_equal(kind, expected, size):
    made = network(kind)
    signature = signature_of(made)
    specs = tensor_specs(signature, size, 1 if size else None)
    function = saved_model.trace(made, signature, size, 1 if size else None)
    model = onnx_format.convert(function, signature, specs)
    counts = collections.Counter(node.op_type for node in model.graph.node)
    assert {name: counts[name] for name in expected} == expected
    batch = 1 if size else 2
    inputs = {"image": np.stack([sample("astronaut", 64)[i : i + 33, :41] for i in range(batch)])}
    if kind == "conditional":
        inputs["style_weights"] = np.array([[0.25, 0.75], [1, 0]], "float32")[:batch]
    expected_picture = made(inputs)["output_image"].numpy()
    np.testing.assert_allclose(answer(model, inputs), expected_picture, atol=2e-5)
    before = [node.SerializeToString() for node in model.graph.node]
    tf2onnx_graph.fuse(model)
    assert [node.SerializeToString() for node in model.graph.node] == before


def translated(made, size=None):
    """What tf2onnx writes, not repaired, and what it was made from."""
    signature = signature_of(made)
    specs = tensor_specs(signature, size, 1 if size else None)
    return tf2onnx_graph.translated(saved_model.trace(made, signature, size, 1 if size else None), specs), signature, specs


def test_a_resize_has_a_mode_that_onnx_knows():
    image = layers.Input((12, 10, 3), name="image")
    made = keras.Model({"image": image}, {"output_image": ops.image.resize(image, (24, 20), "nearest")})
    model, _, _ = translated(made)
    assert modes(model) == {b"tf_half_pixel_for_nn"}
    tf2onnx_graph.modernise_resize(model)
    assert modes(model) == {b"half_pixel"}
    inputs = {"image": sample("astronaut", 64)[None, :12, :10]}
    np.testing.assert_array_equal(answer(model, inputs), made(inputs)["output_image"])


def modes(model):
    return {
        attribute.s
        for node in model.graph.node
        for attribute in node.attribute
        if attribute.name == "coordinate_transformation_mode"
    }


@pytest.mark.parametrize(("size", "axes"), [(None, ["batch", "height", "width", 3]), ((33, 41), [1, 33, 41, 3])])
def test_axes_have_names_and_sizes(size, axes):
    image = layers.Input((None, None, 3), name="image")
    x = layers.Conv2D(3, 3)(ReflectionPadding2D(1)(image))
    made = keras.Model({"image": image}, {"output_image": x})
    model, signature, specs = translated(made, size)
    if size is None:
        assert not {"batch", "height", "width"}.intersection(dimensions(model.graph.output[0]))
    tf2onnx_graph.name_dimensions(model, signature, specs)
    assert [dimensions(value) for value in (*model.graph.input, *model.graph.output)] == [axes, axes]


def dimensions(value):
    return [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]


def answer(model, inputs):
    import onnxruntime

    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["output_image"], inputs)[0]


def test_a_pass_that_fails_is_left_out_and_the_environment_stays(monkeypatch):
    from tf2onnx import optimizer

    model = network("instance")
    signature = signature_of(model)
    function, specs = saved_model.trace(model, signature, None), tensor_specs(signature, None)
    monkeypatch.delenv("TF2ONNX_CATCH_ERRORS", raising=False)
    whole = tf2onnx_graph.translated(function, specs)

    class Broken:
        def __init__(self):
            raise RuntimeError("this pass fails")

    monkeypatch.setitem(optimizer._optimizers, "einsum_optimizer", Broken)
    again = tf2onnx_graph.translated(function, specs)
    assert "TF2ONNX_CATCH_ERRORS" not in os.environ
    assert [node.op_type for node in again.graph.node] == [node.op_type for node in whole.graph.node]
