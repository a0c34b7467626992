"""Odd manifests, configurations and model files, opened in a process beside this one, so that its end is seen."""

import json
import os
import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.attack.beside import Beside, Outcome
from tests.attack.mutations import damaged, odd_json
from tests.attack.outcomes import Counts, state_of
from tests.export.networks import generator, pictures
from zoo.export.export import export_model

SECONDS = 120
MODELS = ("model.keras", "litert/g-dynamic-float32.tflite", "onnx/g-dynamic-float32.onnx", "savedmodel/g/1/saved_model.pb")
TEXTS = ("manifest.json", "serving/models.config")


def attack(folder: Path, count: int, seed: int) -> Counts:
    """Opens `count` files below `folder`, which is empty: half of them models, half of them what describes models."""
    whole = folder / "whole"
    export_model(
        generator(),
        whole,
        name="g",
        formats=("savedmodel", "litert", "onnx", "web"),
        precisions=("float32",),
        pictures=pictures(),
    )
    counts, place = Counts("manifests and model files"), folder / "odd"
    (folder / "secret.keras").write_bytes((whole / "model.keras").read_bytes())
    before, beside = state_of(folder), Beside(opening, SECONDS)
    for index in range(count):
        chance = random.Random(f"{seed} files {index}")
        shutil.rmtree(place, ignore_errors=True)
        job, name = odd_export(whole, place, chance)
        outcome, words = beside.outcome(job)
        counts.add(outcome, f"{index} {name} {job[0]}: {words}")
    beside.close()
    shutil.rmtree(place, ignore_errors=True)
    if state_of(folder) != before:
        counts.add("outside", "a file beside the odd ones changed")
    return counts


def odd_export(whole: Path, place: Path, chance: random.Random) -> tuple[tuple[str, str], str]:
    """Writes something odd to `place`; gives what is to be done with it and which file it is."""
    if chance.random() < 0.5:
        shutil.copytree(whole, place)
        name = chance.choice(TEXTS)
        path = place / name
        content = path.read_bytes()
        chosen = odd_json(json.loads(content), chance) if name == "manifest.json" and chance.random() < 0.7 else None
        path.write_bytes(chosen or damaged(content, chance))
        return ("export", str(place)), name
    name = chance.choice(MODELS)
    if chance.random() < 0.2:  # where its manifest is, which says that it was altered
        shutil.copytree(whole, place)
        path = place / name
        path.write_bytes(damaged(path.read_bytes(), chance) + b" ")
        return ("listed", str(path.parent if path.suffix == ".pb" else path)), name
    path = place / Path(name).name
    place.mkdir()
    if path.suffix == ".pb":
        shutil.copytree((whole / name).parent, place, dirs_exist_ok=True)
    content = (whole / name).read_bytes()
    path.write_bytes(odd_archive(content, chance, place) if path.suffix == ".keras" else damaged(content, chance))
    return ("model", str(place if path.suffix == ".pb" else path)), name


def odd_archive(content: bytes, chance: random.Random, place: Path) -> bytes:
    """A `.keras` file with an odd member, since damage to the archive itself is nearly always found by its checksum."""
    if chance.random() < 0.3:
        return damaged(content, chance)
    first, second = place / "first.zip", place / "second.zip"
    first.write_bytes(content)
    with zipfile.ZipFile(first) as old, zipfile.ZipFile(second, "w") as new:
        chosen = chance.choice(old.namelist())
        for name in old.namelist():
            member = old.read(name)
            if name == chosen:
                odd_member = name.endswith(".json") and chance.random() < 0.8
                member = odd_json(json.loads(member), chance) if odd_member else damaged(member, chance)
            new.writestr(name, member)
    changed = second.read_bytes()
    first.unlink()
    second.unlink()
    return changed


def opening() -> Callable[[tuple[str, str]], Outcome]:
    """Gives the function that opens what it is told to, in the process beside."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    from zoo.cli.quiet import import_tensorflow

    import_tensorflow()
    ways: dict[str, Callable[[str], str]] = {"export": _export, "model": _model, "listed": _listed}

    def opened(job: tuple[str, str]) -> Outcome:
        kind, path = job
        words = ways[kind](path)
        return ("outside", words) if words.startswith("ran") else ("clean", words)

    return opened


def _export(path: str) -> str:
    """What `zoo verify` and `zoo serve` read before they run anything, and what is then served."""
    from zoo.export.manifest import fault_of, read_manifest, unlisted_files
    from zoo.export.serving.preview import Limits, open_preview

    directory = Path(path)
    manifest = read_manifest(directory)
    for name in manifest.recorded:
        fault_of(manifest, directory, name)
    unlisted_files(manifest, directory)
    open_preview(directory, Limits()).close()
    return "served"


def _listed(path: str) -> str:
    from zoo.export.runtimes import load

    load(path)
    return "ran what was altered"


def _model(path: str) -> str:
    """Opened and run as `zoo apply` does, and described as in a picture that it makes."""
    from zoo.export.provenance import provenance, source_type
    from zoo.export.runtimes import load
    from zoo.export.signature import example_inputs

    runtime = load(path, threads=1, trust=True)
    provenance(source_type(runtime.signature), {"model": "odd", **runtime.facts})
    inputs = example_inputs(runtime.signature, pictures()[:1])
    try:
        runtime(**inputs)
    except Exception as error:  # each runtime has its own classes for what it cannot compute; the command says it in one line
        return f"not run: {type(error).__name__}"
    return "opened"
