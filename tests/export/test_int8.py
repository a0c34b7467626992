"""Static int8: which layers, which ranges, that it holds its floor, and what must go wrong."""

import functools

import numpy as np
import onnx
import pytest

from tests.export.networks import generator, inpainter, pictures, stylise
from zoo.cli.main import app
from zoo.export import litert, quantize, saved_model
from zoo.export.export import export_model
from zoo.export.litert_graph import operations
from zoo.export.runtimes import load
from zoo.export.signature import signature_of


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    out = tmp_path_factory.mktemp("int8") / "out"
    formats, sizes = ("litert", "onnx"), ("dynamic", (48, 64))
    manifest = export_model(
        stylise(width=48), out, name="s", formats=formats, precisions=("float32", "int8"), sizes=sizes, pictures=pictures()
    )
    return out, manifest


def test_it_holds_its_floor_and_is_smaller(exported):
    _, manifest = exported
    assert manifest.passed and not manifest.skipped
    sizes = {(a.format, a.shape, a.precision): a.bytes for a in manifest.artifacts}
    assert len(sizes) == 8
    for artifact in manifest.artifacts:
        if artifact.precision == "int8":
            assert artifact.parity.psnr > artifact.parity.floor == 30 and not artifact.gpu_ready
            assert "ranges from real pictures" in artifact.notes
            assert artifact.bytes < 0.6 * sizes[artifact.format, artifact.shape, "float32"]


@pytest.mark.parametrize("shape", ["dynamic", "48x64"])
def test_litert_computes_the_large_layer_in_int8_and_the_norm_in_float32(exported, shape):
    steps = operations((exported[0] / "litert" / f"s-{shape}-int8.tflite").read_bytes())
    kinds = {step.inputs[1].shape[-1]: {tensor.type for tensor in step.inputs[:2]} for step in steps if step.kind == "CONV_2D"}
    assert kinds == {3: {"FLOAT32"}, 48: {"INT8"}}
    assert {step.inputs[0].type for step in steps if step.kind in ("MEAN", "SUM", "RSQRT")} == {"FLOAT32"}


@pytest.mark.parametrize("shape", ["dynamic", "48x64"])
def test_onnx_computes_the_large_layer_in_int8_and_the_norm_in_float32(exported, shape):
    graph = onnx.load(exported[0] / "onnx" / f"s-{shape}-int8.onnx").graph
    made_by = {name: node.op_type for node in graph.node for name in node.output}
    weights = [made_by.get(node.input[1]) for node in graph.node if node.op_type == "Conv"]
    assert weights.count("DequantizeLinear") == len(weights) - 1 and weights.count(None) == 1
    reduced = [node for node in graph.node if node.op_type in ("ReduceMean", "Sqrt")]
    assert reduced and "DequantizeLinear" not in {made_by[node.output[0]] for node in reduced}


def test_inputs_and_outputs_stay_float32(exported):
    for artifact in exported[1].artifacts:
        signature = load(exported[0] / artifact.path).signature
        assert {tensor.dtype for tensor in (*signature.inputs.values(), *signature.outputs.values())} == {"float32"}


def test_dense_layers_and_transposed_convolutions(tmp_path):
    wide = generator(channels=16)
    manifest = export_model(
        wide, tmp_path / "out", name="g", formats=("litert", "onnx"), precisions=("int8",), pictures=pictures()
    )
    assert manifest.passed and len(manifest.artifacts) == 2
    steps = operations((tmp_path / "out/litert/g-dynamic-int8.tflite").read_bytes())
    assert all(step.inputs[1].type == "INT8" for step in steps if step.kind == "FULLY_CONNECTED")


def test_one_offset_for_all_channels_stays_float32():
    """onnxruntime's quantiser falls over it; stylegan's mapping network has such layers."""
    value = functools.partial(onnx.helper.make_tensor_value_info, elem_type=onnx.TensorProto.FLOAT, shape=[1, 64])
    weights = np.random.default_rng(0).standard_normal((64, 64)).astype("float32")
    constants = {"one": weights, "two": weights, "offset": np.float32(0.5), "offsets": weights[0]}
    nodes = [("x", "one", "offset", "h"), ("h", "two", "offsets", "y")]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Gemm", inputs, [output], name=output) for *inputs, output in nodes],
        "dense",
        [value("x")],
        [value("y")],
        [onnx.numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=10)
    inputs = [{"x": np.random.default_rng(i).standard_normal((1, 64)).astype("float32")} for i in range(4)]
    read = {name for node in quantize.onnx_int8(model, inputs).graph.node if node.op_type == "Gemm" for name in node.input}
    assert "one" in read and "two" not in read


def test_where_no_layer_is_worth_it_the_reason_is_listed(tmp_path):
    manifest = export_model(
        inpainter(), tmp_path / "out", name="i", formats=("litert", "onnx"), precisions=("int8",), pictures=pictures()
    )
    assert not manifest.artifacts
    assert {(cell.format, cell.reason) for cell in manifest.skipped} == {
        (format, "no convolution or dense layer is large enough to gain from int8") for format in ("litert", "onnx")
    }


def test_the_nearer_candidate_is_taken():
    network = generator()
    signature = signature_of(network)
    function = saved_model.trace(network, signature, None)
    content = litert.convert(function, network.variables, "float32")
    inputs = quantize.calibration_inputs(signature, pictures(), None)
    network.set_weights([1.1 * weight for weight in network.get_weights()])
    other = litert.convert(function, network.variables, "float32")
    assert quantize._nearest(content, [other, content], inputs, ".tflite") == content
    assert quantize._nearest(content, [content, other], inputs, ".tflite") == content


def test_calibration_takes_every_picture_and_two_sizes():
    signature = signature_of(stylise())
    inputs = quantize.calibration_inputs(signature, pictures(), None)
    assert {batch["image"].shape for batch in inputs} == {(1, 128, 128, 3), (1, 256, 192, 3)}
    assert {batch["image"].shape for batch in quantize.calibration_inputs(signature, pictures(), (40, 56))} == {(1, 40, 56, 3)}
    assert len(inputs) == 2 * len(pictures())
    first, second = inputs[0]["image"], inputs[len(pictures())]["image"]  # the same picture at the other size
    assert first.shape != second.shape
    assert all(np.isfinite(value).all() for batch in inputs for value in batch.values())


def test_too_few_pictures_are_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="calibrated on at least 8 pictures; there are 3"):
        export_model(generator(), tmp_path / "out", name="g", precisions=("int8",), pictures=pictures(), calibration=pictures(3))
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--precision", "int8", "--calibration", "samples:astronaut"), "holds 1 pictures; int8 is calibrated on at least 8"),
        (("--calibration", "samples:"), "--calibration is for int8; add int8 to --precision"),
        (("--precision", "int4"), "'int4' is not one of float32, float16, dynamic_int8, int8"),
        (("--to", "phone"), "'phone' is not one of savedmodel, litert, onnx, web, mobile"),
        (("--sizes", "4"), "'4' is neither dynamic nor a size"),
        (("--precision", "int8", "--calibration", "folder:nowhere"), "nowhere"),
    ],
)
def test_wrong_use_of_the_command_is_one_line(tmp_path, capfd, options, message):
    with pytest.raises(SystemExit) as left:
        app(["export", "fast_style/wave", "--out", str(tmp_path / "out"), *options])
    error = capfd.readouterr().err
    assert left.value.code == 2 and message in error and error.count("\n") == 1
    assert not any(tmp_path.iterdir())
