"""Makes a trained model small enough to ship in zoo/weights.

    python -m zoo.training.ship runs/denoiser denoiser/gray --bits 8

Weights are rounded to so many bits of significand, what only training needs is set to zero, and the `.keras` file is packed by
LZMA; it loads like any other. The command prints the size, and the largest difference that this makes to the model's answer; what
it does to the figures is for `make quality` to say. What makes a picture of a picture gets its ONNX file too (zoo/cli/ship.py);
`python -m zoo.cli.ship` makes those anew whose weights have changed.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from zoo.common.files import replacing

WEIGHTS = Path(__file__).parents[1] / "zoo" / "weights"
LARGEST = 4_000_000  # bytes


def round_significand(values: np.ndarray, bits: int) -> np.ndarray:
    """float32 values rounded to the nearest with `bits` bits of significand after the leading one; 10 are float16's, 23 all."""
    significand, exponent = np.frexp(values)
    steps = 2.0 ** (bits + 1)
    return np.ldexp(np.rint(significand * steps) / steps, exponent).astype(np.float32)


def lighten(model: Any, bits: int) -> None:
    """Rounds what is deployed, zeroes what is not and forgets the pictures of the objective, in place."""
    model.keep()
    deployed = {id(variable) for network in model.deployable_networks() for variable in network.variables}
    for variable in model.variables:
        if not str(variable.dtype).startswith("float"):
            continue
        value = np.asarray(variable.numpy(), np.float32)
        variable.assign(round_significand(value, bits) if id(variable) in deployed else np.zeros_like(value))


def pack(source: Path, target: Path) -> None:
    """The same `.keras` file in LZMA, with fixed dates, so that equal weights give equal bytes."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as new:
        for name in sorted(old.namelist()):
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_LZMA)


def difference(model: Any, shipped: Any) -> float:
    """The largest absolute difference of the two models' answers to one example of noise in [0, 1]."""
    a, b = model.inference_model(), shipped.inference_model()
    random = np.random.default_rng(0)
    inputs: dict[str, Any] = {}
    for name, tensor in a.input.items():
        shape = [1, *(96 if side is None else side for side in tensor.shape[1:])]
        integer = str(tensor.dtype).startswith("int")
        inputs[name] = np.zeros(shape, np.int32) if integer else random.uniform(size=shape).astype(np.float32)
    (first,), (second,) = a(inputs).values(), b(inputs).values()
    return float(np.abs(np.asarray(first) - np.asarray(second)).max())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m zoo.training.ship", description=__doc__)
    parser.add_argument("run", help="run directory, or a .keras file")
    parser.add_argument("name", help="family/name")
    parser.add_argument("--bits", type=int, default=10, help="bits of significand that are kept")
    arguments = parser.parse_args()
    import zoo

    file = Path(arguments.run) / "model.keras" if Path(arguments.run).is_dir() else Path(arguments.run)
    model, light = zoo.load(str(file)), zoo.load(str(file))
    lighten(light, arguments.bits)
    target = WEIGHTS / f"{arguments.name}.keras"
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = Path(folder) / "model.keras", Path(folder) / "packed.keras"
        light.save(plain)
        pack(plain, packed)
        size = packed.stat().st_size
        if size > LARGEST:
            parser.error(
                f"{size / 1e6:.2f} MB; at most {LARGEST / 1e6:.0f} MB are shipped: take fewer --bits, or a narrower network"
            )
        target.parent.mkdir(exist_ok=True)
        with replacing(target) as temporary:
            temporary.write_bytes(packed.read_bytes())
    index = WEIGHTS / "index.json"
    entries = json.loads(index.read_text()) if index.exists() else {}
    entries[arguments.name] = {"sha256": hashlib.sha256(target.read_bytes()).hexdigest(), "bytes": size, "bits": arguments.bits}
    with replacing(index) as temporary:
        temporary.write_text(json.dumps(dict(sorted(entries.items())), indent=2) + "\n")
    print(
        f"{target.name}: {size / 1e6:.2f} MB, answers differ by at most {difference(model, zoo.load(arguments.name)):.1e}",
        flush=True,
    )
    # Another room's work, in a process of its own: the ONNX file that runs this weight without Keras.
    subprocess.run([sys.executable, "-m", "zoo.cli.ship", arguments.name], check=True)


if __name__ == "__main__":
    main()
