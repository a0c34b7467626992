"""Sends a picture to TensorFlow Serving (or to `zoo serve`) and writes the picture that comes back. Python's own library only.

    python client.py photo.jpg --out result.png --strength 0.8
    python client.py photo.jpg --out filled.png --mask hole.png
    python client.py photo.jpg --out painted.png --style painting.jpg
    python client.py --out drawn.png --seed 7 --label 3

What the model takes is asked of the server; generators are sent a latent drawn from the seed.
"""

import argparse
import base64
import json
import random
import re
import struct
import sys
import urllib.error
import urllib.parse
import urllib.request
import zlib
from pathlib import Path
from typing import Any

# What the picture then says of itself, by the type of its source in the words of IPTC, since a made-up picture can mislead.
WORDS = {
    "trainedAlgorithmicMedia": "Made by the model {} out of random numbers: nothing in it was seen by a camera.",
    "compositeWithTrainedAlgorithmicMedia": "Changed by the model {}: it does not show what a camera saw.",
    "composite": "Put together out of several pictures by the model {}: it does not show what a camera saw.",
}


def main() -> int:
    arguments = parsed()
    try:
        if Path(arguments.out).exists():
            raise ValueError(f"{arguments.out} exists; remove it or choose another --out")
        answer = sent(arguments)
        with Path(arguments.out).open("xb") as file:
            file.write(answer)
    except (OSError, ValueError) as error:
        print(f"client.py: {error}", file=sys.stderr)
        return 2
    print(arguments.out)
    return 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", nargs="?", help="a JPEG or PNG file; none for a generator")
    parser.add_argument("--out", required=True, help="the PNG file to write; it must not exist")
    parser.add_argument("--mask", help="a picture of the same size; white marks the hole")
    parser.add_argument("--style", help="a picture")
    parser.add_argument("--style-weights", help="a number a style, such as 0.3,0.7 (default: the first style)")
    parser.add_argument("--strength", type=float, default=1.0, help="0 to 1")
    parser.add_argument("--truncation", type=float, default=1.0, help="0 to 1; below 1: likelier, less varied")
    parser.add_argument("--label", type=int, default=0, help="the class, from 0")
    parser.add_argument("--seed", type=int, default=0, help="of the latent")
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
    wanted = signatures[name]["inputs"]
    inputs = {key: value_of(key, shape_of(tensor), tensor["dtype"], arguments) for key, tensor in wanted.items()}
    outputs = ask(f"{address}:predict", {"signature_name": name, "inputs": inputs})["outputs"]
    # One output comes without its name.
    first = outputs[next(iter(outputs))] if isinstance(outputs, dict) else outputs
    picture = base64.b64decode(first[0]["b64"]) if name == "serve_bytes" else png(first[0])
    return picture if arguments.no_provenance else with_text(picture, provenance(model, signatures["serving_default"]["inputs"]))


def configured_name() -> str:
    path = Path(__file__).with_name("models.config")
    found = re.search(r"\bname:\s*[\"']([^\"']+)", path.read_text(encoding="utf-8")) if path.is_file() else None
    if found is None:
        raise ValueError("no models.config beside this file; name the model: --model NAME")
    return found.group(1)


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


def shape_of(tensor: Any) -> list[int]:
    """The sizes after the batch; -1 is any."""
    return [int(axis["size"]) for axis in tensor["tensor_shape"]["dim"]][1:]


def value_of(name: str, shape: list[int], dtype: str, arguments: argparse.Namespace) -> list[Any]:
    """A batch of one for an input of the model. Raises ValueError where an argument is missing or does not fit."""
    if name.endswith("_bytes"):
        option = "picture" if name == "image_bytes" else name.removesuffix("_bytes")
        path = getattr(arguments, option, None)
        if path is None:
            raise ValueError(f"this model takes a {option}: give {'a file' if option == 'picture' else f'--{option} FILE'}")
        return [{"b64": base64.b64encode(Path(path).read_bytes()).decode()}]
    if name in ("strength", "truncation"):
        return [getattr(arguments, name)]
    if name == "label":
        return [one_hot(arguments.label, shape[0]) if shape else arguments.label if "INT" in dtype else float(arguments.label)]
    if name == "style_weights":
        weights = [float(part) for part in (arguments.style_weights or "").split(",") if part] or one_hot(0, shape[0])
        if len(weights) != shape[0]:
            raise ValueError(f"--style-weights: this model holds {shape[0]} styles")
        return [weights]
    if name == "latent":
        gauss = random.Random(arguments.seed).gauss
        return [[gauss(0, 1) for _ in range(shape[0])]]
    raise ValueError(f"this client has no argument for the model's input {name}")


def one_hot(index: int, count: int) -> list[float]:
    if not 0 <= index < count:
        raise ValueError(f"--label {index}: this model has classes 0 to {count - 1}")
    return [float(index == place) for place in range(count)]


def png(picture: list[list[list[float]]]) -> bytes:
    """A PNG of rows of pixels of 1, 3 or 4 numbers in [0, 1]."""
    kinds = {1: 0, 3: 2, 4: 6}
    rows = [bytes([0, *(min(255, max(0, round(value * 255))) for pixel in row for value in pixel)]) for row in picture]
    header = struct.pack(">IIBBBBB", len(picture[0]), len(picture), 8, kinds[len(picture[0][0])], 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def provenance(model: str, inputs: dict[str, Any]) -> dict[str, str]:
    """Text for the picture, by its keyword in the PNG file."""
    layered = "image" in inputs and shape_of(inputs["image"])[-1] % 4 == 0
    kind = list(WORDS)[0 if "latent" in inputs else 2 if layered else 1]
    return {"Description": WORDS[kind].format(model), "DigitalSourceType": kind, "Model": model}


def with_text(picture: bytes, text: dict[str, str]) -> bytes:
    """The PNG file with text in it, after its header."""
    header = 33
    chunks = (chunk(b"iTXt", f"{key}\0\0\0\0\0{value}".encode()) for key, value in text.items())
    return picture[:header] + b"".join(chunks) + picture[header:]


if __name__ == "__main__":
    sys.exit(main())
