"""`zoo apply` on large pictures, on videos and on frames."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import zoo
from tests.cli.in_process import run
from tests.models import sample
from tests.training.test_video import read_video, write_video
from zoo.cli import tile
from zoo.export import tiling
from zoo.export.export import export_model
from zoo.export.runtimes import KerasRuntime, load
from zoo.training.pictures import read_picture, write_picture

ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to work in, with one photograph."""
    monkeypatch.chdir(tmp_path)
    write_picture(tmp_path / "photo.png", sample("astronaut", 200)[:150])
    return tmp_path


def saved(name, **config):
    zoo.create(name, preset="tiny", **config).save("model.keras")


def pixels(name):
    with Image.open(name) as image:
        return np.asarray(image).astype(int)


@pytest.mark.parametrize("options", [(), ("--preserve-color", "--strength", "0.5")])
def test_tiles_give_the_same_file(here, options):
    saved("fast_style")
    alpha = np.ones((150, 200, 1), "float32")
    alpha[:20] = 0.25
    write_picture(here / "logo.png", sample("astronaut", 200)[:150], alpha)
    assert run("apply", "model.keras", "logo.png", "--out", "whole.png", *options) == 0
    assert run("apply", "model.keras", "logo.png", "--out", "tiles.png", "--tile", 64, *options) == 0
    assert np.abs(pixels("whole.png") - pixels("tiles.png")).max() <= 1
    assert pixels("tiles.png").shape == (150, 200, 4)
    assert sorted(file.name for file in here.iterdir()) == ["logo.png", "model.keras", "photo.png", "tiles.png", "whole.png"]


def test_a_large_picture_is_tiled_by_itself_where_it_can_be(here, monkeypatch):
    """And computed whole where it is small, or where the file looks at the whole picture at once."""
    tiled = []
    original = tiling.run_by_tiles

    def counted(runtime, *arguments):
        tiled.append(runtime.path.suffix)
        return original(runtime, *arguments)

    monkeypatch.setattr(tiling, "run_by_tiles", counted)
    saved("super_resolution", factor=2)
    assert run("apply", "model.keras", "photo.png", "--out", "whole.png") == 0
    assert tiled == []
    monkeypatch.setattr(tile, "LARGE", 4 * 150 * 200 - 1)
    assert run("apply", "model.keras", "photo.png", "--out", "tiles.png") == 0
    assert tiled == [".keras"]
    assert np.abs(pixels("whole.png") - pixels("tiles.png")).max() <= 1
    saved("fast_style")
    options = ["--to", "onnx", "--precision", "float32", "--sizes", "dynamic"]
    assert run("export", "model.keras", "--out", "export", *options) == 0
    monkeypatch.setattr(tile, "LARGE", 1000)
    file = "export/onnx/fast_style-dynamic-float32.onnx"
    assert run("apply", file, "photo.png", "--out", "styled.png") == 0
    assert tiled == [".keras", ".onnx"] and pixels("styled.png").shape == (150, 200, 3)


def test_tiles_of_gray_models_of_holes_and_of_enlargements(here):
    saved("denoiser", channels=1)
    assert run("apply", "model.keras", "photo.png", "--out", "gray.jpg", "--tile", 64) == 0
    saved("unet_inpainter")
    mask = np.zeros((150, 200, 3), "float32")
    mask[60:90, 50:120] = 1
    write_picture(here / "mask.png", mask)
    assert run("apply", "model.keras", "photo.png", "--mask", "mask.png", "--out", "whole.png") == 0
    assert run("apply", "model.keras", "photo.png", "--mask", "mask.png", "--out", "filled.png", "--tile", 64) == 0
    assert np.abs(pixels("whole.png") - pixels("filled.png")).max() <= 1
    saved("super_resolution")
    assert run("apply", "model.keras", "photo.png", "--out", "large.png", "--tile", 64) == 0
    assert pixels("large.png").shape == (300, 400, 3)


def test_a_video_keeps_its_times_and_its_sound(here, capfd):
    saved("fast_style")
    write_video(here / "in.mp4", frames=5, times=[0, 100, 250, 300, 480])
    assert run("apply", "model.keras", "in.mp4", "--out", "out.mp4") == 0
    assert "out.mp4: 5 frames at " in capfd.readouterr().out
    pictures, times, sound = read_video("in.mp4")
    made, made_times, made_sound = read_video("out.mp4")
    assert made_sound == sound
    np.testing.assert_allclose(made_times, times, atol=1e-3)
    write_picture(here / "frame.png", pictures[2] / np.float32(255))
    assert run("apply", "model.keras", "frame.png", "--out", "styled.png") == 0
    assert np.abs(made[2] - pixels("styled.png")).mean() < 5


