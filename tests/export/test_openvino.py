"""OpenVINO's files: every precision and shape compared, read back, run by every command; what is damaged; what serves them."""

import json
import shutil
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import yaml

from tests.export.networks import batch, pictures, stylise
from zoo.cli.main import app
from zoo.export import metadata, openvino_format
from zoo.export.export import export_model, verify_directory
from zoo.export.manifest import read_manifest, sha256
from zoo.export.runtimes import load

openvino = pytest.importorskip("openvino")
PRECISIONS = ("float32", "float16", "dynamic_int8", "int8")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    out = tmp_path_factory.mktemp("openvino") / "out"
    return out, export_model(
        stylise(),
        out,
        name="stylise",
        formats=("openvino",),
        precisions=PRECISIONS,
        sizes=("dynamic", (48, 64)),
        pictures=pictures(),
        about={"licence": 'none & "none"'},
    )


def test_every_file_equals_its_model(exported):
    out, manifest = exported
    assert manifest.passed and not manifest.skipped and manifest.versions["openvino"]
    made = {(a.precision, a.shape): a for a in manifest.artifacts}
    assert set(made) == {(precision, shape) for precision in PRECISIONS for shape in ("dynamic", "48x64")}
    for artifact in manifest.artifacts:
        path = out / artifact.path
        assert artifact.path == f"openvino/stylise-{artifact.shape}-{artifact.precision}.xml" and artifact.latency_ms > 0
        assert artifact.bytes == path.stat().st_size + path.with_suffix(".bin").stat().st_size
        weights = path.with_suffix(".bin").relative_to(out).as_posix()
        assert manifest.files[weights] == sha256(out / weights)
    weights = {a.precision: (out / a.path).with_suffix(".bin").stat().st_size for a in manifest.artifacts if a.shape == "dynamic"}
    assert weights["float16"] < 0.6 * weights["float32"] and weights["dynamic_int8"] < weights["float16"]


def test_its_own_reader_finds_roles_and_names(exported):
    out, manifest = exported
    path = out / "openvino" / "stylise-dynamic-float16.xml"
    network = openvino.Core().read_model(path)
    assert {value.any_name for value in network.inputs} == {"image", "strength", "style_weights"}
    assert network.get_rt_info(["keras_image_zoo", "licence"]).astype(str) == 'none & "none"'
    facts = metadata.read(path)
    assert facts["model"] == "stylise" and facts["precision"] == "float16"
    assert metadata.signatures(facts)["serving_default"] == manifest.signature
    assert load(path).signature == manifest.signature


def test_any_size_and_batch_and_what_has_a_default_left_out(exported):
    out, _ = exported
    inputs = batch(3, 41, 57)
    expected = load(out / "model.keras")(**inputs)["output_image"]
    runtime = load(out / "openvino" / "stylise-dynamic-float32.xml", threads=1)
    np.testing.assert_allclose(runtime(**inputs)["output_image"], expected, atol=1e-4)
    del inputs["strength"]
    ones = runtime(**inputs, strength=np.ones(3))["output_image"]
    np.testing.assert_array_equal(runtime(**inputs)["output_image"], ones)
    with pytest.raises(ValueError, match="takes image of 1 x 48 x 64 x 3; given 3 x 41 x 57 x 3"):
        load(out / "openvino" / "stylise-48x64-float32.xml")(**inputs)


def test_the_same_model_gives_the_same_bytes(exported, tmp_path):
    import onnx

    from zoo.export import onnx_format, saved_model
    from zoo.export.signature import signature_of, tensor_specs

    network = stylise()
    signature = signature_of(network)
    model = onnx_format.convert(saved_model.trace(network, signature, None), signature, tensor_specs(signature, None))
    for name in ("one", "other"):
        openvino_format.write(onnx.ModelProto.FromString(model.SerializeToString()), "float16", tmp_path / f"{name}.xml")
        metadata.write(tmp_path / f"{name}.xml", {"model": "same"})
    assert (tmp_path / "one.bin").read_bytes() == (tmp_path / "other.bin").read_bytes()
    assert (tmp_path / "one.xml").read_text().replace("one", "other") == (tmp_path / "other.xml").read_text()


