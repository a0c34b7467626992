"""The command as a user meets it: every command in a real process once, real pictures, one-line errors."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli import in_process
from tests.models import sample
from zoo._registry import OURS
from zoo.cli.list import TOLD, described
from zoo.cli.main import app
from zoo.training.pictures import read_picture, write_picture

ROOT = Path(__file__).parents[2]
TRAIN = ("train", "fast_style", "--preset", "tiny", "--steps", "2", "--batch-size", "2", "--data", "samples:")


def zoo_command(*arguments, cwd=None, timeout=300):
    """Runs `zoo` in a process of its own."""
    command = [sys.executable, "-m", "zoo.cli.main", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout, env=environment, check=False)


def assert_refused(code, stderr, *words):
    """Exit code 2 and one line on stderr that holds the words."""
    assert code == 2, stderr
    lines = stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("zoo: "), stderr
    for word in words:
        assert str(word) in lines[0]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of two steps."""
    folder = tmp_path_factory.mktemp("run")
    write_picture(folder / "style.png", sample("coffee", 96))
    done = zoo_command(*TRAIN, "--set", "style=style.png", "--out", "run", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture(scope="module")
def exported(run):
    """Its export, float32, of any size."""
    out = run.parent / "export"
    done = zoo_command("export", run, "--out", out, "--precision", "float32", "--sizes", "dynamic,32", "--json")
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def test_run_directory_explains_itself(run):
    config = json.loads((run / "config.json").read_text())
    assert config["model"] == "fast_style"
    assert (run / "model.keras").is_file() and (run / "log.csv").is_file()
    assert list((run / "checkpoint").iterdir()) and list((run / "samples").glob("*.png"))
    assert list(run.rglob("events.out.tfevents.*"))


@pytest.mark.parametrize(
    "command", ["", "list", "train", "tune", "apply", "export", "verify", "bench", "serve", "release", "degrade", "demo"]
)
def test_help_shows_an_example_and_imports_nothing_heavy(command):
    code = (
        "import sys; from zoo.cli.main import app\n"
        f"try: app({[*command.split(), '--help']!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'tensorflow', 'keras', 'PIL', 'rich', 'onnxruntime'} & set(sys.modules)\n"
        "sys.exit(f'imports {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "zoo " in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("apply", "fast_stile/wave", "photo.png", "--out", "out.png"),
        ("sample", "cgan/minst", "--out", "out.png"),
        ("export", "fast_style/wafe", "--out", "out"),
        ("evaluate", "denoiser/grey", "--data", "samples:"),
        ("lint", "fast_stile"),
        ("train", "fast_stile", "--data", "samples:", "--out", "run"),
    ],
)
def test_a_list_and_a_wrong_name_load_no_keras(arguments, tmp_path):
    (tmp_path / "photo.png").write_bytes(b"not looked at")
    code = (
        "import sys; from zoo.cli.main import app\n"
        f"try: app({list(arguments)!r})\n"
        "except SystemExit: pass\n"
        "sys.exit('heavy' if {'tensorflow', 'keras'} & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert arguments == ("list",) or "did you mean" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_what_is_told_of_the_families_is_true():
    told = json.loads(TOLD.read_text(encoding="utf-8"))
    assert told == described(list(OURS)), "python -m zoo.cli.list writes zoo/families.json anew"


def test_list_names_the_families():
    done = zoo_command("list", "--json")
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["fast_style"]["signature"]["inputs"] == {"image": [None, None, None, 3], "strength": [None]}
    assert {"johnson", "mobile", "tiny"} <= set(rows["fast_style"]["presets"])


def test_export_writes_what_the_manifest_says(exported):
    out, manifest = exported
    assert manifest == json.loads((out / "manifest.json").read_text())
    assert {artifact["format"] for artifact in manifest["artifacts"]} == {"savedmodel", "litert", "onnx", "web"}
    assert all((out / artifact["path"]).exists() for artifact in manifest["artifacts"])
    assert (out / "report.html").is_file() and (out / "MODEL_CARD.md").is_file()


def test_verify_passes_then_notices_an_altered_file(exported, tmp_path):
    out, manifest = exported
    assert in_process.run("verify", out) == 0
    path = next(artifact["path"] for artifact in manifest["artifacts"] if artifact["path"].endswith(".onnx"))
    whole = (out / path).read_bytes()
    (out / path).write_bytes(whole[:-7] + b"altered")
    try:
        done = zoo_command("verify", out)
        assert done.returncode == 1 and f"{path}: altered since it was exported" in done.stderr
        assert "Traceback" not in done.stderr
    finally:
        (out / path).write_bytes(whole)


def test_every_artefact_gives_the_picture_that_keras_gives(run, exported, tmp_path):
    out, manifest = exported
    write_picture(tmp_path / "photo.png", sample("astronaut", 75)[:50])
    assert zoo_command("apply", run, tmp_path / "photo.png", "--out", tmp_path / "keras.png").returncode == 0
    expected = read_picture(tmp_path / "keras.png").rgb
    assert expected.shape == (50, 75, 3)
    dynamic = [artifact["path"] for artifact in manifest["artifacts"] if artifact["shape"] == "dynamic"]
    assert len(dynamic) == 4
    for number, path in enumerate(dynamic):
        target = tmp_path / f"{number}.png"
        done = zoo_command("apply", out / path, tmp_path / "photo.png", "--out", target)
        assert done.returncode == 0, done.stderr
        assert np.abs(read_picture(target).rgb - expected).max() < 1.5 / 255


def test_apply_keeps_orientation_and_transparency(run, tmp_path):
    pixels = (sample("astronaut", 64)[:40] * 255).astype("uint8")
    turned = Image.fromarray(pixels)
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "phone.jpg", exif=exif)
    alpha = np.full((40, 64, 1), 255, "uint8")
    alpha[:, :20] = 77
    Image.fromarray(np.concatenate([pixels, alpha], axis=-1)).save(tmp_path / "logo.png")
    assert in_process.run("apply", run, tmp_path, "--out", tmp_path / "out") == 0
    assert read_picture(tmp_path / "out" / "phone.jpg").rgb.shape == (64, 40, 3)
    np.testing.assert_array_equal(read_picture(tmp_path / "out" / "logo.png").alpha, alpha / np.float32(255))


