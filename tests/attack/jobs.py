"""The commands that write, each in a process that can be killed: trainings, exports, folders of pictures, packs."""

import contextlib
import dataclasses
import io
import json
import multiprocessing
import os
import resource
import shutil
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.attack.outcomes import state_of
from tests.models import sample

FAMILIES = ("denoiser", "super_resolution", "unet_inpainter", "vae", "dcgan")
APPLIED = FAMILIES[:2]  # which take a picture alone
STEPS, PICTURES, PACKED = 8, 24, 400
SECONDS = 600  # after which a process counts as hung


@dataclasses.dataclass(frozen=True)
class Job:
    """A command: `arguments` of `zoo` with what it writes in the place of `OUT`.

    `whole` raises where something that is there is half written; `content` is what must be the same however often it was
    interrupted.
    """

    name: str
    arguments: tuple[str, ...]
    whole: Callable[[Path], None]
    content: Callable[[Path], Any]

    def start(self, out: Path, log: Path, most_bytes: int | None = None) -> Any:
        """The running process, whose words go to the file `log`; `most_bytes` is the largest file that it may write."""
        arguments = [str(out) if argument == "OUT" else argument for argument in self.arguments]
        process = _server().Process(target=_run, args=(arguments, str(log), most_bytes))
        process.start()
        return process

    def finish(self, out: Path, log: Path, most_bytes: int | None = None) -> int | None:
        """The exit code; None where it hung, and was killed."""
        process = self.start(out, log, most_bytes)
        process.join(SECONDS)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        return code


def jobs_in(folder: Path) -> list[Job]:
    """A training and an export of every family, a folder of pictures for those that take pictures, and a pack.

    What they read is written into `folder`: pictures, and a model of each family.
    """
    (folder / "mine.txt").write_text("mine")
    pictures, few = folder / "pictures", folder / "few"
    for place, count in ((pictures, PACKED), (few, PICTURES)):
        place.mkdir()
        picture = (255 * sample("astronaut", 160)).astype("uint8")
        for number in range(count):
            left, top = number % 20, number // 20
            Image.fromarray(picture[top : top + 64, left : left + 64]).save(place / f"{number:03}.png")
    made = []
    for family in FAMILIES:
        every = ("--steps", str(STEPS), "--batch-size", "4", "--log-every", "1", "--checkpoint-every", "1")
        train = ("train", family, "--preset", "tiny", "--data", f"folder:{few}", *every, "--out", "OUT", "--resume")
        made.append(Job(f"train {family}", train, _whole_files, _trained))
    models = folder / "models"
    models.mkdir()
    for family in FAMILIES:
        model = models / f"{family}.keras"
        _save(family, model)
        kinds = ("--to", "savedmodel,litert", "--precision", "float32", "--sizes", "dynamic")
        made.append(Job(f"export {family}", ("export", str(model), *kinds, "--out", "OUT"), _whole_export, _exported))
    for family in APPLIED:
        apply = ("apply", str(models / f"{family}.keras"), str(few), "--skip-existing", "--out", "OUT")
        made.append(Job(f"apply {family}", apply, _whole_files, state_of))
    made.append(Job("pack", ("pack", f"folder:{pictures}", "--shards", "3", "--out", "OUT"), _whole_pack, state_of))
    return made


def fault_of(check: Callable[[], Any]) -> str:
    """What the check raises, or "" for nothing."""
    try:
        check()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def said(log: Path) -> str:
    return log.read_text(errors="backslashreplace") if log.exists() else ""


def is_refusal(code: int | None, words: str) -> bool:
    """Whether a command was ended by one line that it meant to say."""
    lines = words.strip().split("\n")
    return code in (1, 2) and lines[-1].startswith("zoo: ") and "Traceback" not in words and "Error: " not in lines[-1]


def _server() -> Any:
    """Starts processes out of one that has imported TensorFlow and has not used it, in a second in place of ten."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "keras", "zoo.cli.main", "zoo.training.run", "zoo.export.export"])
    return context


def _run(arguments: list[str], log: str, most_bytes: int | None) -> None:
    """Runs in the new process: `zoo` as it is started by its users, with a terminal's two streams in a file."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if most_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    for name, stream in (("stdout", 1), ("stderr", 2)):
        setattr(sys, name, io.TextIOWrapper(io.FileIO(stream, "w"), "utf-8", "backslashreplace", write_through=True))
    from zoo.cli.main import app

    app(arguments)


def _save(family: str, file: Path) -> None:
    import zoo

    zoo.create(family, preset="tiny").save(file)


def _whole_files(out: Path) -> None:
    """Those that are written at one go; logs grow, and may end within a line."""
    for file in sorted(out.rglob("*")) if out.is_dir() else []:
        if file.name.startswith(".part-") or not file.is_file():
            continue
        if file.suffix == ".json":
            json.loads(file.read_text())
        elif file.suffix in (".npz", ".keras"):
            with zipfile.ZipFile(file) as archive:
                assert archive.testzip() is None, file
        elif file.suffix == ".png":
            with Image.open(file) as picture:
                picture.load()


def _whole_export(out: Path) -> None:
    from zoo.export.manifest import check_listed, read_manifest, unlisted_files

    if os.path.lexists(out):
        manifest = read_manifest(out)
        check_listed(manifest, out, manifest.recorded)
        others = {*unlisted_files(manifest, out)} - {"manifest.json", "MODEL_CARD.md", "serving/models.config"}
        assert not others, others


def _whole_pack(out: Path) -> None:
    if os.path.lexists(out):
        from zoo.training.sources import open_source

        source = open_source(f"tfrecord:{out}")
        assert len(source) == PACKED
        for index in range(0, PACKED, 50):
            assert source.picture(index).shape == (64, 64, 3)


def _trained(out: Path) -> Any:
    """The weights to the last bit, and the steps that were logged."""
    import h5py

    contents: dict[str, Any] = {}

    def keep(name: str, part: Any) -> None:
        if isinstance(part, h5py.Dataset):
            contents[name] = np.asarray(part).tobytes()

    with zipfile.ZipFile(out / "model.keras") as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as weights:
        weights.visititems(keep)
    steps = [line.partition(",")[0] for line in (out / "log.csv").read_text().splitlines()]
    return contents, steps


def _exported(out: Path) -> Any:
    from zoo.export.manifest import read_manifest

    manifest = read_manifest(out)
    return manifest.passed, sorted(manifest.recorded), manifest.weights_sha256


def cleared(out: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(out)


def left_behind(out: Path) -> list[str]:
    """What lies beside and in a finished output that is not its business: temporary files and locks."""
    names = {path.name for path in out.parent.iterdir()} - {out.name, "mine.txt"}
    return sorted(names | {path.name for path in out.rglob(".*") if path.name.startswith((".part-", ".lock"))})


def timed(job: Job, out: Path, log: Path) -> tuple[float, Any]:
    """Seconds of an undisturbed run, and what it wrote, which is removed again."""
    started = time.monotonic()
    code = job.finish(out, log)
    seconds = time.monotonic() - started
    assert code == 0, f"{job.name}: {said(log)[-2000:]}"
    content = job.content(out)
    cleared(out)
    return seconds, content
