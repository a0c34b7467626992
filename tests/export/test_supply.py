"""Bills of material, and exports that a key vouches for."""

import hashlib
import json
import shutil
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import zoo
from tests.cli.in_process import run
from tests.export.networks import generator, pictures
from zoo.export import bill, signing
from zoo.export.export import export_model
from zoo.export.manifest import read_manifest

VALID = JsonStrictValidator(SchemaVersion.V1_6)


def write_keys(folder, name, private):
    own = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    shown = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{name}.pem").write_bytes(own)
    (folder / f"{name}.pub").write_bytes(shown)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    write_keys(folder, "key", ec.generate_private_key(ec.SECP256R1()))
    write_keys(folder, "other", ec.generate_private_key(ec.SECP384R1()))
    write_keys(folder, "rsa", rsa.generate_private_key(65537, 2048))
    return folder


@pytest.fixture(scope="module")
def signed(keys, tmp_path_factory):
    """An export by the command, signed. What a test changes, it changes in a copy."""
    folder = tmp_path_factory.mktemp("signed")
    zoo.create("denoiser", preset="tiny").save(folder / "model.keras")
    only = ("--to", "litert", "--precision", "float32", "--sizes", "dynamic")
    assert run("export", folder / "model.keras", "--out", folder / "out", *only, "--sign", keys / "key.pem") == 0
    return folder / "out"


@pytest.fixture
def export(signed, tmp_path):
    return shutil.copytree(signed, tmp_path / "another name", symlinks=True)


# Signatures.


def test_what_was_signed_is_verified_whatever_its_folder_is_called(export, keys, capfd):
    (export.parent / "link").symlink_to(export)  # how people name the newest of several
    assert run("verify", export.parent / "link", "--key", keys / "key.pub") == 0
    assert "1 of 1 files" in capfd.readouterr().out


def test_the_programs_of_the_format_read_it(export, keys):
    program = [sys.executable, "-m", "model_signing", "verify", "key", "--public_key", keys / "key.pub"]
    for name, code in ((None, 0), ("report.html", 1)):
        if name:
            (export / name).unlink()
        ended = subprocess.run([*program, "--signature", export / "model.sig", export], capture_output=True, check=False)
        assert ended.returncode == code, ended.stderr


def altered(export):
    path = export / "MODEL_CARD.md"
    path.write_text(path.read_text() + "!")


