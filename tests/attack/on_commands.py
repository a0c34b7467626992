"""Nonsense on the command line: every command with options, values, files and texts that do not belong there."""

import contextlib
import io
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
from PIL import Image

from tests.attack.beside import Beside, Outcome
from tests.attack.outcomes import Counts, state_of

SECONDS = 120
ROOT = Path(__file__).parents[2]
EVERY = 20  # so many commands in this process, one in a process of its own
LONG = ("demo",)  # what does much with no argument at all
WORDS = (
    "",
    " ",
    "-",
    "--",
    "-1",
    "0",
    "1e999",
    "nan",
    "9" * 400,
    "\x1b[2J\x1b]0;owned\x07",
    "two\nlines",
    "a" * 5000,
    "../../../../etc/passwd",
    "/dev/zero",
    "/dev/null",
    "/proc/self/mem",
    "[/x][bold red]",
    "$(touch owned)",
    "%s%n",
    "\udcff\udcfe",
    "\u202eevil",
    "@list.txt",
    "@missing.txt",
    "samples:",
    "folder:",
    "folder:missing",
    "folder:\x1b[2J",
    "tfds:../x",
    "tfrecord:.",
    "tfrecord:picture.png",
    "fast_style",
    "fast_style/wave",
    "fast_style/\x1b[2J",
    "neural_style",
    "compositor",
    "vae",
    "key=value",
    "size=-1",
    "size=1e400",
    "style=missing.png",
    "=",
    "dynamic,0",
    "256x",
    "float32,float99",
    "scene.json",
    "deep.json",
    "picture.png",
    "damaged.png",
    "text.txt",
    "folder",
    "loop",
    "pipe",
    "empty.keras",
    "damaged.onnx",
    "damaged.tflite",
)


def attack(folder: Path, count: int, seed: int) -> Counts:
    """`count` command lines, of which every twentieth starts a process of its own.

    Clean is 0, 1 or 2 with no traceback, no character that the terminal obeys, and one line of `zoo:` where it was refused.
    """
    here = folder / "here"
    prepared(here)
    (folder / "mine.txt").write_text("mine")
    counts, before = Counts("command lines"), state_of(folder)
    beside = Beside(commanding, SECONDS)
    for index in range(count):
        arguments = command_line(random.Random(f"{seed} commands {index}"))
        job = (str(here), arguments)
        outcome, words = in_a_process(job) if index % EVERY == 0 else beside.outcome(job)
        counts.add(outcome, f"{index} {arguments!r}: {words}")
        after = state_of(folder)
        if any(after.get(name) != digest for name, digest in before.items()):
            counts.add("outside", f"{index} {arguments!r}: what was there has changed")
        if new := sorted(name for name in after if name not in before and not name.startswith("here/")):
            counts.add("outside", f"{index} {arguments!r}: {new}")
        before |= after  # some do write what they were told to, in the folder that they were given in
    beside.close()
    return counts


def prepared(here: Path) -> None:
    """The folder in which the commands are given, with files that are not what they seem."""
    here.mkdir()
    (here / "folder").mkdir()
    (here / "folder" / "a\x1b[2J.png").write_bytes(b"no picture")
    (here / "text.txt").write_text("text")
    (here / "list.txt").write_text("picture.png\nmissing\x1b[2J.png\n")
    (here / "scene.json").write_text('{"canvas": [1e9, 1e9], "elements": [{"picture": "picture.png"}]}')
    (here / "deep.json").write_text("[" * 100_000)
    (here / "loop").symlink_to("loop")
    os.mkfifo(here / "pipe")
    Image.new("RGB", (24, 16), "red").save(here / "picture.png")
    (here / "damaged.png").write_bytes((here / "picture.png").read_bytes()[:-20])
    for name in ("empty.keras", "damaged.onnx", "damaged.tflite"):
        (here / name).write_bytes(b"" if name.startswith("empty") else b"\x1c\x00\x00\x00TFL3" * 9)


def command_line(chance: random.Random) -> list[str]:
    """A command that is there (nearly always) with odd arguments; its own options, if their values are odd."""
    from zoo.cli.main import app

    context = click.Context(app)
    names = sorted(set(app.list_commands(context)) - set(LONG))
    name = chance.choice(names) if chance.random() < 0.95 else chance.choice((*WORDS, "aply"))
    arguments = [name]
    params = getattr(app.get_command(context, name), "params", [])
    options = [option for option in params if isinstance(option, click.Option) and option.name != "watch"]  # which never ends
    for _ in range(chance.randint(0, 3)):
        arguments.append(chance.choice(WORDS))
    for option in chance.sample(options, min(len(options), chance.randint(0, 4))):
        arguments.append(option.opts[0])
        if not option.is_flag and chance.random() < 0.95:
            arguments.append("out/new.png" if option.name == "out" and chance.random() < 0.8 else chance.choice(WORDS))
    if name in ("train", "serve"):  # which would go on for long if all this made sense
        arguments.append(chance.choice(("--steps=0", "--batch-size=none")) if name == "train" else "--port=none")
    return [argument.replace("\0", "") for argument in arguments]


def in_a_process(job: tuple[str, list[str]]) -> Outcome:
    here, arguments = job
    command = [sys.executable, "-m", "zoo.cli.main", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        ended = subprocess.run(command, cwd=here, env=environment, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "hung", f"{SECONDS} s"
    return judged(ended.returncode, *(part.decode(errors="surrogateescape") for part in (ended.stdout, ended.stderr)))


def commanding() -> Callable[[tuple[str, list[str]]], Outcome]:
    """Gives the function that gives a command, in the process beside."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from zoo.cli.main import app
    from zoo.cli.quiet import import_tensorflow

    import_tensorflow()

    def command(job: tuple[str, list[str]]) -> Outcome:
        here, arguments = job
        os.chdir(here)
        code, output, errors = 0, io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            try:
                app(arguments)
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
        return judged(code, output.getvalue(), errors.getvalue())

    return command


def judged(code: int, output: str, errors: str) -> Outcome:
    """Whether a command ended as a command should."""
    words = f"exit {code}: {errors[-400:]!r}"
    if code < 0:
        return "crashed", words
    obeyed = [c for c in output + errors if not c.isprintable() and c not in "\n\t\r"]
    refused = [line for line in errors.splitlines() if line.startswith("zoo: ")]
    if code not in (0, 1, 2) or "Traceback" in errors or obeyed:
        return "raw", f"{obeyed} {words}"
    if code and (not refused or not errors.endswith("\n") or errors.splitlines()[-1] != refused[-1] or "Error: " in refused[-1]):
        return "raw", words
    return "clean", words
