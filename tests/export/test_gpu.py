"""LiteRT's GPU path, really run where there is a Vulkan device, in software if need be; what falls off it; no device."""

import ctypes
import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from keras import layers, ops

from tests.export.networks import pictures, stylise
from zoo.cli.main import app
from zoo.export import gpu
from zoo.export.export import export_model, verify_directory
from zoo.export.manifest import read_manifest
from zoo.export.verify import Case

CHROMIUM = Path("/usr/lib/chromium")  # Debian's package carries SwiftShader, a Vulkan device in software


@pytest.fixture(scope="module")
def device():
    """A Vulkan device: chromium's in software, or the machine's own."""
    with pytest.MonkeyPatch.context() as patch:
        if (CHROMIUM / "vk_swiftshader_icd.json").exists():
            patch.setenv("VK_ICD_FILENAMES", str(CHROMIUM / "vk_swiftshader_icd.json"))
            patch.setenv("LD_LIBRARY_PATH", str(CHROMIUM))
        else:
            try:
                ctypes.CDLL(gpu.LOADER)
            except OSError:
                pytest.skip("no Vulkan device, and no chromium that carries one")
        yield


@pytest.fixture(scope="module")
def exported(device, tmp_path_factory):
    out = tmp_path_factory.mktemp("gpu") / "out"
    options = {"formats": ("litert", "onnx"), "sizes": ("dynamic", (48, 64)), "pictures": pictures()}
    return out, export_model(stylise(), out, name="stylise", **options)


def test_every_file_of_a_fixed_size_was_run_on_the_device(exported):
    out, manifest = exported
    assert read_manifest(out) == manifest and manifest.passed
    for artifact in manifest.artifacts:
        if artifact.format != "litert" or artifact.shape == "dynamic":
            assert artifact.gpu is None and not artifact.gpu_ready
            continue
        assert artifact.gpu.accelerated and artifact.gpu.passed and artifact.gpu.device and not artifact.gpu.notes
        assert artifact.gpu_ready == (artifact.precision in ("float32", "float16"))
        assert artifact.gpu.max_abs < (1e-4 if artifact.precision == "float32" else 0.1)
    assert "run whole on" in (out / "report.html").read_text()


def test_verify_runs_them_again(exported, capfd):
    with pytest.raises(SystemExit) as left:
        app(["verify", str(exported[0]), "--gpu"])
    shown = capfd.readouterr()
    assert left.value.code == 0 and "GPU" in shown.out and shown.err == ""


def test_what_falls_off_is_named_and_a_false_claim_found(tmp_path, device):
    options = {"formats": ("litert",), "precisions": ("float32",), "sizes": ((32, 32),), "pictures": pictures()}
    manifest = export_model(five_axes(), tmp_path / "out", name="five", **options)
    (artifact,) = manifest.artifacts
    assert artifact.parity.passed and not artifact.gpu_ready and not artifact.gpu.accelerated and artifact.gpu.passed
    for words in ("RESHAPE", "/swapped", "work on at most four axes"):
        assert words in artifact.gpu.notes
    claimed = dataclasses.replace(manifest, artifacts=(dataclasses.replace(artifact, gpu_ready=True, gpu=None),))
    claimed.write(tmp_path / "out")
    again = verify_directory(tmp_path / "out", pictures(), on_gpu=True)
    assert not again.passed and "run in part on" in again.faults[0]