def test_strength_0_gives_the_picture_back_and_colours_can_be_kept(run, tmp_path):
    write_picture(tmp_path / "photo.png", sample("astronaut", 48))
    assert in_process.run("apply", run, tmp_path / "photo.png", "--out", tmp_path / "same.png", "--strength", "0") == 0
    same = read_picture(tmp_path / "same.png").rgb
    np.testing.assert_array_equal(same, read_picture(tmp_path / "photo.png").rgb)
    assert in_process.run("apply", run, tmp_path / "photo.png", "--out", tmp_path / "kept.png", "--preserve-color") == 0
    chroma = [
        picture - picture @ np.array([[0.299] * 3, [0.587] * 3, [0.114] * 3])
        for picture in (same, read_picture(tmp_path / "kept.png").rgb)
    ]
    inside = (read_picture(tmp_path / "kept.png").rgb > 0.01).all(-1) & (read_picture(tmp_path / "kept.png").rgb < 0.99).all(-1)
    np.testing.assert_allclose(chroma[0][inside], chroma[1][inside], atol=2 / 255)


def test_a_folder_goes_on_past_a_bad_picture_and_says_so(run, tmp_path, capfd):
    folder = tmp_path / "in"
    folder.mkdir()
    write_picture(folder / "good.png", sample("astronaut", 32))
    (folder / "bad.jpg").write_text("not a picture")
    assert in_process.run("apply", run, folder, "--out", tmp_path / "out") == 2 and "bad.jpg" in capfd.readouterr().err
    assert (tmp_path / "out" / "good.png").is_file()


def test_one_pixel_is_a_picture(run, tmp_path):
    write_picture(tmp_path / "dot.png", np.full((1, 1, 3), 0.5, "float32"))
    assert in_process.run("apply", run, tmp_path / "dot.png", "--out", tmp_path / "out.png") == 0
    assert read_picture(tmp_path / "out.png").rgb.shape == (1, 1, 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trian"], ["did you mean 'train'"]),
        (["train", "fast_stile", "--data", "samples:", "--out", "x"], ["did you mean 'fast_style'"]),
        ([*TRAIN, "--out", "x", "--set", "widht=3"], ["did you mean 'width'"]),
        ([*TRAIN, "--out", "x", "--set", "width=wide"], ["width=wide"]),
        ([*TRAIN, "--out", "x", "--set", "style=nowhere.jpg"], ["nowhere.jpg"]),
        ([*TRAIN, "--out", "x"], ["--set style="]),
        (["train", "fast_style", "--preset", "huge", "--data", "samples:", "--out", "x"], ["preset"]),
        (["train", "fast_style", "--data", "folder:nowhere", "--out", "x", "--set", "style=style.png"], ["nowhere"]),
        (["train", "fast_style", "--data", "folder:empty", "--out", "x", "--set", "style=style.png"], ["empty"]),
        (["train", "fast_style", "--data", "pictures", "--out", "x", "--set", "style=style.png"], ["folder:pictures"]),
        (["apply", "nowhere.keras", "style.png", "--out", "y.png"], ["nowhere.keras"]),
        (["apply", "style.png", "style.png", "--out", "y.png"], ["style.png"]),
        (["apply", "run", "nowhere.png", "--out", "y.png"], ["nowhere.png"]),
        (["apply", "run", "style.png", "--out", "style.png"], ["style.png", "exists"]),
        (["apply", "run", "style.png", "--out", "y.xyz"], ["xyz"]),
        (["apply", "run", "style.png", "--out", "y.png", "--strength", "2"], ["strength"]),
        (["apply", "run", "style.png", "--out", "y.png", "--style", "4"], ["--style"]),
        (["export", "run", "--out", "run"], ["exists"]),
        (["export", "run", "--out", "z", "--to", "coreml"], ["coreml"]),
        (["export", "run", "--out", "z", "--sizes", "huge"], ["huge"]),
        (["export", "run", "--out", "z", "--images", "folder:empty"], ["empty"]),
        (["verify", "run"], ["manifest.json"]),
        (["verify", "nowhere"], ["nowhere"]),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else None,
)
def test_wrong_use_gets_one_line_and_leaves_nothing(run, arguments, words, monkeypatch, capfd):
    folder = run.parent
    (folder / "empty").mkdir(exist_ok=True)
    monkeypatch.chdir(folder)
    before = sorted(folder.rglob("*"))
    with pytest.raises(SystemExit) as exit:
        app(arguments)
    assert_refused(exit.value.code, capfd.readouterr().err, *words)
    assert sorted(folder.rglob("*")) == before


def test_the_traceback_comes_with_debug_only(capfd):
    for debug in ([], ["--debug"]):
        assert in_process.run(*debug, "verify", "nowhere") == 2
        assert ("Traceback" in capfd.readouterr().err) == bool(debug)


def test_control_c_during_export_leaves_nothing(run):
    out = run.parent / "interrupted"
    before = sorted(run.parent.iterdir())
    command = [sys.executable, "-m", "zoo.cli.main", "export", str(run), "--out", str(out)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while sorted(run.parent.iterdir()) == before and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 130, stderr
    assert sorted(run.parent.iterdir()) == before
