"""Pictures say that they were made, and by which model; and the cards that models come with."""

import json
import xml.etree.ElementTree as ElementTree

import keras
import numpy as np
import pytest
from PIL import Image

from tests.cli import in_process
from tests.cli.test_commands import assert_refused, zoo_command
from tests.export.networks import pictures
from tests.models import adapted, sample
from zoo.cli.card import card_facts, of_card
from zoo.export.export import export_model
from zoo.export.provenance import COMPOSITE, EDITED, GENERATED
from zoo.training.pictures import read_picture, write_picture

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"


def run(*arguments):
    assert in_process.run(*arguments) == 0


def properties(packet):
    """The XMP properties of a picture."""
    description = ElementTree.fromstring(packet.decode().strip("\N{ZERO WIDTH NO-BREAK SPACE}")).find(f".//{RDF}Description")
    return description.attrib


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """A generator, and a network that inverts pictures, as one file each."""
    root = tmp_path_factory.mktemp("provenance")
    image = keras.layers.Input((None, None, 3), name="image")
    inverted = keras.Model({"image": image}, {"output_image": 1.0 - image})
    for name, network in {"noise": adapted("gan"), "inverted": inverted}.items():
        export_model(network, root / "out", name="x", formats=("onnx",), precisions=("float32",), pictures=pictures())
        (root / "out" / "onnx" / "x-dynamic-float32.onnx").rename(root / f"{name}.onnx")
        (root / "out").rename(root / name)
    write_picture(root / "photo.png", sample("coffee", 32))
    return root


def test_a_generator_says_generated(exports, tmp_path):
    run("sample", exports / "noise.onnx", "--out", tmp_path / "sheet.png", "-n", 2)
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.text["DigitalSourceType"] == GENERATED
        assert image.text["Description"].startswith("Made by the model x out of random numbers")
        assert image.text["ModelWeights"].startswith("SHA-256 ") and image.text["Software"].startswith("keras-image-zoo ")
        marks = properties(image.info["xmp"])
    assert marks[f"{IPTC}DigitalSourceType"] == f"http://cv.iptc.org/newscodes/digitalsourcetype/{GENERATED}"
    assert marks[f"{IPTC}AISystemUsed"] == "x"


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_changed_picture_says_so_in_every_format(exports, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    run("apply", exports / "inverted.onnx", exports / "photo.png", "--out", out)
    with Image.open(out) as image:
        text = image.text["Description"] if suffix == ".png" else image.getexif()[0x010E]
        assert "Changed by the model x: it does not show what a camera saw." in text
        assert properties(image.info["xmp"])[f"{IPTC}DigitalSourceType"].endswith(f"/{EDITED}")


def test_pictures_put_together_say_so(exports, tmp_path):
    run("apply", "compositor", exports / "photo.png", exports / "photo.png", "--out", tmp_path / "both.png")
    with Image.open(tmp_path / "both.png") as image:
        assert image.text["DigitalSourceType"] == COMPOSITE and image.text["Model"] == "compositor"


def test_no_provenance_leaves_it_out_and_the_pixels_alone(exports, tmp_path):
    run("apply", exports / "inverted.onnx", exports / "photo.png", "--out", tmp_path / "marked.png")
    for name in ("bare.png", "bare.jpg", "bare.webp"):
        arguments = ("apply", exports / "inverted.onnx", exports / "photo.png", "--out", tmp_path / name)
        run(*arguments, "--no-provenance")
        with Image.open(tmp_path / name) as image:
            assert "xmp" not in image.info and not image.getexif() and not getattr(image, "text", {})
            if name == "bare.png":
                np.testing.assert_array_equal(np.asarray(image), read_picture(tmp_path / "marked.png").rgb * 255)
    run("sample", exports / "noise.onnx", "--out", tmp_path / "sheet.png", "-n", 1, "--no-provenance")
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.text == {}


def test_names_are_escaped(tmp_path):
    from zoo.export.provenance import XMP, provenance

    packet = provenance(EDITED, {"model": 'say "no" & <go>'})[XMP]
    assert properties(packet.encode())[f"{IPTC}AISystemUsed"] == 'say "no" & <go>'


def test_what_is_known_of_a_model(tmp_path):
    facts = card_facts("fast_style/wave")
    assert "ImageNet" in facts["data"] and facts["limits"].endswith("bright sky.")
    assert set(facts) == {"weight", "data", "licence", "limits"} and facts["weight"] == "fast_style/wave"
    card = of_card("# x\n- **Data**: two\n  lines.\n- **Use**: a.\n- **Licence**: MIT.\n\nmore")
    assert card == {"data": "two lines.", "licence": "MIT."}
    (tmp_path / "config.json").write_text(json.dumps({"run": {"steps": 5, "sources": {"data": "folder:/home/me/secret/cats"}}}))
    data = card_facts(str(tmp_path))["data"]
    assert data.startswith("5 steps on folder:cats; TO FILL IN") and "secret" not in data
    (tmp_path / "model.keras").touch()
    assert card_facts(str(tmp_path / "model.keras"))["data"] == data
    (tmp_path / "config.json").unlink()
    assert card_facts(str(tmp_path / "model.keras")) == {}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--to", "onnx", "--offline", "."), ("--offline is for the page; add web to --to",)),
        (("--to", "web", "--offline", "nowhere"), ("nowhere",)),
        (("--to", "web", "--offline", "."), ("has no ort.jspi.min.js", "npm install onnxruntime-web@")),
    ],
)
def test_a_wrong_offline_folder_is_one_line(tmp_path, arguments, words):
    done = zoo_command("export", "fast_style/wave", "--out", "out", *arguments, cwd=tmp_path)
    assert_refused(done.returncode, done.stderr, *words)
    assert list(tmp_path.iterdir()) == []