@pytest.mark.parametrize("most", [None, 6])
def test_an_activation_behind_a_transposed_convolution_stays_on_the_gpu(tmp_path, device, most):
    """LiteRT's converter folds it in, and its GPU path takes no such operation."""
    image = layers.Input((None, None, 3), name="image")
    x = layers.BatchNormalization()(layers.Conv2DTranspose(8, 4, 2, "same")(image))
    x = layers.ReLU(most)(x)
    network = keras.Model({"image": image}, {"output_image": layers.Conv2D(3, 1, activation="sigmoid")(x)})
    options = {"formats": ("litert",), "precisions": ("float32", "float16"), "sizes": ((32, 32),), "pictures": pictures()}
    for artifact in export_model(network, tmp_path / "out", name="grown", **options).artifacts:
        assert artifact.parity.passed and artifact.gpu_ready and artifact.gpu.accelerated, artifact
        content = (tmp_path / "out" / artifact.path).read_bytes()
        model = schema.Model.GetRootAsModel(content, 0)
        start = np.frombuffer(content, "uint8").ctypes.data
        weights = [model.Buffers(index).DataAsNumpy() for index in range(model.BuffersLength())]
        assert {(array.ctypes.data - start) % 16 for array in weights if isinstance(array, np.ndarray)} == {0}


def five_axes():
    image = layers.Input((None, None, 3), name="image")
    x = Swapped(name="swapped")(layers.Conv2D(8, 3, padding="same")(image))
    return keras.Model({"image": image}, {"output_image": layers.Conv2D(3, 1, activation="sigmoid")(x)})


@keras.saving.register_keras_serializable("tests")
class Swapped(layers.Layer):
    """Neighbouring columns change places, by way of five axes."""

    def call(self, x):
        batch, height, width, channels = ops.shape(x)
        x = ops.reshape(x, (batch, height, width // 2, 2, channels))
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4)), (batch, height, width, channels))

    def compute_output_shape(self, input_shape):
        return input_shape


@pytest.fixture
def one(exported):
    """A file, and a case for it."""
    inputs = {
        "image": np.zeros((1, 48, 64, 3), "float32"),
        "strength": np.ones(1, "float32"),
        "style_weights": np.eye(2, dtype="float32")[:1],
    }
    return exported[0] / "litert" / "stylise-48x64-float16.tflite", [Case(inputs, {"output_image": inputs["image"]})]


def test_another_answer_is_found(one):
    outcome = gpu.run(one[0], "float16", one[1])
    assert outcome.accelerated and not outcome.passed and outcome.max_abs > 0.01


def test_what_hangs_fails_or_takes_its_process_along_is_the_finding(one, tmp_path):
    outcome = gpu.run(one[0], "float16", one[1], seconds=0.01)
    assert not outcome.passed and outcome.notes == "did not finish within 0.01 seconds" and "not run on" in outcome.words
    (case,) = one[1]
    outcome = gpu.run(one[0], "float16", [Case({**case.inputs, "mask": case.inputs["image"]}, case.expected)])
    assert not outcome.passed and outcome.notes.startswith("did not run: ") and "\n" not in outcome.notes
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(one[0].read_bytes()[:500])  # LiteRT reads beyond its end
    outcome = gpu.run(damaged, "float16", one[1])
    assert outcome.notes == "signal 11 ended its process: the device was lost, its driver failed, or the file is damaged"


def test_no_device_is_one_line_and_an_export_goes_on(tmp_path, monkeypatch, capfd, one):
    monkeypatch.setenv("VK_ICD_FILENAMES", str(tmp_path / "none.json"))
    monkeypatch.setenv("VK_DRIVER_FILES", str(tmp_path / "none.json"))
    with pytest.raises(gpu.NoDevice):
        gpu.run(one[0], "float16", one[1])
    options = {"formats": ("litert",), "precisions": ("float16",), "sizes": ((48, 64),), "pictures": pictures()}
    manifest = export_model(stylise(), tmp_path / "out", name="stylise", **options)
    assert manifest.passed and manifest.artifacts[0].gpu is None and manifest.artifacts[0].gpu_ready
    capfd.readouterr()
    with pytest.raises(SystemExit) as left:
        app(["verify", str(tmp_path / "out"), "--gpu"])
    error = capfd.readouterr().err
    assert left.value.code == 2 and error.count("\n") == 1 and "no GPU was found" in error
