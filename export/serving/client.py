"""Sends a picture to TensorFlow Serving (or to `zoo serve`) and writes the picture that comes back. Python's own library only.

    python client.py photo.jpg --out result.png --strength 0.8
    python client.py photo.jpg --out filled.png --mask hole.png
    python client.py photo.jpg --out painted.png --style painting.jpg
    python client.py photo.jpg --out painted.png --style munch:0.7 --style mosaic:0.3
    python client.py --out drawn.png --seed 7 --label 3

--help names the options of this model; generators are sent a latent drawn from the seed.
"""

import argparse
import base64
import difflib
import json
import random
import re
import struct
import sys
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

# The inputs of the model, by name, each with its role: written by `zoo export`.
ROLES: dict[str, dict[str, Any]] = {}

# What the picture then says of itself, by the type of its source in the words of IPTC, since a made-up picture can mislead.
GENERATED, EDITED, COMPOSITE = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "composite"
WORDS = {
    GENERATED: "Made by the model {} out of random numbers: nothing in it was seen by a camera.",
    EDITED: "Changed by the model {}: it does not show what a camera saw.",
    COMPOSITE: "Put together out of several pictures by the model {}: it does not show what a camera saw.",
}
SOURCES = {"latent": GENERATED, "layers": COMPOSITE}  # by role


def main() -> int:
    arguments = parsed()
    try:
        if Path(arguments.out).exists():
            raise ValueError(f"{arguments.out} exists; remove it or choose another --out")
        answer = sent(arguments)
        with Path(arguments.out).open("xb") as file:
            file.write(answer)
    except (OSError, ValueError) as error:
        # A server's answer may hold anything, and the terminal would obey it.
        print("client.py:", "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(error)), file=sys.stderr)
        return 2
    print(arguments.out)
    return 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="the PNG file to write; it must not exist")
    for role in ROLES.values():
        if role["role"] in ARGUMENTS:
            ARGUMENTS[role["role"]][0](parser, role)
    parser.add_argument("--no-provenance", action="store_true", help="leave out of the file that a model made it")
    parser.add_argument("--server", default="http://127.0.0.1:8501")
    parser.add_argument("--model", help="its name (default: that of models.config beside this file)")
    parser.add_argument("--version", type=int, help="a version (default: the newest)")
    parser.add_argument("--version-label", help="such as stable or canary")
    return parser.parse_args()


def sent(arguments: argparse.Namespace) -> bytes:
    """The PNG that the server gives for these arguments."""
    model = arguments.model or configured_name()
    address = f"{arguments.server.rstrip('/')}/v1/models/{urllib.parse.quote(model)}"
    if arguments.version_label:
        address += f"/labels/{urllib.parse.quote(arguments.version_label)}"
    elif arguments.version is not None:
        address += f"/versions/{arguments.version}"
    signatures = ask(f"{address}/metadata")["metadata"]["signature_def"]["signature_def"]
    name = "serve_bytes" if "serve_bytes" in signatures else "serving_default"
    inputs = {}
    for key in signatures[name]["inputs"]:
        role = ROLES.get(key) or ROLES.get(key.removesuffix("_bytes"))
        if role is None or role["role"] not in ARGUMENTS:
            raise ValueError(f"this client has no argument for the model's input {key}; it was written for another export")
        inputs[key] = ARGUMENTS[role["role"]][1](arguments, role)
    outputs = ask(f"{address}:predict", {"signature_name": name, "inputs": inputs})["outputs"]
    # One output comes without its name.
    first = outputs[next(iter(outputs))] if isinstance(outputs, dict) else outputs
    picture = base64.b64decode(first[0]["b64"]) if name == "serve_bytes" else png(first[0])
    return picture if arguments.no_provenance else with_text(picture, provenance(model))


def configured_name() -> str:
    path = Path(__file__).with_name("models.config")
    match = re.search(r"\bname:\s*[\"']([^\"']+)", path.read_text(encoding="utf-8")) if path.is_file() else None
    if match is None:
        raise ValueError("no models.config beside this file; name the model: --model NAME")
    return match.group(1)


