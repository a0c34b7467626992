"""`zoo pack`: what it writes, says and refuses."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.test_commands import ROOT, assert_refused
from zoo.cli.main import app
from zoo.training.sources import open_source


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Ten pictures in the working directory."""
    (tmp_path / "photos").mkdir()
    for number in range(10):
        Image.new("RGB", (16, 16), (25 * number,) * 3).save(tmp_path / "photos" / f"{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def zoo(*arguments):
    with pytest.raises(SystemExit) as exit:
        app(list(arguments))
    return exit.value.code


def test_pack_then_train_on_it(folder, capfd):
    assert zoo("pack", "folder:photos", "--out", "packed", "--shards", "2") == 0
    said = capfd.readouterr().out
    assert "10 of 10 pictures, 0.0 MB in 2 files" in said and "tfrecord:packed" in said
    assert json.loads((folder / "packed" / "index.json").read_text())["pictures"] == 10
    arguments = ["--preset", "tiny", "--steps", "1", "--out", "run"]
    assert zoo("train", "vae", "--data", "tfrecord:packed", *arguments) == 0
    assert (folder / "run" / "model.keras").is_file()


def test_bad_pictures_are_named_and_left_out(folder, caplog, capfd):
    for name in ("3.png", "7.png"):
        (folder / "photos" / name).write_text("no picture")
    assert zoo("pack", "folder:photos", "--out", "packed") == 0
    assert "8 of 10 pictures" in capfd.readouterr().out
    assert len(caplog.messages) == 2 and "3.png" in caplog.text and "7.png" in caplog.text
    assert np.asarray(open_source("tfrecord:packed").image(3)).max() == 100  # the fifth picture


def test_the_data_sets_of_data_dir_are_found(folder, data, capfd):
    options = ("--data-dir", str(data / "tfds"))
    assert zoo("pack", "tfds:mnist:test[:50]", "--out", "mnist", *options) == 0
    assert "50 of 50" in capfd.readouterr().out
    labels = open_source("tfds:mnist:test", data_dir=str(data / "tfds"))
    packed = open_source("tfrecord:mnist")
    assert [packed.label(index) for index in range(50)] == [labels.label(index) for index in range(50)]
    assert zoo("train", "cgan", "--data", "tfds:mnist:test", *options, "--preset", "tiny", "--steps", "1", "--out", "run") == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["folder:photos", "--out", "photos"], ["photos", "exists"]),
        (["folder:nowhere", "--out", "x"], ["nowhere"]),
        (["photos", "--out", "x"], ["folder:photos"]),
        (["tfrecord:photos", "--out", "x"], ["no file matches"]),
        (["tfds:mnits", "--out", "x"], ["did you mean 'mnist'"]),
        (["folder:photos", "--out", "x", "--shards", "11"], ["10 pictures", "11 files"]),
        (["folder:photos", "--out", "photos/0.png/x"], ["cannot write photos/0.png/x"]),
        (["folder:bad", "--out", "x", "--shards", "1"], ["2 of 2 pictures are bad"]),
        (["folder:photos"], ["--out"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_use_gets_one_line_and_leaves_nothing(folder, arguments, words, capfd, caplog):
    (folder / "bad").mkdir()
    for name in ("a.png", "b.png"):
        (folder / "bad" / name).touch()
    before = sorted(folder.rglob("*"))
    assert_refused(zoo("pack", *arguments), capfd.readouterr().err, *words)
    assert sorted(folder.rglob("*")) == before


def test_the_second_of_two_packs_into_one_folder_is_refused(folder, capfd):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from zoo.training.sources import open_source; from zoo.training.tfrecord_source import write\n"
        "def slowly(indices):\n"
        "    for index in indices:\n"
        "        print(index, flush=True); sys.stdin.readline(); yield index\n"
        "write(open_source('folder:photos'), Path('packed'), track=slowly)"
    )
    first = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert first.stdout.readline() == "0\n"
    assert_refused(zoo("pack", "folder:photos", "--out", "packed"), capfd.readouterr().err, "another process is writing packed")
    first.communicate("\n" * 20)
    assert first.returncode == 0
    packed = open_source("tfrecord:packed", max_bad=0)
    assert [int(np.asarray(packed.image(index)).max()) for index in range(10)] == [25 * number for number in range(10)]
    assert sorted(path.name for path in folder.iterdir()) == ["packed", "photos"]


def test_a_picture_that_cannot_be_read_now_stops_it(folder, capfd, monkeypatch):
    """It is not left out for ever because it was not there for a moment."""
    lost = folder / "photos" / "7.png"
    listed = sorted(Path("photos").iterdir())
    monkeypatch.setattr("zoo.training.sources.list_pictures", lambda root: listed)
    lost.unlink()
    assert_refused(zoo("pack", "folder:photos", "--out", "packed"), capfd.readouterr().err, "7.png")
    assert sorted(path.name for path in folder.iterdir()) == ["photos"]


def test_help_shows_an_example_and_imports_nothing_heavy():
    code = (
        "import sys; from zoo.cli.main import app\n"
        "try: app(['pack', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(bool({'numpy', 'tensorflow', 'keras', 'PIL', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "zoo pack folder:photos --out packed" in done.stdout
