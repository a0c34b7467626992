"""What each file says of itself, read from the file alone, in the way that its format's own tools read it."""

import json
import zipfile

import numpy as np
import onnxruntime
import pytest

from tests.export.networks import generator, pictures
from zoo.export import metadata
from zoo.export.export import export_model
from zoo.export.runtimes import load

ABOUT = {"data": "eight pictures, public domain", "limits": "draws noise"}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    out = tmp_path_factory.mktemp("metadata") / "out"
    formats = ("savedmodel", "litert", "onnx")
    manifest = export_model(
        generator(), out, name="noise", formats=formats, precisions=("float32", "float16"), pictures=pictures(), about=ABOUT
    )
    return out, manifest


def test_every_file_says_what_it_is(exported):
    out, manifest = exported
    assert len(manifest.artifacts) == 5 and manifest.passed
    for artifact in manifest.artifacts:
        facts = metadata.read(out / artifact.path)
        assert facts["model"] == "noise" and facts["weights_sha256"] == manifest.weights_sha256
        assert facts["data"] == ABOUT["data"] and facts["limits"] == ABOUT["limits"] and "licence" not in facts
        assert facts["inputs"].startswith("label: float32 [batch, 3], 0 to 1; latent: float32 [batch, 8], standard normal")
        assert facts["precision"] == artifact.precision
        assert ("0.0001" if artifact.precision == "float32" else "50 dB") in facts["parity_floor"]
    assert metadata.read(out / "savedmodel" / "noise")["model"] == "noise"


def test_the_formats_own_tools_read_it(exported):
    out, _ = exported
    session = onnxruntime.InferenceSession(out / "onnx" / "noise-dynamic-float16.onnx", providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map["model"] == "noise"
    with zipfile.ZipFile(out / "litert" / "noise-dynamic-float32.tflite") as archive:
        assert json.loads(archive.read("metadata.json"))["precision"] == "float32"
    assert json.loads((out / "savedmodel/noise/1/assets.extra/metadata.json").read_text())["model"] == "noise"


def test_what_computes_is_not_touched(exported, tmp_path):
    content = (exported[0] / "litert" / "noise-dynamic-float32.tflite").read_bytes()
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(content[: content.index(b"PK\x03\x04")])
    inputs = {"latent": np.ones((2, 8), "float32"), "label": np.eye(3, dtype="float32")[:2]}
    whole = load(exported[0] / "litert" / "noise-dynamic-float32.tflite")(**inputs)["output_image"]
    np.testing.assert_array_equal(load(bare)(**inputs)["output_image"], whole)
    assert metadata.read(bare) == {}
    metadata.write(bare, {"model": "again"})
    assert metadata.read(bare) == {"model": "again"}


def test_the_card_holds_what_is_known_and_asks_for_the_rest(exported):
    card = (exported[0] / "MODEL_CARD.md").read_text()
    assert "- **Data**: eight pictures, public domain\n- **Licence**: **TO FILL IN**" in card
    assert "- **Limits**: draws noise\n" in card
