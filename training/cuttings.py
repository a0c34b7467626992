"""Cuts one picture into many, for `cyclegan` where only one painting of a manner is at hand.

    python -m zoo.training.cuttings wave.jpg --out runs/cuttings --count 200 --sides 160,360

Squares of random sides at random places, in PNG; number i is the same on every machine.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from zoo.common.files import replacing


def cuttings(image: Image.Image, count: int, sides: tuple[int, int]) -> Iterator[Image.Image]:
    """`count` squares of `image`, from sides[0] to one pixel less than sides[1] wide.

    Raises:
        ValueError: the sides are no range, or the picture is smaller than they ask for.
    """
    low, high = sides
    if not 0 < low < high:
        raise ValueError(f"--sides {low},{high}: give the smallest and the largest side in pixels, such as 160,360")
    if min(image.size) < high:
        raise ValueError(f"the picture is {image.width} x {image.height} pixels, too small for squares of {high}: lower --sides")
    random = np.random.default_rng(0)
    for _ in range(count):
        side = int(random.integers(low, high))
        left, top = (int(random.integers(0, length - side + 1)) for length in image.size)
        yield image.crop((left, top, left + side, top + side))


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m zoo.training.cuttings", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("picture", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--sides", default="160,360", help="smallest and largest side in pixels")
    arguments = parser.parse_args()
    try:
        low, high = map(int, arguments.sides.split(","))
        image = Image.open(arguments.picture).convert("RGB")
        squares = list(cuttings(image, arguments.count, (low, high)))
        arguments.out.mkdir(parents=True, exist_ok=True)
        for number, square in enumerate(squares):
            with replacing(arguments.out / f"{number:04d}.png") as temporary:
                square.save(temporary)
    except (OSError, ValueError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
