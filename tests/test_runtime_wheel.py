"""keras-image-zoo-runtime, which applies models without Keras: built, installed and run in an environment of its own."""

import os
import subprocess
import venv
import zipfile

import pytest
from PIL import Image

from release.runtime_wheel import build, configuration
from tests.models import sample
from tests.test_package import ROOT
from zoo.training.pictures import write_picture

MOST = 270_000_000  # bytes of the whole environment


def test_it_asks_for_no_framework():
    text = configuration((ROOT / "setup.cfg").read_text())
    assert "name = keras-image-zoo-runtime" in text and "onnxruntime >=" in text
    assert not any(f"\n\t{name} >=" in text for name in ("tensorflow", "keras", "scipy", "scikit-image", "tf2onnx"))
    assert "*.onnx" in text and "*.keras" not in text


@pytest.mark.long
def test_a_fresh_environment_applies_every_weight_and_says_what_needs_more(tmp_path):
    wheel = build(tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if name.endswith(".keras")] and wheel.stat().st_size < 40_000_000
    venv.create(tmp_path / "env", with_pip=True)
    zoo = tmp_path / "env" / "bin" / "zoo"
    install = [tmp_path / "env/bin/python", "-m", "pip", "install", "--quiet", wheel]
    subprocess.run(install, check=True, timeout=600, capture_output=True)
    files = (file for file in (tmp_path / "env").rglob("*") if file.is_file() and not file.is_symlink())
    assert sum(file.stat().st_size for file in files) <= MOST
    write_picture(tmp_path / "photo.png", sample("astronaut", 96))
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    def run(*arguments):
        command = [zoo, *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, env=environment)

    for number, words in enumerate((["fast_style/painters", "--style", "munch"], ["denoiser/color"], ["super_resolution/x2"])):
        done = run("apply", words[0], "photo.png", *words[1:], "--out", f"{number}.png")
        assert (done.returncode, done.stderr) == (0, "")
        with Image.open(tmp_path / f"{number}.png") as image:
            assert image.width in (96, 192)
    assert run("list").returncode == 0
    for words in (["sample", "cgan/mnist", "--out", "x.png"], ["train", "denoiser", "--data", "samples:", "--out", "x"]):
        done = run(*words)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "pip install keras-image-zoo" in done.stderr
    code = "import zoo; print(zoo.open('fast_style/painters')('photo.png', style='munch').shape)"
    command = [tmp_path / "env/bin/python", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, env=environment)
    assert done.stdout.strip() == "(96, 96, 3)", done.stderr
