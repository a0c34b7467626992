"""Every format, precision and shape, really converted, read back from the files and run; and what must go wrong."""

import contextlib
import dataclasses
import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

import zoo
from tests.export.networks import batch, generator, inpainter, pictures, stylise, unportable
from zoo.common.signals import Terminated
from zoo.export import litert
from zoo.export.export import export_model, verify_directory
from zoo.export.exporter import in_float32
from zoo.export.manifest import read_manifest, sha256
from zoo.export.runtimes import load

ROOT = Path(__file__).parents[2]
PRECISIONS = ("float32", "float16", "dynamic_int8")
INPUTS = {"image": ["batch", "height", "width", 3], "strength": ["batch"], "style_weights": ["batch", 2]}
FIXED_INPUTS = {"image": [1, 48, 64, 3], "strength": [1], "style_weights": [1, 2]}
SHAPES = {"dynamic": INPUTS, "48x64": FIXED_INPUTS}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The whole table of one network."""
    out = tmp_path_factory.mktemp("export") / "out"
    lines = []
    manifest = export_model(
        stylise(),
        out,
        name="stylise",
        sizes=("dynamic", (48, 64)),
        pictures=pictures(),
        progress=lambda text, done, of: lines.append((text, done, of)),
    )
    assert [line[1] for line in lines] == list(range(len(lines))) and lines[0][2] == len(lines)
    return out, manifest


def test_every_cell_is_a_file_that_passed_or_a_reason(exported):
    out, manifest = exported
    assert manifest.passed and manifest.threads == os.cpu_count()
    made = {(a.format, a.precision, a.shape): a for a in manifest.artifacts}
    wanted = {(f, p, s) for f in ("litert", "onnx") for p in PRECISIONS for s in SHAPES} | {("savedmodel", "float32", "dynamic")}
    wanted |= {("web", precision, "dynamic") for precision in ("float32", "dynamic_int8")}
    assert set(made) == wanted
    impossible = {("savedmodel", "float16"), ("savedmodel", "dynamic_int8"), ("web", "float16")}
    assert {(s.format, s.precision) for s in manifest.skipped} == impossible
    for artifact in manifest.artifacts:
        assert artifact.parity.pictures == (8 if artifact.shape != "dynamic" else 16) and artifact.latency_ms > 0
        assert sha256(out / artifact.path) == artifact.sha256
    assert made["litert", "float32", "48x64"].path == "litert/stylise-48x64-float32.tflite"
    assert made["savedmodel", "float32", "dynamic"].path == "savedmodel/stylise/1"
    assert sorted(path.name for path in out.iterdir()) == [
        "MODEL_CARD.md", "litert", "manifest.json", "model.keras", "onnx",
        "report.html", "savedmodel", "sbom.cdx.json", "serving", "web",
    ]  # fmt: skip


def test_files_hold_their_weights_and_shrink_with_precision(exported):
    _, manifest = exported
    weights = 4 * stylise().count_params()
    for format in ("litert", "onnx"):
        for shape in SHAPES:
            size = {a.precision: a.bytes for a in manifest.artifacts if (a.format, a.shape) == (format, shape)}
            assert weights < size["float32"] < weights + 120_000
            saved = {precision: size["float32"] - size[precision] for precision in PRECISIONS}
            assert saved["dynamic_int8"] > (0 if format == "onnx" else 0.4 * weights)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_onnx_has_the_names_and_dimensions(exported, shape, precision):
    model = onnx.load(exported[0] / "onnx" / f"stylise-{shape}-{precision}.onnx")

    def dimensions(values):
        return {v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}

    assert dimensions(model.graph.input) == SHAPES[shape]
    assert dimensions(model.graph.output) == {"output_image": SHAPES[shape]["image"]}
    assert {v.type.tensor_type.elem_type for v in (*model.graph.input, *model.graph.output)} == {onnx.TensorProto.FLOAT}
    assert [(opset.domain, opset.version) for opset in model.opset_import if opset.domain == ""] == [("", 18)]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_litert_has_the_names_and_only_built_in_operators(exported, shape, precision):
    file = exported[0] / "litert" / f"stylise-{shape}-{precision}.tflite"
    assert litert.operators(file.read_bytes())[1] == set()
    interpreter = Interpreter(str(file))
    assert interpreter.get_signature_list() == {"serving_default": {"inputs": sorted(INPUTS), "outputs": ["output_image"]}}
    details = interpreter.get_signature_runner().get_input_details()
    shapes = {name: [None if side == -1 else side for side in d["shape_signature"]] for name, d in details.items()}
    assert shapes == {name: [None if isinstance(s, str) else s for s in sides] for name, sides in SHAPES[shape].items()}


def test_mobile_gpu_wants_a_fixed_size_and_listed_operators(exported):
    for artifact in exported[1].artifacts:
        fitting = artifact.format == "litert" and artifact.shape != "dynamic" and artifact.precision in ("float32", "float16")
        if fitting:
            obstacles = litert.gpu_obstacles((exported[0] / artifact.path).read_bytes())
            assert artifact.gpu_ready == (not obstacles)
            assert all(name in artifact.notes for name in obstacles)
        else:
            assert not artifact.gpu_ready


@pytest.mark.parametrize("size", [(41, 57), (48, 64), (2, 2)])
def test_every_runtime_takes_any_size_and_batch(exported, size):
    out, manifest = exported
    inputs = batch(3, *size)
    expected = load(out / "model.keras")(**inputs)["output_image"]
    for artifact in manifest.artifacts:
        if artifact.shape == "dynamic" and artifact.precision == "float32":
            np.testing.assert_allclose(load(out / artifact.path)(**inputs)["output_image"], expected, atol=1e-4)


@pytest.mark.parametrize("format", ["litert", "onnx"])
def test_a_fixed_file_says_what_it_takes(exported, format):
    path = next((exported[0] / format).glob("*48x64-float32*"))
    runtime = load(path)
    assert runtime(**batch(1, 48, 64))["output_image"].shape == (1, 48, 64, 3)
    with pytest.raises(ValueError, match="takes image of 1 x 48 x 64 x 3; given 1 x 64 x 48 x 3"):
        runtime(**batch(1, 64, 48))


def encoded(mode, size, format, seed):
    from io import BytesIO

    from PIL import Image

    bands = len(Image.new(mode, (1, 1)).getbands())
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, bands), "uint8").squeeze()
    buffer = BytesIO()
    Image.fromarray(coarse, mode).resize(size, Image.Resampling.BICUBIC).save(buffer, format, quality=95)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated:DeprecationWarning")
def test_serve_bytes_takes_pictures_of_different_sizes_and_kinds(exported):
    model = tf.saved_model.load(str(exported[0] / "savedmodel" / "stylise" / "1"))
    kinds = [("RGB", (40, 30), "JPEG"), ("L", (21, 33), "PNG"), ("RGBA", (16, 16), "PNG"), ("CMYK", (24, 50), "JPEG")]
    pictures = [encoded(*kind, seed) for seed, kind in enumerate(kinds)]
    inputs = {"style_weights": tf.one_hot([0, 1, 0, 1], 2), "strength": tf.constant([1.0, 0.5, 0.7, 0.9])}
    results = model.signatures["serve_bytes"](image_bytes=tf.constant(pictures), **inputs)
    assert list(results) == ["output_image_bytes"]
    for index, (picture, answer) in enumerate(zip(pictures, results["output_image_bytes"].numpy(), strict=True)):
        assert answer.startswith(b"\x89PNG")
        pixels = tf.io.decode_image(picture, channels=3)[None] / 255
        one = {name: value[index : index + 1] for name, value in inputs.items()}
        expected = model.signatures["serving_default"](image=tf.cast(pixels, tf.float32), **one)["output_image"][0]
        np.testing.assert_allclose(tf.io.decode_png(answer) / 255, expected, atol=0.51 / 255)


def test_manifest_reads_back(exported):
    out, manifest = exported
    assert read_manifest(out) == manifest
    assert json.loads((out / "manifest.json").read_text()) == manifest.to_json()
    assert manifest.versions["onnxruntime"] and len(manifest.weights_sha256) == 64


def test_verify_runs_everything_again(exported):
    out, manifest = exported
    again = verify_directory(out, pictures())
    assert again.passed
    assert [a.path for a in again.artifacts] == [a.path for a in manifest.artifacts]


def rewritten(out, manifest, paths):
    """The manifest made to agree with altered files, as if they had been exported so."""
    artifacts = tuple(dataclasses.replace(a, sha256=sha256(out / a.path)) if a.path in paths else a for a in manifest.artifacts)
    dataclasses.replace(manifest, artifacts=artifacts).write(out)


def test_verify_finds_a_wrong_weight_an_altered_and_a_missing_file(exported):
    out, manifest = exported
    altered, wrong, empty, missing = paths = [
        *(f"onnx/stylise-{kind}.onnx" for kind in ("dynamic-float16", "dynamic-float32", "48x64-float32")),
        "litert/stylise-dynamic-float32.tflite",
    ]
    whole = {path: (out / path).read_bytes() for path in paths}
    try:
        model = onnx.load_from_string(whole[wrong])
        kernel = next(i for i in model.graph.initializer if len(i.dims) == 4)
        kernel.raw_data = (np.frombuffer(kernel.raw_data, "float32") * np.float32(1.01)).tobytes()
        (out / wrong).write_bytes(model.SerializeToString())
        (out / empty).write_bytes(b"no model at all")
        rewritten(out, manifest, (wrong, empty))
        (out / altered).write_bytes(whole[altered][:-1] + bytes([whole[altered][-1] ^ 1]))
        (out / missing).unlink()
        again = verify_directory(out, pictures())
        assert not again.passed and {a.path for a in again.artifacts if not a.parity.passed} == set(paths)
        assert len(again.faults) == 2
        assert any(f"{altered}: altered" in fault for fault in again.faults)
        assert any(f"{missing}: listed in manifest.json but missing" in fault for fault in again.faults)
        parity = {record["path"]: record["parity"] for record in again.to_json()["artifacts"]}
        assert parity[wrong]["max_abs"] > 0 and parity[empty]["max_abs"] is None
    finally:
        for path, content in whole.items():
            (out / path).write_bytes(content)
        manifest.write(out)


def test_report_and_card_stand_alone(exported):
    out, _ = exported
    page = (out / "report.html").read_text()
    assert "http" not in page and "<script" not in page and "$" not in page
    assert page.count("data:image/jpeg;base64,") == 2 + 13 * 2  # before, after, and two of each file that differs from all others
    assert "Not made" in page and "the same factor for all" in page
    assert [card in page for card in ("In an app", "Behind a server", "In a browser", "In a desktop program")] == [True] * 4
    assert "{{" not in page and "{%" not in page
    card = (out / "MODEL_CARD.md").read_text()
    assert "$" not in card
    for word in ("`strength`", "0 to 1", "onnx/stylise-dynamic-float32.onnx", "get_signature_runner"):
        assert word in card


def test_what_only_tensorflow_runs_is_skipped_with_the_operator_named(tmp_path):
    manifest = export_model(unportable(), tmp_path / "out", name="x", precisions=("float32",), pictures=pictures())
    assert [a.format for a in manifest.artifacts] == ["savedmodel"]
    reasons = {cell.format: cell.reason for cell in manifest.skipped}
    assert "Digamma" in reasons["litert"] and "Digamma" in reasons["onnx"]
    assert not any("\n" in reason for reason in reasons.values())


def test_a_generator_has_its_own_size(tmp_path):
    manifest = export_model(
        generator(), tmp_path / "out", name="g", precisions=("float32",), sizes=("dynamic", (64, 64)), pictures=pictures()
    )
    assert manifest.passed
    assert {a.shape for a in manifest.artifacts} == {"dynamic", "12x20"}
    answer = load(tmp_path / "out/litert/g-12x20-float32.tflite")(latent=np.zeros((1, 8)), label=np.eye(3)[:1])
    assert answer["output_image"].shape == (1, 12, 20, 1)
    signatures = tf.saved_model.load(str(tmp_path / "out/savedmodel/g/1")).signatures
    assert list(signatures) == ["serving_default"]


def test_the_parts_of_a_vae_in_one_export_or_each_in_its_own(tmp_path):
    vae = zoo.create("vae", preset="tiny")
    options = {"name": "vae", "precisions": ("float32",), "pictures": pictures()}
    both = export_model(vae, tmp_path / "both", formats=("savedmodel",), **options)
    assert both.passed and both.artifacts[0].notes.startswith("signature encode: within ")
    assert set(tf.saved_model.load(str(tmp_path / "both/savedmodel/vae/1")).signatures) == {"serving_default", "encode"}
    vae.deploy = "encoder"
    encoder = export_model(vae, tmp_path / "encoder", formats=("litert", "onnx"), **options)
    assert encoder.passed and [a.format for a in encoder.artifacts] == ["litert", "onnx"]
    answer = load(tmp_path / "encoder/onnx/vae-dynamic-float32.onnx")(image=np.zeros((2, 16, 16, 1)))
    assert {name: value.shape for name, value in answer.items()} == {"mean": (2, 4), "log_variance": (2, 4)}
    with pytest.raises(ValueError, match="its code shows a picture, and this model gives mean, log_variance"):
        export_model(vae, tmp_path / "phone", formats=("mobile",), **options)


def test_the_light_style_network_equals_itself_in_every_format(tmp_path):
    light = zoo.create("fast_style", preset="tiny", architecture="light", styles=2)
    manifest = export_model(light, tmp_path / "out", name="light", precisions=("float32", "float16"), pictures=pictures())
    assert manifest.passed and {a.format for a in manifest.artifacts} == {"savedmodel", "litert", "onnx", "web"}


def test_gray_pictures_masks_and_another_size_out(tmp_path):
    manifest = export_model(inpainter(), tmp_path / "out", name="i", precisions=("float32",), pictures=pictures())
    assert manifest.passed and len(manifest.artifacts) == 4
    model = onnx.load(tmp_path / "out/onnx/i-dynamic-float32.onnx")
    dimensions = [d.dim_param or d.dim_value for d in model.graph.output[0].type.tensor_type.shape.dim]
    assert dimensions == ["batch", "2*height", "2*width", 1]
    signature = tf.saved_model.load(str(tmp_path / "out/savedmodel/i/1")).signatures["serve_bytes"]
    assert set(signature.structured_input_signature[1]) == {"image_bytes", "mask_bytes"}


def test_mixed_precision_is_exported_from_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        source = zoo.create("fast_style", preset="tiny")
    finally:
        keras.config.set_dtype_policy("float32")
    rebuilt = in_float32(source)
    assert {layer.compute_dtype for layer in rebuilt.network.layers} == {"float32"}
    for one, other in zip(source.get_weights(), rebuilt.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_an_interrupted_export_leaves_nothing(tmp_path, error):
    def interrupt(text, done, of):
        if done == 1:
            assert any(tmp_path.iterdir())
            raise error

    with pytest.raises(type(error) if isinstance(error, OSError) else error):
        export_model(stylise(), tmp_path / "out", name="x", formats=("litert",), pictures=pictures(), progress=interrupt)
    assert not any(tmp_path.iterdir())


def test_an_interrupt_that_a_converter_swallowed_still_counts(tmp_path):
    def swallow(text, done, of):
        if done == 0:
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        export_model(generator(), tmp_path / "out", name="x", formats=("savedmodel",), pictures=pictures(), progress=swallow)
    assert not any(tmp_path.iterdir())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_a_killed_export_left_is_cleared_away(tmp_path):
    code = (
        "import os, signal, sys\n"
        "from tests.export.networks import generator, pictures\n"
        "from zoo.export.export import export_model\n"
        "kill = lambda text, done, of: os.kill(os.getpid(), signal.SIGKILL)\n"
        "export_model(generator(), sys.argv[1], name='g', formats=('savedmodel',), pictures=pictures(), progress=kill)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "out")], cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert any(path.name.startswith(".part-") for path in tmp_path.iterdir()) and not (tmp_path / "out").exists()
    export_model(generator(), tmp_path / "out", name="g", formats=("savedmodel",), precisions=("float32",), pictures=pictures())
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_link_where_an_export_used_to_be_written_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file.txt").write_text("mine")
    (tmp_path / ".out.partial").symlink_to(tmp_path / "mine")
    export_model(generator(), tmp_path / "out", name="g", formats=("savedmodel",), precisions=("float32",), pictures=pictures())
    assert (tmp_path / "mine" / "file.txt").read_text() == "mine" and (tmp_path / "out" / "manifest.json").is_file()


def test_an_export_that_another_process_writes_is_left_alone(tmp_path):
    held = os.open(tmp_path / ".out.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        with pytest.raises(OSError, match="another process is writing"):
            export_model(generator(), tmp_path / "out", name="g", pictures=pictures())
    finally:
        os.close(held)


@pytest.mark.parametrize("swallowed", [False, True])
def test_sigterm_leaves_nothing(tmp_path, swallowed):
    def stop(text, done, of):
        with contextlib.suppress(Terminated) if swallowed else contextlib.nullcontext():
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Terminated):
        export_model(generator(), tmp_path / "out", name="g", formats=("savedmodel",), pictures=pictures(), progress=stop)
    assert not any(tmp_path.iterdir()) and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"formats": ("tflite",)}, "no format 'tflite'"),
        ({"precisions": ("float8",)}, "no precision 'float8'"),
        ({"sizes": ("256",)}, "size '256' is neither"),
        ({"sizes": ()}, "at least one size"),
        ({"name": "a/b"}, "cannot name a served model"),
        ({"pictures": []}, "8 pictures are needed"),
    ],
)
def test_wrong_use_is_one_line(tmp_path, changed, match):
    arguments = {"name": "x", "pictures": pictures(), **changed}
    with pytest.raises(ValueError, match=match):
        export_model(generator(), tmp_path / "out", **arguments)
    assert not any(tmp_path.iterdir())


def test_an_output_that_exists_is_kept(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="exists already"):
        export_model(generator(), tmp_path / "out", name="g", pictures=pictures())
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"