def ask(address: str, body: Any = None) -> Any:
    """The JSON answer to a GET, or to a POST of `body`. Raises ValueError with the server's own message."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        try:
            text = json.loads(text)["error"]
        except (ValueError, KeyError, TypeError):
            text = text.strip() or str(error.reason)
        raise ValueError(f"the server answered {error.code}: {text}") from error
    except urllib.error.URLError as error:
        raise ValueError(f"cannot reach {address}: {error.reason}") from error


def picture_argument(parser: argparse.ArgumentParser, role: dict[str, Any]) -> None:
    parser.add_argument("picture", nargs="?", help=f"a JPEG or PNG file: {role['words']}")


def file_argument(parser: argparse.ArgumentParser, role: dict[str, Any]) -> None:
    parser.add_argument(f"--{role['name']}", metavar="FILE", help=f"a JPEG or PNG file: {role['words']}")


def share_argument(parser: argparse.ArgumentParser, role: dict[str, Any]) -> None:
    parser.add_argument(f"--{role['name']}", type=float, default=role["default"], help=f"{role['words']} (default: %(default)s)")


def weights_argument(parser: argparse.ArgumentParser, role: dict[str, Any]) -> None:
    names = ", ".join(role["names"])
    parser.add_argument(
        f"--{role['things']}",
        action="append",
        metavar="NAME[:WEIGHT]",
        help=f"one of {names}; several are blended",
    )


def choice_argument(parser: argparse.ArgumentParser, role: dict[str, Any]) -> None:
    parser.add_argument(f"--{role['name']}", default=role["names"][0], help=f"one of {', '.join(role['names'])}")


def seed_argument(parser: argparse.ArgumentParser, role: dict[str, Any]) -> None:
    parser.add_argument("--seed", type=int, default=0, help=f"of the {role['name']}")


def picture_value(arguments: argparse.Namespace, role: dict[str, Any]) -> list[Any]:
    if arguments.picture is None:
        raise ValueError("this model takes a picture: give a file")
    return encoded(arguments.picture)


def file_value(arguments: argparse.Namespace, role: dict[str, Any]) -> list[Any]:
    path = getattr(arguments, role["name"])
    if path is None:
        raise ValueError(f"this model takes a {role['name']}: give --{role['name']} FILE")
    return encoded(path)


def encoded(path: str) -> list[Any]:
    return [{"b64": base64.b64encode(Path(path).read_bytes()).decode()}]


def share_value(arguments: argparse.Namespace, role: dict[str, Any]) -> list[Any]:
    return [getattr(arguments, role["name"])]


def weights_value(arguments: argparse.Namespace, role: dict[str, Any]) -> list[Any]:
    asked = getattr(arguments, role["things"])
    if not asked:
        return [role["default"]]
    weights = [0.0] * len(role["names"])
    for part in asked:
        name, _, weight = part.partition(":")
        try:
            weights[place(role, name)] += float(weight or 1)
        except ValueError as error:
            raise ValueError(f"--{role['things']} {part}: {error}") from None
    if min(weights) < 0 or not sum(weights):
        raise ValueError(f"--{role['things']}: weights are above 0")
    return [[weight / sum(weights) for weight in weights]]


def choice_value(arguments: argparse.Namespace, role: dict[str, Any]) -> list[Any]:
    asked = getattr(arguments, role["name"])
    try:
        number = place(role, asked)
    except ValueError as error:
        raise ValueError(f"--{role['name']} {asked}: {error}") from None
    return [[float(number == index) for index in range(len(role["names"]))] if role["one_hot"] else number]


def place(role: dict[str, Any], name: str) -> int:
    """The number of what has that name, or that number."""
    names = role["names"]
    if name in names:
        return int(names.index(name))
    if name.isdigit() and int(name) < len(names):
        return int(name)
    near = difflib.get_close_matches(name, names, 1, 0.4)
    raise ValueError(f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}")


def latent_value(arguments: argparse.Namespace, role: dict[str, Any]) -> list[Any]:
    gauss = random.Random(arguments.seed).gauss
    return [[gauss(0, 1) for _ in range(role["length"])]]


# What each role is on the command line, and in a request: its option, and its value for a batch of one.
ARGUMENTS: dict[str, tuple[Callable[[Any, Any], None], Callable[[Any, Any], list[Any]]]] = {
    "photograph": (picture_argument, picture_value),
    "mask": (file_argument, file_value),
    "style_picture": (file_argument, file_value),
    "share": (share_argument, share_value),
    "weights": (weights_argument, weights_value),
    "latent": (seed_argument, latent_value),
    "choice": (choice_argument, choice_value),
}


def png(picture: list[list[list[float]]]) -> bytes:
    """A PNG of rows of pixels of 1, 3 or 4 numbers in [0, 1]."""
    kinds = {1: 0, 3: 2, 4: 6}
    rows = [bytes([0, *(min(255, max(0, round(value * 255))) for pixel in row for value in pixel)]) for row in picture]
    header = struct.pack(">IIBBBBB", len(picture[0]), len(picture), 8, kinds[len(picture[0][0])], 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def provenance(model: str) -> dict[str, str]:
    """Text for the picture, by its keyword in the PNG file."""
    kind = next((SOURCES[role["role"]] for role in ROLES.values() if role["role"] in SOURCES), EDITED)
    return {"Description": WORDS[kind].format(model), "DigitalSourceType": kind, "Model": model}


def with_text(picture: bytes, text: dict[str, str]) -> bytes:
    """The PNG file with text in it, after its header."""
    header = 33
    chunks = (chunk(b"iTXt", f"{key}\0\0\0\0\0{value}".encode()) for key, value in text.items())
    return picture[:header] + b"".join(chunks) + picture[header:]


if __name__ == "__main__":
    sys.exit(main())
