"""Blending without a seam: our compositor's two ways and OpenCV's Poisson cloning (Perez et al. 2003), on the same pictures.

    python -m benchmarks.compositing --data samples: --out runs/compositing --pairs 20

A disc of one picture is laid over another. `seam` is the mean step of brightness across the disc's border over that of the
background at the same places, both over two pixels: 1 is what nothing laid over would show. `colour` is the mean difference of
the inner half of the disc from what it was, of 255: what a method pays for hiding the seam.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = 256
RADIUS = 80

Method = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def disc(radius: float) -> np.ndarray:
    """1 inside: float32 [SIZE, SIZE, 1]."""
    rows, columns = np.ogrid[:SIZE, :SIZE]
    return (np.hypot(rows - SIZE / 2, columns - SIZE / 2) < radius).astype(np.float32)[..., None]


def poisson(bottom: np.ndarray, top: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    import cv2

    source, target, mask = (np.ascontiguousarray(np.rint(255 * x).astype(np.uint8)) for x in (top, bottom, alpha[..., 0]))
    center = (SIZE // 2, SIZE // 2)
    return cv2.seamlessClone(source, target, mask, center, cv2.NORMAL_CLONE) / np.float32(255)


def compositor(blend: str) -> Method:
    import zoo

    network = zoo.create("compositor", elements=2, blend=blend, size=SIZE).inference_model()

    def run(bottom: np.ndarray, top: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        image = np.concatenate([bottom, np.ones_like(alpha), top, alpha], axis=-1)
        return np.asarray(network({"image": image[None]})["output_image"])[0]

    return run


def step_across(picture: np.ndarray) -> float:
    """Mean absolute difference of brightness between both sides of the disc's border."""
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    sides = []
    for radius in (RADIUS - 1, RADIUS + 1):
        rows, columns = (np.rint(SIZE / 2 + radius * f(angles)).astype(int) for f in (np.sin, np.cos))
        sides.append(picture[rows, columns].mean(axis=-1))
    return float(np.abs(sides[0] - sides[1]).mean())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compositing", description=__doc__)
    parser.add_argument("--data", default="samples:", help="source of the pictures")
    parser.add_argument("--out", type=Path, default=Path("runs/compositing"), help="folder for the pictures")
    parser.add_argument("--pairs", type=int, default=20)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    from zoo.training.sources import open_source

    source = open_source(arguments.data)
    pictures = [square(source.picture(index)) for index in range(len(source))]
    methods: dict[str, Method] = {
        "over": compositor("over"),
        "pyramid": compositor("pyramid"),
        "Poisson (OpenCV)": poisson,
    }
    alpha, inner = disc(RADIUS), disc(RADIUS / np.sqrt(2))[..., 0] > 0
    scores: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    for pair in range(arguments.pairs):
        bottom, top = pictures[pair % len(pictures)], pictures[(pair + 1 + pair // len(pictures)) % len(pictures)]
        strip = [top]
        for name, method in methods.items():
            composed = method(bottom, top, alpha)
            strip.append(composed)
            scores[name].append(
                (step_across(composed) / max(step_across(bottom), 1e-3), 255 * np.abs(composed - top)[inner].mean())
            )
        Image.fromarray(np.rint(255 * np.concatenate(strip, axis=1)).astype(np.uint8)).save(arguments.out / f"{pair:02}.png")
    print(f"{'method':20}{'seam':>8}{'colour':>8}")
    for name, rows in scores.items():
        seam, colour = np.median(rows, axis=0)
        print(f"{name:20}{seam:8.2f}{colour:8.1f}")


def square(pixels: np.ndarray) -> np.ndarray:
    """The middle of a picture: float32 [SIZE, SIZE, 3] in [0, 1]."""
    side = min(pixels.shape[:2])
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    image = Image.fromarray(pixels[top : top + side, left : left + side]).convert("RGB")
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.LANCZOS), np.float32) / 255


if __name__ == "__main__":
    main()