CHANGES = {
    "altered": (altered, "is not as it was signed: Hash mismatch for 'MODEL_CARD.md'$"),
    "missing": (lambda export: (export / "report.html").unlink(), "Missing files in model '.*': report.html"),
    "added": (lambda export: (export / "litert" / "more.py").write_text(""), "Extra files found in model '.*': litert/more.py"),
    "added for git": (lambda export: (export / ".gitignore").write_text(""), r"Extra files found in model '.*': \.gitignore"),
    "a link": (lambda export: (export / "link").symlink_to("report.html"), "symlink"),
    "unsigned": (lambda export: (export / "model.sig").unlink(), "is not signed: it has no model.sig"),
    "no signature": (lambda export: (export / "model.sig").write_text("{"), "is not as it was signed"),
    "nested": (lambda export: (export / "model.sig").write_text("[" * 100_000), "is not as it was signed"),
    "another signature": (
        lambda export: (export / "model.sig").write_text((export / "model.sig").read_text().replace("hint", "hunt")),
        "is not as it was signed",
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_was_not_signed_is_refused_in_one_line(export, keys, capfd, case):
    change, words = CHANGES[case]
    change(export)
    assert run("verify", export, "--key", keys / "key.pub") == 2
    errors = capfd.readouterr().err
    assert errors.count("\n") == 1
    with pytest.raises(ValueError, match=words):
        signing.check(export, keys / "key.pub")


def test_another_key_is_refused(export, keys):
    with pytest.raises(ValueError, match=r"is not as it was signed: Key mismatch"):
        signing.check(export, keys / "other.pub")


@pytest.mark.parametrize("name", ["rsa.pem", "key.pub", "missing.pem"])
def test_a_wrong_key_is_refused_before_anything_is_made(keys, tmp_path, capfd, name):
    assert run("export", "fast_style/wave", "--out", tmp_path / "out", "--sign", keys / name) == 2
    assert name in (errors := capfd.readouterr().err) and errors.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_signed_export_can_be_changed_and_signed_again(export, keys):
    altered(export)
    signing.sign(export, keys / "other.pem")
    signing.check(export, keys / "other.pub")
    assert not [path for path in export.iterdir() if path.name.startswith(".")]


def test_without_the_extra_it_is_named(keys, tmp_path, monkeypatch, capfd):
    for name in [name for name in sys.modules if name.partition(".")[0] == "model_signing"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "model_signing", None)
    assert run("export", "fast_style/wave", "--out", tmp_path / "out", "--sign", keys / "key.pem") == 2
    assert "pip install 'keras-image-zoo[sign]'" in capfd.readouterr().err


# Bills of material.


def test_the_bill_of_an_export_is_valid_and_true(signed):
    text = (signed / bill.FILE).read_text()
    assert VALID.validate_str(text) is None
    document, manifest = json.loads(text), read_manifest(signed)
    assert document["metadata"]["component"]["type"] == "machine-learning-model"
    hashes = {part["name"]: part["hashes"][0]["content"] for part in document["components"]}
    assert {*hashes} == {"model.keras", "report.html", "litert/denoiser-dynamic-float32.tflite"}
    assert all(hashlib.sha256((signed / name).read_bytes()).hexdigest() == digest for name, digest in hashes.items())
    assert manifest.recorded.keys() == {*hashes, bill.FILE}  # and so an altered bill is found
    tools = {tool["name"]: tool for tool in document["metadata"]["tools"]["components"]}
    assert {name: tools[name]["version"] for name in manifest.versions} == manifest.versions
    assert tools["keras-image-zoo"]["licenses"][0]["license"]["id"] == "Apache-2.0"


def test_the_bill_says_under_which_licence_a_model_is_given_on(tmp_path, monkeypatch):
    about = {"licence": "CC BY 4.0, <of mine>", "task": "generation"}
    options = {"name": "g", "formats": ("savedmodel",), "precisions": ("float32",), "pictures": pictures(), "about": about}
    export_model(generator(), tmp_path / "g", **options)
    document = json.loads((tmp_path / "g" / bill.FILE).read_text())
    assert VALID.validate_str(json.dumps(document)) is None
    assert document["metadata"]["component"]["licenses"] == [{"license": {"name": about["licence"]}}]
    assert "savedmodel/g/1/saved_model.pb" in {part["name"] for part in document["components"]}
    monkeypatch.setitem(sys.modules, "cyclonedx", None)
    export_model(generator(), tmp_path / "without", **options)
    assert not (tmp_path / "without" / bill.FILE).exists()


def test_the_bill_of_what_is_installed(tmp_path, capfd, monkeypatch):
    assert run("sbom", "--out", tmp_path / "bill.json") == 0
    text = (tmp_path / "bill.json").read_text()
    assert VALID.validate_str(text) is None
    document = json.loads(text)
    names = {part["name"].lower() for part in document["components"]}
    assert {"tensorflow", "keras", "onnxruntime", "click"} <= names and not names & {"pytest", "ruff", "torch"}
    assert document["metadata"]["component"]["name"] == "keras-image-zoo"
    assert run("sbom", "--out", tmp_path / "bill.json") == 2
    monkeypatch.setitem(sys.modules, "cyclonedx", None)
    assert run("sbom", "--out", tmp_path / "other.json") == 2
    assert "pip install 'keras-image-zoo[sbom]'" in capfd.readouterr().err
