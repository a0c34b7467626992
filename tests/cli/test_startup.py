"""What a new process imports to run an exported file: that file's runtime, and no framework."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.export.networks import generator, pictures, stylise
from tests.models import sample
from zoo.export.export import export_model
from zoo.training.pictures import read_picture, write_picture

ROOT = Path(__file__).parents[2]
HEAVY = ("tensorflow", "keras", "onnx", "scipy", "h5py", "rich")
CODE = f"""
import sys
from zoo.cli.main import app
try: app(sys.argv[1:])
except SystemExit as exit: code = exit.code
sys.exit(code or " ".join({set(HEAVY)!r} & set(sys.modules)) or 0)
"""


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """A style network and a generator with labels as LiteRT and ONNX files, beside a photograph."""
    root = tmp_path_factory.mktemp("startup")
    options = {"formats": ("litert", "onnx"), "precisions": ("float32",), "pictures": pictures()}
    export_model(stylise(4), root / "style", name="style", **options)
    export_model(generator(), root / "noise", name="noise", **options)
    write_picture(root / "photo.jpg", sample("astronaut", 96))
    return root


def imports(*arguments):
    """What is printed by `zoo` in a process of its own, which fails if it imports a framework."""
    command = [sys.executable, "-c", CODE, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_a_picture_is_made_without_a_framework(kind, exports, tmp_path):
    model = next(exports.glob(f"style/*/*.{kind}"))
    imports("apply", model, exports / "photo.jpg", "--style", 1, "--preserve-color", "--out", tmp_path / "out.png")
    assert read_picture(tmp_path / "out.png").rgb.shape == (96, 96, 3)


@pytest.mark.parametrize("kind", ["tflite", "onnx"])
def test_samples_are_drawn_without_a_framework(kind, exports, tmp_path):
    model = next(exports.glob(f"noise/*/*.{kind}"))
    imports("sample", model, "--label", 2, "-n", 4, "--out", tmp_path / "out.png")
    assert read_picture(tmp_path / "out.png").rgb.std() > 0
