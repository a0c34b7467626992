"""Shipped weights by name: what their ONNX files give, without Keras, is what the `.keras` files give."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo
from tests.cli.in_process import run
from tests.models import sample
from zoo import _shipped, roles
from zoo._shipped import shipped, shipped_onnx, shipped_weights
from zoo.cli import tile
from zoo.cli.ship import OF
from zoo.cli.verify import verification_pictures
from zoo.export import verify
from zoo.export.onnx_storage import stored_in_half
from zoo.export.runtimes import KerasRuntime, OnnxRuntime, load
from zoo.export.verify import References, compare
from zoo.training.pictures import write_picture

ROOT = Path(__file__).parents[2]
OF_PICTURES = [name for name in shipped_weights() if (_shipped.WEIGHTS / f"{name}.onnx").exists()]
# Fails if a framework was imported, or a file of Keras opened.
BARE = """
import sys
for name in ("tensorflow", "keras", "onnx", "scipy", "h5py", "skimage", "tensorboard"):
    sys.modules[name] = None
from zoo.cli.main import app
app(sys.argv[1:])
"""


def bare(*arguments, cwd=ROOT):
    """A `zoo` that cannot import what the small distribution leaves out."""
    command = [sys.executable, "-c", BARE, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("name", shipped_weights())
def test_every_weight_of_pictures_has_a_file_made_of_it(name):
    """Where this fails a weight was changed: python -m zoo.cli.ship makes its file anew."""
    model = zoo.load(name)
    signature = model.signature
    gives_a_picture = signature.output(roles.Result) is not None
    takes_and_gives_pictures = bool(signature.picture_inputs) and gives_a_picture and signature.own_size is None
    assert (shipped_onnx(name) is not None) == takes_and_gives_pictures
    if takes_and_gives_pictures:
        facts = load(shipped_onnx(name)).facts
        assert facts[OF] == hashlib.sha256(shipped(name).read_bytes()).hexdigest()
        assert facts["weight"] == name and facts["licence"]


@pytest.mark.parametrize("name", OF_PICTURES)
def test_the_file_answers_as_the_weight(name, monkeypatch):
    """At two sizes and two batch sizes, as every export is measured; of smaller pictures where they are enlarged."""
    if name.startswith("super_resolution"):
        monkeypatch.setattr(verify, "DYNAMIC_SIZES", ((101, 67), (64, 80)))
    cases = References(KerasRuntime(shipped(name)), verification_pictures("samples:")).cases(None)
    file = load(shipped_onnx(name))
    assert isinstance(file, OnnxRuntime)
    parity = compare([case.expected for case in cases], [file(**case.inputs) for case in cases], "float32")
    assert parity.passed, parity


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_picture(tmp_path / "photo.png", sample("astronaut", 160)[:120])
    write_picture(tmp_path / "style.png", sample("coffee", 96))
    mask = np.zeros((120, 160, 3), np.float32)
    mask[40:70, 50:90] = 1
    write_picture(tmp_path / "mask.png", mask)
    return tmp_path


OPTIONS = [
    ("fast_style/painters", ["--style", "munch:0.7", "--style", "mosaic:0.3", "--strength", "0.6"]),
    ("fast_style/mobile", ["--preserve-color"]),
    ("adain/any", ["--style", "style.png", "--strength", "0.5"]),
    ("adain/any", ["--style", "style.png:0.5", "--style", "photo.png:0.5"]),
    ("unet_inpainter/free_form", ["--mask", "mask.png"]),
    ("denoiser/gray", ["--strength", "0.5"]),
    ("super_resolution/x2", ["--tile", "64"]),
    ("fast_style/mobile", ["--tile", "64", "--no-provenance"]),
]


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_every_option_does_the_same_on_both_ways(here, name, options):
    assert run("apply", name, "photo.png", "--out", "by_name.png", *options) == 0
    assert run("apply", shipped(name), "photo.png", "--out", "by_file.png", *options) == 0
    with Image.open("by_name.png") as a, Image.open("by_file.png") as b:
        assert np.abs(np.asarray(a).astype(int) - np.asarray(b)).max() <= 1
        told = {"Software", "DigitalSourceType"}
        assert {key: a.info.get(key) for key in told} == {key: b.info.get(key) for key in told}
        assert a.info.get("Model") == (name if "--no-provenance" not in options else None)


def test_a_large_picture_in_a_style_is_taken_apart_in_keras(here, monkeypatch):
    assert run("apply", "fast_style/mobile", "photo.png", "--out", "whole.png") == 0
    monkeypatch.setattr(tile, "LARGE", 1000)
    assert run("apply", "fast_style/mobile", "photo.png", "--out", "tiles.png") == 0
    with Image.open("whole.png") as a, Image.open("tiles.png") as b:
        assert np.abs(np.asarray(a).astype(int) - np.asarray(b)).max() <= 1


@pytest.mark.parametrize("name", ["fast_style/painters", "denoiser/color"])
def test_a_shipped_weight_runs_where_there_is_no_keras(here, name):
    done = bare("apply", name, here / "photo.png", "--out", here / "out.png")
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open("out.png") as image:
        assert image.size == (160, 120)


def test_without_keras_a_large_picture_in_a_style_takes_one_pass_or_names_the_ways_out(here, monkeypatch, capfd):
    def no_keras(runtime):
        raise ModuleNotFoundError(name="keras")

    assert run("apply", "fast_style/mobile", "photo.png", "--out", "whole.png") == 0
    monkeypatch.setattr("zoo.cli.runtime.taken_apart", no_keras)
    monkeypatch.setattr(tile, "LARGE", 1000)
    assert run("apply", "fast_style/mobile", "photo.png", "--out", "pass.png") == 0
    assert Path("pass.png").read_bytes() == Path("whole.png").read_bytes()
    monkeypatch.setattr(tile, "available_memory", lambda: tile.BYTES * 160 * 120)
    capfd.readouterr()
    assert run("apply", "fast_style/mobile", "photo.png", "--out", "out.png") == 2
    error = capfd.readouterr().err
    assert "photo.png: in one pass it takes 0.0 GB, more than is free; the whole" in error and error.count("\n") == 1
    assert "pip install keras-image-zoo, or --resize 1600" in error
    assert run("apply", "fast_style/mobile", "photo.png", "--resize", 16, "--out", "out.png") == 0


def test_memory_is_that_of_the_container(tmp_path, monkeypatch):
    machine = tile.available_memory()
    assert 10**7 < machine < 10**14
    monkeypatch.setattr(tile, "CONTAINER", tmp_path)
    for most, now, free in (("3000000", "1000000", 2_000_000), ("max", "1000000", None)):
        (tmp_path / "memory.max").write_text(most)
        (tmp_path / "memory.current").write_text(now)
        assert tile.available_memory() == free or free is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["apply", "fast_style/wav", "photo.png"], "did you mean 'fast_style/wave'"),
        (["sample", "cgan/mnist", "--out", "x.png"], "pip install keras-image-zoo"),
        (["apply", "neural_style", "photo.png", "--style", "style.png"], "pip install keras-image-zoo"),
        (
            ["train", "fast_style", "--data", "samples:", "--out", "run", "--set", "style=style.png"],
            "pip install keras-image-zoo",
        ),
        (["evaluate", "denoiser/gray", "--data", "samples:"], "pip install keras-image-zoo"),
        (["export", "denoiser/gray", "--out", "export"], "pip install keras-image-zoo"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_what_needs_more_says_so_in_one_line(here, arguments, words):
    if arguments[0] == "apply":
        arguments = [*arguments, "--out", "out.png"]
    done = bare(*arguments, cwd=here)
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1
    assert words in done.stderr


def test_a_file_of_other_weights_is_not_run(tmp_path, monkeypatch):
    """A weight that was shipped anew, and not its ONNX file: Keras runs it."""
    index = json.loads((_shipped.WEIGHTS / "index.json").read_text())
    index["fast_style/mobile"]["onnx"]["of"] = "0" * 64
    (tmp_path / "index.json").write_text(json.dumps(index))
    assert shipped_onnx("fast_style/mobile") is not None
    monkeypatch.setattr(_shipped, "WEIGHTS", tmp_path)
    assert shipped_onnx("fast_style/mobile") is None
    with pytest.raises(ValueError, match="fast_style/wave is missing or altered"):
        shipped_onnx("fast_style/wave")


def test_half_the_bytes_hold_the_same_numbers(tmp_path):
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)
    rounded = random.standard_normal((32, 32)).astype(np.float16).astype(np.float32)
    exact = random.standard_normal((32, 32)).astype(np.float32)
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 32]) for name in ("x", "y")]
    nodes = [helper.make_node("MatMul", ["x", "a"], ["z"]), helper.make_node("MatMul", ["z", "b"], ["y"])]
    tensors = [numpy_helper.from_array(rounded, "a"), numpy_helper.from_array(exact, "b")]
    graph = helper.make_graph(nodes, "g", value[:1], value[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    half = stored_in_half(model)
    assert [tensor.data_type for tensor in half.graph.initializer] == [TensorProto.FLOAT16, TensorProto.FLOAT]
    for name, kept in (("a", model), ("b", half)):
        onnx.save(kept, tmp_path / f"{name}.onnx")
    import onnxruntime

    x = random.standard_normal((3, 32)).astype(np.float32)
    outputs = [onnxruntime.InferenceSession(tmp_path / f"{name}.onnx").run(None, {"x": x})[0] for name in ("a", "b")]
    np.testing.assert_array_equal(*outputs)
