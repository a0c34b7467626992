"""The rewritten ONNX graph: shorter, with the same answer, and untouched where nothing matches."""

import collections

import keras
import numpy as np
import onnx
import pytest
from keras import layers, ops

from tests.models import sample
from zoo.export import onnx_format, onnx_fusion, saved_model
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
    onnx_fusion.fuse(model)
    assert [node.SerializeToString() for node in model.graph.node] == before


def answer(model, inputs):
    import onnxruntime

    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["output_image"], inputs)[0]
