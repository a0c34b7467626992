"""What each file of an export says of itself: the model, its data and licence, its signature; read back from the file alone."""

import importlib.metadata
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from zoo import roles
from zoo.export import openvino_format
from zoo.export.files import inside, read_bytes
from zoo.export.manifest import FLOORS
from zoo.roles import Role, Signature

MEMBER = "metadata.json"
MOST_BYTES = 1 << 20  # of it; compressed, a few kilobytes can stand for gigabytes
# Values of a role, in words, where least and largest do not say enough.
RANGES: Mapping[type[Role], str] = {
    roles.Latent: "standard normal",
    roles.Weights: "0 to 1, adding up to 1",
    roles.HoleMask: "0 or 1; 1 marks the hole",
}
# What only people know of a model: key -> what to write where nothing is known.
ASKED = {
    "data": "what it was trained on, and under which terms",
    "licence": "the licence of the weights",
    "limits": "what it does badly, and what it must not be used for",
}


def value_range(role: Role) -> str:
    """The values that the tensor may have, in words."""
    if type(role) in RANGES:
        return RANGES[type(role)]
    return f"{role.range[0]:g} to {role.range[1]:g}" if role.range else "any"


def signatures(facts: Mapping[str, str]) -> dict[str, Signature]:
    """What the facts of a file say that it takes and gives, by signature name; nothing for a file made elsewhere.

    Raises:
        ValueError: the roles are not written as `facts_of` writes them.
    """
    try:
        return {name: Signature.from_json(written) for name, written in json.loads(facts.get("signatures", "{}")).items()}
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"its metadata holds no roles of this version ({error}); export it again") from error


def facts_of(model: str, signatures: Mapping[str, Signature], weights_sha256: str, about: Mapping[str, str]) -> dict[str, str]:
    """Everything that is true of all files of an export. `about` holds task, paper, and what is known of `ASKED`."""
    signature = next(iter(signatures.values()))
    sides = {"inputs": signature.inputs, "outputs": signature.outputs}
    return {
        "model": model,
        **about,
        **{side: "; ".join(_described(role) for role in tensors.values()) for side, tensors in sides.items()},
        "signatures": json.dumps({name: each.to_json() for name, each in signatures.items()}),
        "weights_sha256": weights_sha256,
        "made_with": f"keras-image-zoo {importlib.metadata.version('keras-image-zoo')}",
        "card": "MODEL_CARD.md and manifest.json of the export that this file comes from",
    }


def _described(role: Role) -> str:
    default = "" if role.default is None else f", {role.default} unless given"
    return f"{role.name}: {role.dtype} [{', '.join(map(str, role.shape))}], {value_range(role)}{default}"


def parity_fact(precision: str) -> dict[str, str]:
    """The floor that the file was measured against; the figures themselves are in the manifest, which holds the file's hash."""
    floor = FLOORS[precision]
    words = f"at most {floor:g} of largest difference" if precision == "float32" else f"at least {floor:g} dB of PSNR"
    return {"precision": precision, "parity_floor": f"{words} to the Keras model; measured in manifest.json"}


def write(path: Path, facts: Mapping[str, str]) -> None:
    """Puts the facts into an artefact: ONNX metadata_props; a ZIP at the end of a .tflite, where LiteRT's own tools keep
    associated files (`unzip -p model.tflite metadata.json`); a SavedModel's assets.extra; the rt_info of an OpenVINO .xml.
    What computes is not touched."""
    if path.is_dir():
        (path / "assets.extra").mkdir(exist_ok=True)
        (path / "assets.extra" / MEMBER).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    elif path.suffix == ".onnx":
        import onnx

        model = onnx.load(path)
        onnx.helper.set_model_props(model, dict(facts))
        path.write_bytes(model.SerializeToString())
    elif path.suffix == ".tflite":
        with zipfile.ZipFile(path, "a") as archive:  # the date is fixed, so that the same export gives the same bytes
            archive.writestr(zipfile.ZipInfo(MEMBER), json.dumps(facts, indent=2))
    elif path.suffix == ".xml":
        openvino_format.write_facts(path, facts)


def read(path: Path) -> dict[str, str]:
    """The facts of an artefact; nothing where it has none, such as one made elsewhere."""
    if path.is_dir():
        file = next(iter(sorted(path.rglob(f"assets.extra/{MEMBER}"), reverse=True)), None)
        return _facts(read_bytes(inside(path, file.relative_to(path).as_posix()), MOST_BYTES)) if file else {}
    if path.suffix == ".onnx":
        import onnx

        return {entry.key: entry.value for entry in onnx.load(path, load_external_data=False).metadata_props}
    if path.suffix == ".tflite" and zipfile.is_zipfile(path):
        return _facts(_member(path))
    return openvino_format.facts(openvino_format.read(path)) if path.suffix == ".xml" else {}


def _member(path: Path) -> bytes:
    """As much of it as is allowed, and one byte; an empty object where there is none. Raises ValueError for a damaged archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            if MEMBER not in archive.namelist():
                return b"{}"
            with archive.open(MEMBER) as member:
                return member.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:  # what zipfile raises
        raise ValueError(f"{path}: the description at its end is damaged: {' '.join(str(error).split())}") from error


def _facts(content: bytes) -> dict[str, str]:
    """Raises ValueError for what is too large, nested without end, or no texts by name."""
    try:
        facts = json.loads(content) if len(content) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict) or not all(isinstance(value, str) for value in facts.values()):
        raise ValueError(f"{MEMBER} in it holds no description of a model")
    return facts
