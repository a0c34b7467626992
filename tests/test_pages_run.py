"""The pages are run from top to bottom, in a folder of pictures, as somebody would who copies every line; only shorter.

README.md takes ten minutes of two busy cores: 27 commands, each a process of its own, and most of them import TensorFlow.
What a command took is printed beside it: `pytest -m long -s tests/test_pages_run.py -k README`.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from tests.models import sample
from tests.pages import ROOT, blocks, lines
from zoo.training.pictures import write_picture

pytestmark = pytest.mark.long
PAGES = ("README.md", "docs/guide.md", "docs/keras.md", "docs/apps.md", "docs/servers.md")
SAMPLES = ("astronaut", "coffee", "rocket", "chelsea")
PAINTINGS = ("wave.jpg", "mine.jpg", "mosaic.jpg", "painting.jpg")
PHOTOGRAPHS = ("photo.jpg", "photo.png", "evening.jpg", "panorama.jpg", "beach.jpg", *PAINTINGS)
NOT_RUN = {  # the beginning of a line, and why
    "pip install": "it is installed",
    "make ": "each sets up a machine; .ci/run calls them",
    "cd exports/wave/serving": "Docker",
}
SMALLER = {"size=768": "size=64", "dynamic,256,512": "dynamic,64,96", "dynamic,256": "dynamic,64"}
TAKES_A_RUN = ("docs/servers.md",)  # pages that begin where another one ends
BEGUN = "zoo train fast_style --preset tiny --data folder:photos --set style=wave.jpg --out runs/wave --steps 2"
# What the Python of a page takes from its reader.
NAMES = "import PIL.Image\npil_picture = PIL.Image.open('photo.jpg')\nimport numpy\narray = numpy.asarray(pil_picture)\n"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Small pictures under the names that the pages use."""
    folder = tmp_path_factory.mktemp("pages")
    for name in ("photos", "others", "holidays"):
        (folder / name).mkdir()
        for title in SAMPLES:
            picture = sample(title, 288)
            write_picture(folder / name / f"{title}.jpg", picture[:, ::-1] if name == "others" else picture)
    for number, name in enumerate(PHOTOGRAPHS):
        write_picture(folder / name, sample(SAMPLES[number % 4], 160))
    write_picture(folder / "small.jpg", sample("coffee", 48))
    hole = np.zeros((160, 160, 3), np.float32)
    hole[60:90, 60:90] = 1
    for name in ("wire.png", "hole.png"):
        write_picture(folder / name, hole)
    write_picture(folder / "cat_mask.png", np.ones((120, 120, 3), np.float32))
    write_picture(folder / "cat.png", np.concatenate([sample("chelsea", 120), np.full((120, 120, 1), 0.7, np.float32)], -1))
    scene = next(text for language, text in blocks(ROOT / "docs" / "guide.md") if language == "json")
    (folder / "scene.json").write_text(scene)
    _film(folder / "clip.mp4")
    return folder


def _film(file: Path) -> None:
    av = pytest.importorskip("av")
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width = stream.height = 96
        for step in range(3):
            picture = np.roll(sample("coffee", 96), 4 * step, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray((picture * 255).astype(np.uint8), format="rgb24")))
        container.mux(stream.encode())


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs(page, pictures, tmp_path, request):
    folder = tmp_path / "here"
    shutil.copytree(pictures, folder)
    if page in TAKES_A_RUN:
        _run(shlex.split(BEGUN), folder)
    written = list(blocks(ROOT / page))
    last = max((place for place, (language, _) in enumerate(written) if language == "python"), default=None)
    for place, (language, text) in enumerate(written):
        if place == last:
            program = "".join(code for kind, code in written[: place + 1] if kind == "python")
            _finish([sys.executable, "-c", NAMES + program], folder)
        if language:
            continue
        for line in lines(text):
            if not line.startswith(tuple(NOT_RUN)):
                words = shlex.split(line, comments=True)
                assert words[0] == "zoo", line
                _serve(words, folder) if words[1] == "serve" else _run(shortened(words, request), folder)


def shortened(words: list[str], request: pytest.FixtureRequest) -> list[str]:
    """The same command with two steps, a few examples, and small pictures and networks."""
    words = [SMALLER.get(word, word) for word in words]
    if "--start-from" not in words and "--preset" in words:
        words = ["tiny" if word == "mobile" else word for word in words]
    if words[1] in ("train", "tune"):
        words += ["--steps", "2"]
    if words[1] == "tune":
        words += ["--trials", "2"]
    if words[1] == "train":
        words += ["--batch-size", "2"]
    if words[1] == "evaluate":
        words += ["-n", "16"]
    if any(word.startswith("tfds:") for word in words):
        words += ["--data-dir", str(request.getfixturevalue("data") / "tfds")]
    return words


def _run(words: list[str], folder: Path) -> None:
    _finish([sys.executable, "-m", "zoo.cli.main", *words[1:]], folder)


def _finish(command: list[str], folder: Path) -> None:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    start = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1800, check=False)
    print(f"{time.monotonic() - start:6.1f} s  {shlex.join(command[1:])}")
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


def _serve(words: list[str], folder: Path) -> None:
    """Begins to serve, asks until there is an answer, and ends it as a person does."""
    command = [sys.executable, "-m", "zoo.cli.main", *words[1:], "--port", "0", "--grpc-port", "0"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said, deadline = "", time.monotonic() + 300
    assert process.stdout is not None
    while not (address := re.search(r"http://[\w.]+:\d+", said)):
        said += process.stdout.readline()
        assert process.poll() is None and time.monotonic() < deadline, said
    with urllib.request.urlopen(f"{address[0]}/", timeout=60) as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
