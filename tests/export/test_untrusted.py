"""Files that others wrote: nothing outside of its directory is read, nothing that is not listed runs, nothing fills memory."""

import dataclasses
import errno
import json
import logging
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import tensorflow as tf

from tests.export.networks import generator, pictures
from zoo.cli.main import app
from zoo.cli.printable import Lines, printable
from zoo.common.files import new_directory
from zoo.export import metadata
from zoo.export.export import export_model, verify_directory
from zoo.export.files import system_errors
from zoo.export.manifest import read_manifest
from zoo.export.provenance import EDITED, XMP, provenance
from zoo.export.runtimes import load
from zoo.export.serving.configuration import FILE, read_configuration
from zoo.export.serving.preview import Limits, open_preview
from zoo.export.serving.releases import add_version, make_stable

ROOT = Path(__file__).parents[2]
INPUTS = {"latent": np.ones((1, 8)), "label": np.eye(3)[:1]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An export with something of everything. What a test changes, it changes in a copy."""
    out = tmp_path_factory.mktemp("untrusted") / "g"
    formats = ("savedmodel", "litert", "onnx", "web", "mobile")
    export_model(generator(), out, name="g", formats=formats, precisions=("float32",), pictures=pictures())
    return out


@pytest.fixture
def export(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "g")


def edit(export, **changes):
    content = json.loads((export / "manifest.json").read_text())
    (export / "manifest.json").write_text(json.dumps({**content, **changes}))


# Item 6: what is read, is served and is copied.


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"keras": "../outside.keras"}, "lies outside of the directory"),
        ({"keras": "/dev/zero"}, "lies outside of the directory"),
        ({"files": {"../../etc/passwd": "0" * 64}}, "lies outside of the directory"),
        ({"model": "g\x1b[2J"}, "is no name of a model"),
        ({"threads": "many"}, "threads is"),
        ({"files": {"web/app.js": 3}}, "has no SHA-256"),
    ],
)
def test_a_manifest_that_points_elsewhere_is_refused(export, changes, words):
    edit(export, **changes)
    with pytest.raises(ValueError, match=words) as caught:
        read_manifest(export)
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


def test_a_link_out_of_the_export_is_not_followed(export, tmp_path):
    (tmp_path / "outside.keras").write_bytes((export / "model.keras").read_bytes())
    (export / "model.keras").unlink()
    (export / "model.keras").symlink_to(tmp_path / "outside.keras")
    with pytest.raises(ValueError, match="a link leads out of"):
        read_manifest(export)


def test_a_manifest_nested_without_end_is_one_line(export):
    (export / "manifest.json").write_text('{"model": ' + "[" * 200_000)
    with pytest.raises(ValueError, match="not a manifest of this version .nested too deeply"):
        read_manifest(export)


def test_a_pipe_holds_nobody(export):
    (export / "manifest.json").unlink()
    os.mkfifo(export / "manifest.json")
    code = f"from zoo.cli.main import app; app(['bench', {str(export)!r}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 2 and "manifest.json: not a regular file" in done.stderr


def test_a_version_that_no_manifest_lists_is_not_served_unless_trusted(export):
    folder = export / "savedmodel" / "g"
    shutil.copytree(folder / "1", folder / "7")
    text = (export / FILE).read_text()
    (export / FILE).write_text(text.replace("versions: 1", "versions: 1 versions: 7"))
    with pytest.raises(ValueError, match="g/7: not listed in manifest.json"):
        open_preview(export, Limits())
    with pytest.raises(ValueError, match="g/7: not listed in manifest.json"):
        make_stable(export, 7)
    assert sorted(open_preview(export, Limits(), trust=True).models.by_name["g"]) == [1, 7]


@pytest.mark.parametrize("way", ["parts", "link"])
def test_base_path_stays_in_the_export(export, whole, tmp_path, way):
    shutil.move(export / "savedmodel" / "g", tmp_path / "elsewhere")
    text = (export / FILE).read_text()
    if way == "parts":
        (export / FILE).write_text(text.replace("/models/g", "/models/../../elsewhere"))
    else:
        (export / "savedmodel" / "h").symlink_to(tmp_path / "elsewhere")
        (export / FILE).write_text(text.replace("/models/g", "/models/h"))
    with pytest.raises(ValueError, match="models.config|a link leads out of|not a manifest"):
        add_version(export, whole)
    with pytest.raises((ValueError, FileNotFoundError)):
        open_preview(export, Limits())
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["1"]


def test_a_version_that_was_rolled_in_is_listed_and_altered_is_not_served(export, whole):
    assert add_version(export, whole) == 2
    assert "savedmodel/g/2" in read_manifest(export).files
    assert sorted(open_preview(export, Limits()).models.by_name["g"]) == [1, 2]
    variables = next((export / "savedmodel/g/2").glob("variables/*data*"))
    variables.write_bytes(variables.read_bytes()[:-1] + b"!")
    with pytest.raises(ValueError, match="g/2: altered since it was exported"):
        open_preview(export, Limits())


@pytest.mark.parametrize(
    "name", ["litert/g-dynamic-float32.tflite", "onnx/g-dynamic-float32.onnx", "savedmodel/g/1", "model.keras"]
)
def test_an_altered_artefact_of_an_export_does_not_run(export, name):
    path = export / name
    file = next(path.glob("variables/*data*")) if path.is_dir() else path
    content = bytearray(file.read_bytes())
    content[-30] ^= 1
    file.write_bytes(content)
    with pytest.raises(ValueError, match="altered since it was exported"):
        load(path)


def test_a_saved_model_that_nobody_vouches_for_needs_trust(export, tmp_path):
    assert load(export / "savedmodel/g/1")(**INPUTS)
    alone = shutil.copytree(export / "savedmodel" / "g" / "1", tmp_path / "alone")
    with pytest.raises(ValueError, match="no manifest.json lists this SavedModel.*--trust"):
        load(alone)
    assert load(alone, trust=True)(**INPUTS)


def test_the_command_takes_trust(export, tmp_path, capfd):
    alone = shutil.copytree(export / "savedmodel" / "g" / "1", tmp_path / "alone")
    with pytest.raises(SystemExit) as left:
        app(["sample", str(alone), "--out", str(tmp_path / "a.png"), "-n", "1"])
    assert left.value.code == 2 and "--trust runs it all the same" in capfd.readouterr().err
    with pytest.raises(SystemExit) as left:
        app(["sample", str(alone), "--out", str(tmp_path / "a.png"), "-n", "1", "--trust"])
    assert left.value.code == 0 and (tmp_path / "a.png").is_file()


def test_verify_names_every_altered_missing_and_added_file_and_goes_on(export, capfd):
    for name in ("web/app.js", "mobile/GModel.kt", "serving/client.py", "litert/g-dynamic-float32.tflite"):
        (export / name).write_bytes((export / name).read_bytes() + b" ")
    (export / "web" / "style.css").unlink()
    (export / "web" / "added.js").write_text("alert(1)")
    verified = verify_directory(export, pictures())
    named = "\n".join(verified.faults)
    assert len(verified.faults) == 6 and not verified.passed
    for words in (
        "app.js: altered",
        "GModel.kt: altered",
        "client.py: altered",
        "float32.tflite: altered",
        "style.css: listed in",
    ):
        assert words in named
    assert "web/added.js: not listed" in named
    assert [a.path for a in verified.artifacts if not a.parity.passed] == ["litert/g-dynamic-float32.tflite"]
    with pytest.raises(SystemExit) as left:
        app(["verify", str(export)])
    assert left.value.code == 1 and "app.js: altered" in capfd.readouterr().err


def test_verify_without_its_keras_model_still_names_everything(export):
    (export / "model.keras").unlink()
    (export / "web" / "app.js").unlink()
    verified = verify_directory(export, pictures())
    assert [words in fault for fault, words in zip(verified.faults, ("model.keras", "app.js"), strict=True)] == [True, True]
    assert not any(artifact.parity.passed for artifact in verified.artifacts)


# Item 8: what is small on the disk and large in memory; names that are more than names.


def test_a_description_that_unpacks_to_gigabytes_is_not_unpacked(export, tmp_path):
    bare = tmp_path / "bomb.tflite"
    shutil.copy(export / "litert" / "g-dynamic-float32.tflite", bare)
    with (
        zipfile.ZipFile(bare, "a", zipfile.ZIP_DEFLATED) as archive,
        pytest.warns(UserWarning, match="Duplicate name"),
        archive.open(metadata.MEMBER, "w") as member,
    ):
        for _ in range(64):
            member.write(b" " * (1 << 20))
    with pytest.raises(ValueError, match="holds no description of a model"):
        metadata.read(bare)


@pytest.mark.parametrize("text", ["[" * 200_000, "[1]", '{"model": 3}', "nothing"])
def test_a_description_that_is_none_is_one_line(export, tmp_path, text):
    bare = tmp_path / "odd.tflite"
    shutil.copy(export / "litert" / "g-dynamic-float32.tflite", bare)
    with zipfile.ZipFile(bare, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(metadata.MEMBER, text)
    with pytest.raises(ValueError, match="holds no description of a model"):
        metadata.read(bare)


def test_a_description_that_is_damaged_is_one_line(export, tmp_path):
    content = (export / "litert" / "g-dynamic-float32.tflite").read_bytes()
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(content.replace(b"PK\x01\x02", b"PK\x01\x03"))
    with pytest.raises(ValueError, match="the description at its end is damaged"):
        metadata.read(damaged)


@pytest.mark.parametrize("kind", ["member", "array", "link"])
def test_a_keras_file_that_grows_without_end_or_leads_elsewhere_is_refused(export, tmp_path, kind):
    bomb = tmp_path / "bomb.keras"
    with zipfile.ZipFile(export / "model.keras") as whole, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("config.json", "metadata.json"):
            archive.writestr(name, whole.read(name))
        with h5py.File(tmp_path / "weights.h5", "w") as weights:
            if kind == "array":
                weights.create_dataset("a", (40_000, 40_000), chunks=(100, 100), compression="gzip")
            elif kind == "link":
                weights["a"] = h5py.ExternalLink("/etc/passwd", "/")
        archive.write(tmp_path / "weights.h5", "model.weights.h5")
        if kind == "member":
            with archive.open("more", "w") as member:
                for _ in range(128):
                    member.write(bytes(1 << 20))
    with pytest.raises(ValueError, match="would take more than|links to elsewhere") as caught:
        load(bomb)
    assert "\n" not in str(caught.value)


def test_models_config_nested_without_end_is_one_line(export):
    (export / FILE).write_text("a {" * 100_000)
    with pytest.raises(ValueError, match="nested more than"):
        read_configuration(export)
    (export / FILE).write_bytes(b" " * (2 << 20))
    with pytest.raises(ValueError, match="larger than"):
        read_configuration(export)


def test_names_do_not_reach_the_terminal_as_they_are(capfd, tmp_path):
    name = tmp_path / "a\x1b]0;owned\x07\x1b[2J.png"
    with pytest.raises(SystemExit):
        app(["apply", "fast_style/wave", str(name), "--out", str(tmp_path / "o.png")])
    assert "\x1b" not in capfd.readouterr().err
    assert printable("a\x1b[2J\u202eb\n") == r"a\x1b[2J\u202eb\n"


def test_a_log_on_the_terminal_keeps_to_its_line():
    record = logging.LogRecord("zoo", logging.WARNING, "", 0, "left out: %s", ("a\x1b[2J\nzoo: all is well",), None)
    assert Lines().format(record) == r"left out: a\x1b[2J\nzoo: all is well"
    try:
        raise ValueError("of a request\x1b[2J")
    except ValueError:
        record.exc_info = sys.exc_info()
    traceback = Lines().format(record)
    assert "\x1b" not in traceback and traceback.splitlines()[-1] == r"ValueError: of a request\x1b[2J"


def test_a_cell_of_a_table_is_text(capsys):
    from rich.table import Table

    from zoo.cli.table import cells, wide_console

    table = Table("layer", "remedy")
    table.add_row(*cells("[/x][bold red]\x1b[2J", "two\nlines"))
    wide_console().print(table)
    output = capsys.readouterr().out
    assert "[/x][bold red]" in output and "\x1b" not in output and "lines" in output


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG])
def test_a_full_disk_under_tensorflow_is_said_as_that_of_any_other(tmp_path, number):
    """TensorFlow writes a SavedModel by itself; its error named a temporary file, and its own class."""
    one_line = pytest.raises(OSError, match=rf"^cannot write .*out: {os.strerror(number)}$")
    with one_line, new_directory(tmp_path / "out"), system_errors():
        raise tf.errors.ResourceExhaustedError(None, None, f"{tmp_path}/x.tmp0; {os.strerror(number)}")
    with pytest.raises(tf.errors.ResourceExhaustedError), system_errors():
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
    assert not [*tmp_path.iterdir()]


def test_a_reason_is_text_and_not_markup(whole, capfd):
    from zoo.cli.table import print_table
    from zoo.export.manifest import Skipped

    reason = "no [/x] and no [bold red]\x1b[2J"
    print_table(dataclasses.replace(read_manifest(whole), skipped=(Skipped("onnx", "int8", "dynamic", reason),)), Path("[/x]"))
    output = capfd.readouterr().out
    assert "[/x]" in output and "[bold red]" in output and "\x1b" not in output


def test_what_a_picture_says_of_itself_is_xml_whatever_the_model_is_called():
    from xml.etree import ElementTree

    text = provenance(EDITED, {"model": 'a\x00\x1b\ud800<"&\n'})
    assert ElementTree.fromstring(text[XMP].encode()) is not None
    assert all("\x00" not in value and "\n" not in value for key, value in text.items() if key != XMP)


def test_a_card_shows_markup_as_text(tmp_path):
    about = {"data": "folder:<img src=x onerror=alert(1)> [click](http://example.org)\n\n# A heading | `code`"}
    export_model(
        generator(), tmp_path / "g", name="g", formats=("onnx",), precisions=("float32",), pictures=pictures(), about=about
    )
    card = (tmp_path / "g" / "MODEL_CARD.md").read_text()
    assert "<img" not in card and "[click](" not in card and "\n# A heading" not in card
