"""How believable filled holes are: nearness in the eyes of a network trained on ImageNet, and how much detail there is.

    python -m benchmarks.believable [unet_inpainter/eraser] [--data DATA] [--pictures 0]

On the protocol `unet_inpainter` of `benchmarks.restoration`. Perceptual distance: SqueezeNet 1.0's maps of unit length, squared
difference, summed over six maps, of the whole picture; lower is better. Detail: the standard deviation in the hole of what a
Gaussian blur of 2 pixels takes away, over the original's; 1 is right, 0 is a blur. PSNR in the hole, in dB.
"""

import argparse
import functools
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import judge, restoration
from zoo.common.similarity import psnr
from zoo.training.degradations import to_bytes

FIGURES = ("perceptual", "detail", "PSNR")


def perceptual(maps: dict[str, Any], target: dict[str, Any]) -> float:
    """The distance of two pictures' maps."""
    total = 0.0
    for name in judge.STYLE_MAPS:
        one, other = (
            x / (np.linalg.norm(x, axis=-1, keepdims=True) + 1e-6) for x in (np.asarray(m[name]) for m in (maps, target))
        )
        total += float(np.mean(np.sum((one - other) ** 2, axis=-1)))
    return total


def detail(picture: np.ndarray, hole: np.ndarray) -> float:
    """How much of it lies between neighbours in the hole, bool [H, W]."""
    from PIL import Image, ImageFilter

    blurred = Image.fromarray(to_bytes(picture)).filter(ImageFilter.GaussianBlur(2))
    return float((picture - np.asarray(blurred, "float32") / 255)[hole].std())


@functools.cache
def measure(weights: str | None, data: Path, pictures: int) -> dict[str, dict[str, float]]:
    """`FIGURES` by method, "ours" among them if weights are named; means over the (first so many) pictures."""
    protocol = restoration.PROTOCOLS["unet_inpainter"]
    methods = dict(protocol.methods) | ({"ours": restoration.ours(weights, protocol.family)} if weights else {})
    network = judge.Judge(data / "features/squeezenet_1_0.npz")
    scores: dict[str, list[tuple[float, float, float]]] = {name: [] for name in methods}
    for inputs, original in protocol.examples(sorted((data / protocol.folder).iterdir())[: pictures or None]):
        hole = inputs["mask"][..., 0] > 0.5
        target, full = network.maps(original), detail(original, hole)
        for name, method in methods.items():
            filled = to_bytes(method(inputs)).astype("float32") / 255
            decibels = psnr(filled, original, inputs["mask"])
            scores[name].append((perceptual(network.maps(filled), target), detail(filled, hole) / full, decibels))
    return {name: dict(zip(FIGURES, np.mean(rows, axis=0).tolist(), strict=True)) for name, rows in scores.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", nargs="?", help="a weight of unet_inpainter that ships, or a .keras file")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with photos/ and features/")
    parser.add_argument("--pictures", type=int, default=0, help="only the first so many; 0 takes all, as a figure needs")
    arguments = parser.parse_args()
    rows = measure(arguments.weights, arguments.data, arguments.pictures)
    print(f"{'method':18}" + "".join(f"{figure:>12}" for figure in FIGURES))
    for method, row in rows.items():
        print(f"{method:18}" + "".join(f"{row[figure]:12.3f}" for figure in FIGURES))


if __name__ == "__main__":
    main()