def test_int8_weights_of_a_pointwise_convolution_behind_a_transposition(tmp_path):
    """As in context_encoder, whose file OpenVINO 2026.4 could not compile."""
    from onnx import TensorProto, helper, numpy_helper

    steps = np.random.default_rng(0).integers(-127, 128, (256, 256, 1, 1)).astype("int8")
    scale = np.full((256, 1, 1, 1), 0.01, "float32")
    nodes = [
        helper.make_node("Cast", ["steps"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["wide", "scale"], ["weights"]),
        helper.make_node("Relu", ["image"], ["positive"]),
        helper.make_node("Transpose", ["positive"], ["turned"], perm=[1, 0, 2, 3]),
        helper.make_node("Conv", ["turned", "weights"], ["output_image"]),
    ]
    sides = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("image", [256, "batch", 4, 4]), ("output_image", ["batch", 256, 4, 4]))
    ]
    constants = [numpy_helper.from_array(steps, "steps"), numpy_helper.from_array(scale, "scale")]
    graph = helper.make_graph(nodes, "g", sides[:1], sides[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    openvino_format.write(model, "dynamic_int8", tmp_path / "g.xml")
    image = np.random.default_rng(1).random((256, 2, 4, 4), "float32")
    expected = np.einsum("inhw,oi->nohw", image, steps[:, :, 0, 0] * scale[:, :, 0, 0])
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(tmp_path / "g.xml"), "CPU", openvino_format.EXACT)
    np.testing.assert_allclose(compiled({"image": image})["output_image"], expected, rtol=1e-4, atol=1e-4)


@pytest.fixture
def copied(exported, tmp_path):
    """A file with its weights, and no export around it."""
    for suffix in (".xml", ".bin"):
        shutil.copy(exported[0] / "openvino" / f"stylise-dynamic-float32{suffix}", tmp_path / f"wave{suffix}")
    return tmp_path / "wave.xml"


@pytest.mark.parametrize("keep", [0, 40, 0.5, 0.999])
def test_a_damaged_graph_is_one_line(copied, keep, capfd):
    content = copied.read_bytes()
    copied.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    with pytest.raises(ValueError, match="wave.xml: damaged, or not what its name says") as caught:
        load(copied)
    assert "\n" not in str(caught.value) and capfd.readouterr().err == ""


def test_weights_that_are_missing_altered_or_of_another_file_are_named(exported, copied):
    weights = copied.with_suffix(".bin")
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ValueError, match=r"its weights, wave\.bin, were altered"):
        load(copied)
    shutil.copy(exported[0] / "openvino" / "stylise-48x64-float16.bin", weights)
    with pytest.raises(ValueError, match=r"wave\.xml: damaged"):
        load(copied)
    weights.unlink()
    with pytest.raises(ValueError, match=r"its weights, wave\.bin, are missing"):
        load(copied)


def test_verify_finds_altered_weights(exported):
    out, manifest = exported
    assert verify_directory(out, pictures()).passed
    weights = out / "openvino" / "stylise-48x64-int8.bin"
    whole = weights.read_bytes()
    try:
        weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        again = verify_directory(out, pictures())
    finally:
        weights.write_bytes(whole)
    assert [a.path for a in again.artifacts if not a.parity.passed] == ["openvino/stylise-48x64-int8.xml"]
    assert any("stylise-48x64-int8.bin: altered" in fault for fault in again.faults)
    assert read_manifest(out) == manifest


def test_a_file_made_elsewhere_runs_by_its_names(exported, tmp_path):
    shutil.copy(exported[0] / "openvino" / "stylise-dynamic-float32.bin", tmp_path / "bare.bin")
    tree = ElementTree.parse(exported[0] / "openvino" / "stylise-dynamic-float32.xml")
    tree.getroot().remove(tree.getroot().find("rt_info"))
    tree.write(tmp_path / "bare.xml", xml_declaration=True)
    assert metadata.read(tmp_path / "bare.xml") == {}
    assert load(tmp_path / "bare.xml")(**batch(1, 20, 30))["output_image"].shape == (1, 20, 30, 3)


def test_apply_and_bench_take_it(exported, tmp_path, capfd):
    from PIL import Image

    import zoo
    from zoo.export.bench import measure

    out, _ = exported
    file = out / "openvino" / "stylise-dynamic-dynamic_int8.xml"
    picture = (255 * pictures()[0]).astype("uint8")
    Image.fromarray(picture).save(tmp_path / "photo.png")
    with pytest.raises(SystemExit) as left:
        app(["apply", str(file), str(tmp_path / "photo.png"), "--out", str(tmp_path / "result.png"), "--style", "0"])
    assert left.value.code == 0, capfd.readouterr().err
    answer = zoo.open(file)(picture, style="0")
    np.testing.assert_allclose(np.asarray(Image.open(tmp_path / "result.png")) / 255, answer, atol=0.51 / 255)
    measurement = measure(file, (48, 64), threads=1, seconds=0.01)
    assert measurement.latency_ms > 0 and measurement.bytes > file.stat().st_size


