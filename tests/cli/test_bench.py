"""`zoo bench`: what it says of a real export, and which of its files it recommends."""

import dataclasses
import json

import pytest

from tests.cli.in_process import run
from tests.export.networks import pictures, stylise
from zoo.export.export import export_model
from zoo.export.manifest import read_manifest
from zoo.export.recommendation import PLACES
from zoo.export.report import cards


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    out = tmp_path_factory.mktemp("bench") / "style"
    options = {"formats": ("litert",), "precisions": ("float32", "float16", "dynamic_int8"), "pictures": pictures()}
    export_model(stylise(8), out, name="style", **options)
    return out


@pytest.fixture(scope="module")
def printed(exported):
    """The lines of a run, by what stands before their colon."""
    from click.testing import CliRunner

    from zoo.cli.bench import bench

    result = CliRunner().invoke(bench, [str(exported), "--sizes", "48"], catch_exceptions=False)
    assert result.exit_code == 0
    return dict(line.split(": ", 1) for line in result.output.splitlines() if ": " in line)


def test_it_recommends_what_the_report_does_and_says_why(exported, printed):
    manifest = read_manifest(exported)
    sizes = {artifact.path: artifact.bytes for artifact in manifest.artifacts}
    shown = cards(manifest)
    assert {card["place"] for card in shown} == {PLACES["phone"].title, PLACES["desktop"].title}
    for card in shown:
        line = printed[card["place"]]
        assert line.startswith(f"{card['path']} ({card['figures']['MB']} MB, ")
        assert f" ms, {card['figures']['dB from Keras']} dB from Keras). {card['why']}".rstrip() in line
    half, whole = "litert/style-dynamic-float16.tflite", "litert/style-dynamic-float32.tflite"
    assert printed["In an app"].startswith(half)
    assert f" {sizes[half] / sizes[whole]:.2f}\N{MULTIPLICATION SIGN} the size and " in printed["In an app"]


def test_a_place_without_a_file_says_how_to_make_one(printed):
    assert printed["Behind a server"] == "no verified file; make one with zoo export --to savedmodel"


def test_a_file_below_its_floor_is_not_recommended(exported, capfd):
    manifest = read_manifest(exported)
    text = (exported / "manifest.json").read_text()
    failed = [
        dataclasses.replace(a, parity=dataclasses.replace(a.parity, passed=False)) if a.precision == "float16" else a
        for a in manifest.artifacts
    ]
    try:
        (exported / "manifest.json").write_text(json.dumps(dataclasses.replace(manifest, artifacts=tuple(failed)).to_json()))
        assert run("bench", exported, "--sizes", "48", "--json") == 0
    finally:
        (exported / "manifest.json").write_text(text)
    figures = json.loads(capfd.readouterr().out)
    assert figures["recommended"] == {
        "phone": "litert/style-dynamic-dynamic_int8.tflite",
        "desktop": "litert/style-dynamic-float32.tflite",
    }
    assert len(figures["files"]) == len(failed)