def test_neighbouring_frames_go_in_together(here, capfd):
    """A model of three frames, on a video and on a folder whose frames are ordered by number."""
    saved("super_resolution", frames=3)
    model = zoo.load("model.keras")
    frames = [sample(name, 32) for name in ("astronaut", "coffee", "chelsea")]
    (here / "frames").mkdir()
    for number, frame in zip((8, 9, 10), frames, strict=True):
        write_picture(here / "frames" / f"{number}.png", frame)
    assert run("apply", "model.keras", "frames", "--out", "large") == 0
    stack = np.concatenate([frames[1], frames[2], frames[2]], axis=-1)[None]
    expected = model.inference_model()({"image": stack})["output_image"][0]
    np.testing.assert_allclose(read_picture("large/10.png").rgb, expected, atol=1 / 255)
    write_video(here / "in.mp4", size=(32, 48), frames=3)
    assert run("apply", "model.keras", "in.mp4", "--out", "large.mp4") == 0
    assert [picture.shape for picture in read_video("large.mp4")[0]] == [(64, 96, 3)] * 3
    write_picture(here / "frames" / "9b.png", sample("coffee", 40))
    capfd.readouterr()
    assert run("apply", "model.keras", "frames", "--out", "again") == 2
    assert "neighbouring frames of one size" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["in.mp4", "--out", "photo.png"], "photo.png exists"),
        (["in.mp4", "--out", "out.png"], "a video's name ends in"),
        (["in.mp4", "photo.png", "--out", "out"], "a video is taken alone"),
        (["in.mp4", "--out", "out.mp4", "--tile", "64"], "a video is taken alone"),
        (["photo.png", "--out", "out.mp4"], "pictures become pictures"),
        (["nowhere.mp4", "--out", "out.mp4"], "nowhere.mp4 does not exist"),
        (["text.mp4", "--out", "out.mp4"], "cannot turn the video text.mp4"),
        (["photo.png", "--out", "out.png", "--tile", "8"], "--tile"),
    ],
)
def test_wrong_use_gets_one_line_and_leaves_nothing(here, arguments, words, capfd):
    saved("fast_style")
    write_video(here / "in.mp4", frames=2, sound=False)
    (here / "text.mp4").write_text("not a video")
    before = sorted(here.rglob("*"))
    assert run("apply", "model.keras", *arguments) == 2
    stderr = capfd.readouterr().err.strip()
    assert words in stderr and len(stderr.splitlines()) == 1
    assert sorted(here.rglob("*")) == before


def test_without_the_extra_a_video_names_it(here, capfd, monkeypatch):
    saved("fast_style")
    write_video(here / "in.mp4", frames=2, sound=False)
    monkeypatch.setitem(sys.modules, "av", None)
    assert run("apply", "model.keras", "in.mp4", "--out", "out.mp4") == 2
    assert "pip install 'keras-image-zoo[video]'" in capfd.readouterr().err


def folder_of(here, count=3):
    (here / "photos").mkdir()
    for number in range(count):
        write_picture(here / "photos" / f"{number}.png", sample("astronaut", 32 + 16 * number))


def test_a_folder_goes_on_past_a_picture_that_takes_too_much_memory(here):
    """A real runtime, in a process whose memory ends at 300 MB more than one small picture took."""
    model = zoo.create("fast_style", preset="tiny")
    pictures = [sample("astronaut", 96)] * 8
    export_model(model, "exports", name="m", formats=("onnx",), precisions=("float32",), pictures=pictures)
    folder_of(here)
    Image.new("RGB", (2500, 2500)).save(here / "photos" / "1.png")
    code = (
        "import os, resource, sys; from tests.cli.in_process import run\n"
        "run('apply', sys.argv[1], 'photo.png', '--out', 'first.png', '--threads', 1)\n"
        "size = int(open('/proc/self/statm').read().split()[0]) * os.sysconf('SC_PAGE_SIZE') + 300_000_000\n"
        "resource.setrlimit(resource.RLIMIT_AS, (size, size))\n"
        "sys.exit(run('apply', sys.argv[1], 'photos', '--out', 'styled', '--threads', 1))"
    )
    command = [sys.executable, "-c", code, "exports/onnx/m-dynamic-float32.onnx"]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 2 and "2 of 3 pictures written" in done.stdout, done.stderr
    assert "skipped: photos/1.png: the memory is not enough for it; --tile 512 takes less" in done.stderr
    assert sorted(path.name for path in (here / "styled").iterdir()) == ["0.png", "2.png"]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[1,9,9,3]"),
        RuntimeError("[ONNXRuntimeError] : 1 : FAIL : bfc_arena.cc:360 Failed to allocate memory for requested buffer of size 9"),
        RuntimeError("XNNPack delegate failed to reshape runtimeNode number 240 (TfLiteXNNPackDelegate) failed to prepare."),
    ],
    ids=["NumPy", "TensorFlow", "onnxruntime", "LiteRT"],
)
def test_every_runtime_that_lacks_memory_says_so_in_one_way(here, monkeypatch, error):
    """What each raised with 500 MB left for a picture of 3000 x 3000 pixels."""

    def full(self, inputs):
        raise error

    saved("fast_style")
    runtime = load("model.keras")
    monkeypatch.setattr(KerasRuntime, "_run", full)
    inputs = {name: np.zeros([1 if isinstance(a, str) else a for a in t.shape]) for name, t in runtime.signature.inputs.items()}
    with pytest.raises(MemoryError, match=r"^model.keras: the memory is not enough for a batch of this size$"):
        runtime(**inputs)


def test_a_folder_goes_on_where_it_was_interrupted(here, capfd):
    saved("fast_style")
    folder_of(here)
    assert run("apply", "model.keras", "photos", "--out", "styled") == 0
    (here / "styled" / "1.png").unlink()
    before = (here / "styled" / "0.png").stat().st_mtime_ns
    assert run("apply", "model.keras", "photos", "--out", "styled") == 2
    assert "exists" in capfd.readouterr().err
    assert run("apply", "model.keras", "photos", "--out", "styled", "--skip-existing") == 0
    said = capfd.readouterr()
    assert "2 of 3 pictures are there already" in said.err and (here / "styled" / "0.png").stat().st_mtime_ns == before
    assert sorted(path.name for path in (here / "styled").iterdir()) == ["0.png", "1.png", "2.png"]
    assert run("apply", "model.keras", "photos", "--out", "styled", "--skip-existing") == 0
    assert "3 of 3 pictures are there already" in capfd.readouterr().err