def test_without_the_extra_it_is_one_line(exported, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    line = r"OpenVINO: pip install 'keras-image-zoo\[openvino\]'"
    with pytest.raises(ValueError, match=f"the format openvino needs {line}"):
        export_model(stylise(), tmp_path / "out", name="x", formats=("openvino",), pictures=pictures())
    assert not (tmp_path / "out").exists()
    with pytest.raises(ValueError, match=rf"its runtime is not installed \({line}\)"):
        load(exported[0] / "openvino" / "stylise-dynamic-float32.xml")


def test_the_model_servers_configuration_names_what_is_there(exported, tmp_path):
    """As far as it can be checked without the server: every path leads to a file, and laid out so they are the model."""
    folder = exported[0] / "openvino"
    ((entry,),) = [[item["config"] for item in json.loads((folder / "models.json").read_text())["model_config_list"]]]
    assert set(entry) == {"name", "base_path", "target_device", "plugin_config"}  # what its schema calls so
    service = yaml.safe_load((folder / "docker-compose.yml").read_text())["services"]["openvino"]
    places = {}
    for volume in service["volumes"]:
        source, place, mode = volume.split(":")
        assert (folder / source).is_file() and mode == "ro"
        places[place] = folder / source
    assert f"--config_path={next(place for place in places if place.endswith('.json'))}" in service["command"]
    version = tmp_path / "1"
    version.mkdir()
    for name in ("model.xml", "model.bin"):
        shutil.copy(places[f"{entry['base_path']}/1/{name}"], version / name)
    assert openvino.Core().compile_model(openvino.Core().read_model(version / "model.xml"), "CPU", entry["plugin_config"])
    assert load(version / "model.xml").signature == exported[1].signature


def test_an_output_keeps_its_name_where_steps_are_folded_into_one(tmp_path):
    """What follows a reshaped convolution, as in cyclegan, is folded into it, whose result then has the names of all."""
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(0).normal(0, 0.1, (12, 32, 3, 3)).astype("float32")
    arrays = {"weights": weights, "shape": np.array([1, 16, 64, 3]), "half": np.array(0.5, "float32")}
    nodes = [
        helper.make_node("Conv", ["image", "weights"], ["filtered"], pads=[1, 1, 1, 1]),
        helper.make_node("Transpose", ["filtered"], ["turned"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["turned", "shape"], ["shaped"]),
        helper.make_node("Tanh", ["shaped"], ["bent"]),
        helper.make_node("Mul", ["bent", "half"], ["halved"]),
        helper.make_node("Add", ["halved", "half"], ["output_image"]),
    ]
    sides = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("image", [1, 32, 16, 16]), ("output_image", [1, 16, 64, 3]))
    ]
    constants = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    graph = helper.make_graph(nodes, "g", sides[:1], sides[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    openvino_format.write(model, "float32", tmp_path / "g.xml")
    runtime = load(tmp_path / "g.xml")
    assert len(runtime.compiled.outputs[0].names) > 1  # what it is about
    assert list(runtime(image=np.zeros((1, 32, 16, 16), "float32"))) == ["output_image"]


def test_a_mean_over_rows_and_one_over_columns_stay_two(tmp_path):
    """As one, all pixels would be summed in float32: of a million that are 1000.1 or 1000.2 the mean is then 0.2 off."""
    from onnx import TensorProto, helper, numpy_helper

    axes = [numpy_helper.from_array(np.array([axis]), f"axis_{axis}") for axis in (2, 3)]
    nodes = [
        helper.make_node("ReduceMean", ["image", "axis_3"], ["rows"], keepdims=1),
        helper.make_node("ReduceMean", ["rows", "axis_2"], ["output_image"], keepdims=1),
    ]
    sides = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3, side, side])
        for name, side in (("image", "side"), ("output_image", 1))
    ]
    graph = helper.make_graph(nodes, "g", sides[:1], sides[1:], axes)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    openvino_format.write(model, "float32", tmp_path / "g.xml")
    image = 1000.1 + 0.1 * np.random.default_rng(0).integers(0, 2, (1, 3, 1024, 1024)).astype("float32")
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(tmp_path / "g.xml"), "CPU", openvino_format.EXACT)
    mean = image.astype("float64").mean((2, 3), keepdims=True)
    np.testing.assert_allclose(compiled({"image": image})["output_image"], mean, rtol=1e-6)
