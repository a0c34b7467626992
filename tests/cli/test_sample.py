"""`zoo sample` in every runtime, sheets of mixed styles, and what training refuses for generators."""

import numpy as np
import pytest

import zoo
from tests.cli.in_process import run
from tests.models import sample
from zoo.export.export import export_model
from zoo.training.pictures import read_picture, write_picture


@pytest.mark.parametrize(
    ("name", "options"), [("vae", ["--interpolate"]), ("cgan", []), ("stylegan", ["--truncation", "0.7"])], ids=lambda x: str(x)
)
def test_the_same_seed_gives_the_same_picture_everywhere(name, options, tmp_path):
    """Keras, TensorFlow, LiteRT and ONNX: no value of the sheet differs by more than one rounding."""
    pictures = [sample(picture, 64) for picture in ("astronaut", "chelsea", "coffee", "rocket")] * 2
    made = {"name": name, "precisions": ("float32",), "sizes": ("dynamic",), "pictures": pictures}
    export_model(zoo.create(name, preset="tiny"), tmp_path / "out", **made)
    files = [
        tmp_path / "out" / "model.keras",
        *(tmp_path / "out" / "savedmodel").glob("*/1"),
        *(tmp_path / "out").glob("litert/*.tflite"),
        *(tmp_path / "out").glob("onnx/*.onnx"),
    ]
    files = [file for file in files if "encode" not in file.name]
    assert len(files) == 4

    def sheets(label, *options):
        for number, file in enumerate(files):
            target = tmp_path / f"{label}{number}.png"
            assert run("sample", file, "--out", target, "-n", 12, "--seed", 5, *options) == 0
            yield np.rint(255 * read_picture(target).rgb)

    first, *others = sheets("", *options)
    assert first.std() > 1
    assert all(np.abs(first - other).max() <= 1 for other in others)
    if name == "cgan":
        seven, *others = sheets("seven", "--label", 7)
        assert np.abs(seven - first).max() > 1
        assert all(np.abs(seven - other).max() <= 1 for other in others)
        assert {run("sample", file, "--out", tmp_path / "no.png", "--label", 10) for file in files} == {2}


def test_a_sheet_of_mixed_styles(tmp_path, capfd):
    zoo.create("stylegan", preset="tiny").save(tmp_path / "model.keras")
    assert run("sample", tmp_path, "--mix", "--out", tmp_path / "mix.png", "--truncation", 0.7) == 0
    height, width, _ = read_picture(tmp_path / "mix.png").rgb.shape
    assert height > 7 * 96 and width > 8 * 96
    zoo.create("gan", preset="tiny").save(tmp_path / "gan.keras")
    for arguments, line in (
        ([tmp_path / "gan.keras"], "no styles to mix"),
        ([tmp_path, "--label", 1], "goes without"),
        ([tmp_path / "model.onnx"], "give the run or its model.keras"),
    ):
        capfd.readouterr()
        assert run("sample", *arguments, "--mix", "--out", tmp_path / "no.png") == 2
        assert line in capfd.readouterr().err
    assert not (tmp_path / "no.png").exists()


@pytest.fixture
def classes(tmp_path):
    """A folder of pictures in `count` classes, one each."""

    def make(count):
        for label in range(count):
            (tmp_path / "data" / f"{label:02}").mkdir(parents=True)
            write_picture(tmp_path / "data" / f"{label:02}" / "a.png", sample("coffee", 32))
        return f"folder:{tmp_path / 'data'}"

    return make


@pytest.mark.parametrize(
    ("model", "count", "options", "line"),
    [
        ("cgan", 1, [], "all pictures have the label 0; a model with labels needs pictures of two classes or more"),
        ("cgan", 12, [], "labels up to 11; this model has the classes 0 to 9"),
        ("cgan", 2, ["--set", "classes=1"], "at least 2 classes"),
        ("stylegan", 2, ["--batch-size", "3"], "3 pictures a replica do not divide into groups of 2"),
        ("dcgan", 2, ["--set", "augmentation_target=60"], "augmentation_target lies between 0 and 1"),
        ("dcgan", 2, ["--size", "30"], "take 28"),
        ("denoiser", 2, ["--metrics-every", "5"], "makes no pictures out of latents"),
    ],
)
def test_training_refuses_in_one_line(model, count, options, line, classes, tmp_path, capfd):
    arguments = ["--data", classes(count), "--preset", "tiny", "--steps", 1, "--batch-size", 2]
    assert run("train", model, *arguments, "--out", tmp_path / "run", *options) == 2
    error = capfd.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("zoo: ") and line in error


def test_a_source_without_labels_is_refused(tmp_path, capfd):
    assert run("train", "cgan", "--preset", "tiny", "--data", "samples:", "--out", tmp_path / "run") == 2
    assert "sort the pictures of" in capfd.readouterr().err
    assert not (tmp_path / "run").exists()
