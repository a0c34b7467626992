"""Loading artefacts: what is damaged, foreign or wrongly called gets one clear line; nothing heavy is imported for it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.export.networks import generator
from zoo.export import litert, onnx_format, saved_model
from zoo.export.runtimes import load
from zoo.export.signature import signature_of, tensor_specs

ROOT = Path(__file__).parents[2]
ARTEFACTS = ("g.keras", "g.tflite", "g.onnx", "saved")


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory):
    """The generator in every format, without an export around it."""
    folder = tmp_path_factory.mktemp("artefacts")
    network = generator()
    signature = signature_of(network)
    function = saved_model.trace(network, signature, None)
    network.save(folder / "g.keras")
    saved_model.write(function, signature, folder / "saved")
    (folder / "g.tflite").write_bytes(litert.convert(function, network.variables, "float32"))
    model = onnx_format.convert(function, signature, tensor_specs(signature, None))
    (folder / "g.onnx").write_bytes(model.SerializeToString())
    return folder


@pytest.mark.parametrize("name", ARTEFACTS)
def test_signature_and_answer(artefacts, name):
    runtime = load(artefacts / name, trust=True)
    assert {name: t.shape for name, t in runtime.signature.inputs.items()} == {"label": ("batch", 3), "latent": ("batch", 8)}
    assert runtime.signature.outputs["output_image"].shape == ("batch", 12, 20, 1)
    inputs = {"latent": np.ones((2, 8)), "label": np.eye(3)[:2]}
    answer = runtime(**inputs)
    assert list(answer) == ["output_image"] and answer["output_image"].dtype == np.float32
    np.testing.assert_allclose(answer["output_image"], load(artefacts / "g.keras")(**inputs)["output_image"], atol=1e-5)


@pytest.mark.parametrize("name", ARTEFACTS)
def test_threads(artefacts, name):
    runtime = load(artefacts / name, threads=1, trust=True)
    assert runtime.threads == (1 if name in ("g.tflite", "g.onnx") else os.cpu_count())  # TensorFlow has started long ago
    assert runtime(latent=np.ones((1, 8)), label=np.eye(3)[:1])["output_image"].shape == (1, 12, 20, 1)


@pytest.mark.parametrize("name", ARTEFACTS)
def test_wrong_inputs_are_named(artefacts, name):
    runtime = load(artefacts / name, trust=True)
    with pytest.raises(ValueError, match="takes label, latent; given: latent"):
        runtime(latent=np.ones((1, 8)))
    with pytest.raises(ValueError, match="takes latent of batch x 8; given 1 x 9"):
        runtime(latent=np.ones((1, 9)), label=np.eye(3)[:1])
    with pytest.raises(ValueError, match="as many examples of every input; given 1 of label, 2 of latent"):
        runtime(latent=np.ones((2, 8)), label=np.eye(3)[:1])


@pytest.mark.parametrize("keep", [0, 40, 0.5, 0.999])
@pytest.mark.parametrize("name", ARTEFACTS[:3])
def test_a_damaged_file_is_one_line(artefacts, tmp_path, name, keep):
    content = (artefacts / name).read_bytes()
    (tmp_path / name).write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    with pytest.raises(ValueError, match=f"{name}: damaged, or not what its name says") as caught:
        load(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ARTEFACTS[:3])
def test_a_foreign_file_is_one_line(artefacts, tmp_path, name):
    (tmp_path / name).write_bytes((artefacts / {"g.onnx": "g.tflite"}.get(name, "g.onnx")).read_bytes())
    with pytest.raises(ValueError, match="damaged, or not what its name says"):
        load(tmp_path / name)


def test_other_places_are_one_line(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        load(tmp_path / "nothing.onnx")
    (tmp_path / "picture.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match="give a .keras"):
        load(tmp_path / "picture.jpg")
    with pytest.raises(ValueError, match="no saved_model.pb"):
        load(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"junk")
    with pytest.raises(ValueError, match="damaged"):
        load(tmp_path, trust=True)


@pytest.mark.parametrize(("name", "unwanted"), [("g.tflite", "onnxruntime"), ("g.onnx", "ai_edge_litert")])
def test_a_mobile_file_runs_without_tensorflow(artefacts, name, unwanted):
    code = (
        "import sys, numpy as np; import zoo.export.manifest; from zoo.export.runtimes import load\n"
        f"load({str(artefacts / name)!r}, threads=1)(latent=np.ones((1, 8)), label=np.eye(3)[:1])\n"
        f"sys.exit(', '.join({{'tensorflow', 'keras', 'PIL', {unwanted!r}}} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
