"""The feature networks beside one another: what is painted with each, and how near `deep` is to the network it learned from.

    python -m benchmarks.features --data ../shared/data [--out runs/features] [--size 256] [--nearness]

DATA holds `styles/`, `photos/val` and `features/squeezenet_1_0.npz`, the teacher. Paints textures and transfers with each network
by L-BFGS, puts them on a sheet, a style a row, and prints the tables: distances to the style and to the photograph in the eyes of
the teacher as the classifier that it was trained to be (`benchmarks.judge`), a distance that knows no network (of patches), how
much of the photograph's edges is left, and how rough the gradient is; then, map by map, how much of the teacher `deep` has. What
is painted already is not painted again.
"""

import argparse
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from PIL import Image

import zoo.features
from benchmarks.judge import Judge
from benchmarks.samples import sample, square
from zoo._perceptual import perceptual_loss
from zoo.common.files import replacing
from zoo.losses.gram import gram_matrix
from zoo.losses.perceptual import PerceptualLoss
from zoo.losses.recolor import color_moments, recolor
from zoo.neural_style import cover
from zoo.training.distilled_features import SIZES
from zoo.training.optimise import minimise, pyramid
from zoo.training.pictures import grid
from zoo.training.sources import open_source

STYLES = ("wave", "the_scream", "mosaic")
PHOTOGRAPHS = ("chelsea", "astronaut")
ITERATIONS = (70, 40)  # at the coarsest size and at each finer one
TEACHER = "squeezenet"
# Of the content, by network: at these each keeps about as much of the edges.
WEIGHTS = {"compact": 0.12, "deep": 0.3, "compact:0.5+deep:2": 0.6, TEACHER: 0.3, f"compact:0.5+{TEACHER}:2": 0.6}
BINOMIAL = np.array([1, 4, 6, 4, 1], np.float32) / 16


class Canvas:
    """The pixels of one picture and what they are fitted to, as `training.optimise.minimise` takes it."""

    parametrization = "pixels"
    batch_spec: dict[str, Any] = {}

    def __init__(self, loss: PerceptualLoss, style: Any, target: Any, weight: float, start: Any) -> None:
        self.loss, self.weight = loss, weight
        self.grams = loss.gram_matrices(loss.features(style))
        self.maps = None if target is None else loss.features(target)
        self.pixels = keras.Variable(ops.clip(start, 0.0, 1.0))
        self.trainable_variables = [self.pixels]

    def __call__(self, batch: Any, training: bool = False) -> Any:
        return ops.convert_to_tensor(self.pixels)

    def painting(self) -> Any:
        return ops.convert_to_tensor(self.pixels)

    def loss_terms(self, batch: Any, picture: Any) -> dict[str, Any]:
        maps = self.loss.features(picture)
        terms = {"style": self.loss.style(maps, self.grams)}
        if self.maps is not None:
            terms["content"] = self.weight * self.loss.content(maps, self.maps)
        return terms


def paint(loss: PerceptualLoss, style: np.ndarray, photograph: np.ndarray | None, weight: float) -> np.ndarray:
    """A transfer, or a texture from noise, painted as `neural_style` does: float32 [H, W, 3], of the style's size."""
    picture = np.empty(0, np.float32)
    for level, count in zip(pyramid(len(style)), [ITERATIONS[0]] + [ITERATIONS[1]] * 9, strict=False):
        painting = cover(style, level, level)
        moments = color_moments(painting)
        target = None if photograph is None else recolor(cover(photograph, level, level), *moments)
        if picture.size:
            start = cover(picture, level, level)
        elif target is not None:
            start = target
        else:
            start = recolor(np.random.default_rng(0).random((1, level, level, 3), np.float32), *moments)
        canvas = Canvas(loss, painting, target, weight, start)
        minimise(canvas, count, lambda terms: None)
        picture = np.asarray(canvas.pixels)[0]
    return picture


def patch_distance(picture: np.ndarray, style: np.ndarray, levels: int = 3, side: int = 7, projections: int = 128) -> float:
    """Sliced Wasserstein distance of the patches of two pictures of one size, averaged over a pyramid's levels.

    It is what texture synthesis without a network goes by (Elnekave and Weiss 2022, https://arxiv.org/abs/2203.12823).
    """
    random, distances = np.random.default_rng(0), []
    for _ in range(levels):
        directions = random.standard_normal((side, side, 3, projections)).astype(np.float32)
        directions /= np.linalg.norm(directions.reshape(-1, projections), axis=0)
        one, other = (
            np.sort(np.asarray(ops.conv(each[None], directions)).reshape(-1, projections), 0) for each in (picture, style)
        )
        distances.append(np.abs(one - other).mean())
        picture, style = half(picture), half(style)
    return float(np.mean(distances))


def half(picture: np.ndarray) -> np.ndarray:
    kernel = np.einsum("i,j,cd->ijcd", BINOMIAL, BINOMIAL, np.eye(3, dtype=np.float32))
    return np.asarray(ops.conv(np.pad(picture, ((2, 2), (2, 2), (0, 0)), "reflect")[None], kernel, strides=2))[0]


def edges_kept(picture: np.ndarray, photograph: np.ndarray) -> float:
    """SSIM of the edges (Sobel) of the luminance of two pictures of one size, each divided by its deviation; 1 for the same."""
    from skimage.color import rgb2gray
    from skimage.filters import sobel
    from skimage.metrics import structural_similarity

    one, other = (sobel(rgb2gray(each)) for each in (picture, photograph))
    return float(structural_similarity(one / one.std(), other / other.std(), data_range=4.0))


def rough_share(loss: PerceptualLoss, style: np.ndarray, photograph: np.ndarray) -> float:
    """Share of the style loss' gradient, by energy, that is finer than four pixels a wave, at the photograph recoloured.

    It is what a network in training is told to paint next; fine patterns are what it paints as hatching.
    """
    import tensorflow as tf

    start = recolor(photograph[None], *color_moments(style[None]))
    canvas = Canvas(loss, style[None], None, 0.0, start)
    with tf.GradientTape() as tape:
        value = ops.sum(canvas.loss_terms({}, canvas({}))["style"])
    energy = np.abs(np.fft.fft2(tape.gradient(value, canvas.pixels.value).numpy()[0], axes=(0, 1))) ** 2
    y, x = (np.abs(np.fft.fftfreq(length)) for length in energy.shape[:2])
    return float(energy[np.maximum(y[:, None], x) > 0.25].sum() / energy.sum())


def read_style(file: Path, size: int) -> np.ndarray:
    with Image.open(file) as image:
        return square(image, size)


def painted(file: Path, *arguments: Any) -> np.ndarray:
    """What `paint` makes of the arguments, kept in `file`: float32 in [0, 1], rounded to 8 bits."""
    if not file.exists():
        with replacing(file) as temporary:
            Image.fromarray(np.uint8(255 * paint(*arguments) + 0.5)).save(temporary)
        print(file.name, flush=True)
    with Image.open(file) as image:
        return np.asarray(image, np.float32) / 255


def nearness(teacher: keras.Model, student: keras.Model, pictures: np.ndarray, noise: float) -> dict[str, tuple[float, ...]]:
    """By map, of [N, H, W, 3]: the share of the teacher's variance that the student has, and the distance of Gram matrices.

    Of pictures with `noise` (deviation, of 255) both are measured against the teacher's maps without; third and fourth come those
    of the teacher itself.
    """
    noisy = np.clip(pictures + np.random.default_rng(0).normal(0, noise / 255, pictures.shape), 0, 1).astype("float32")
    truth, *seen = (
        network.predict(shown, batch_size=4, verbose=0)
        for network, shown in ((teacher, pictures), (student, noisy), (teacher, noisy))
    )
    figures = {}
    for name, wanted in truth.items():
        grams = np.asarray(gram_matrix(wanted))
        row: list[float] = []
        for maps in seen:
            far = np.square(np.asarray(gram_matrix(maps[name])) - grams).sum((1, 2)) / np.square(grams).sum((1, 2))
            row += [1 - float(np.square(maps[name] - wanted).mean() / wanted.var((0, 1, 2)).mean()), float(far.mean())]
        figures[name] = tuple(row)
    return figures


def print_nearness(data: Path, weights: str) -> None:
    unseen = open_source(f"folder:{data / 'photos/val'}")
    pictures = np.stack([square(unseen.image(number), 256) for number in range(40)])
    maps = zoo.features.MAPS["deep"]
    whole, student = zoo.features.create(TEACHER, weights, maps), zoo.features.create("deep", layers=maps)
    teacher = keras.Model(whole.input, {name: whole.output[name] / SIZES[name] for name in maps})
    print("| map | variance that deep has | Gram distance | with noise of 10: deep | Gram | the teacher itself | Gram |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    noisy = nearness(teacher, student, pictures, 10)
    for name, figures in nearness(teacher, student, pictures, 0).items():
        print(
            f"| {name} | {figures[0]:.2f} | {figures[1]:.3f} | "
            + " | ".join(f"{value:.{2 + place % 2}f}" for place, value in enumerate(noisy[name]))
            + " |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/features"))
    parser.add_argument("--size", type=int, default=256, help="side of every picture in pixels")
    parser.add_argument("--nearness", action="store_true", help="only the table of how much of the teacher deep has")
    arguments = parser.parse_args()
    weights = str(arguments.data / "features/squeezenet_1_0.npz")
    if arguments.nearness:
        return print_nearness(arguments.data, weights)
    arguments.out.mkdir(parents=True, exist_ok=True)
    losses = {name: perceptual_loss(name, weights if TEACHER in name else None) for name in WEIGHTS}
    judge = Judge(Path(weights))
    styles = {name: read_style(arguments.data / "styles" / f"{name}.jpg", arguments.size) for name in STYLES}
    photographs = {name: sample(name, arguments.size) for name in PHOTOGRAPHS}

    def made(network: str, style: str, photograph: str) -> np.ndarray:
        weight = WEIGHTS[network]
        label = network.replace(":", "").replace("+", "_")
        file = arguments.out / f"{label}_{arguments.size}_{style}_{photograph or 'texture'}_{weight if photograph else 0}.png"
        return painted(file, losses[network], styles[style], photographs.get(photograph), weight)

    columns = {}
    for photograph in ("", *photographs):
        for network in losses:
            columns[f"{photograph or 'texture'}, {network}"] = np.stack([made(network, style, photograph) for style in styles])
    Image.fromarray(np.uint8(255 * grid(columns))).save(arguments.out / "features.jpg", quality=75)

    def row(title: str, pictures: list[tuple[np.ndarray, str, str]]) -> str:
        figures = []
        for picture, style, photograph in pictures:
            maps = judge.maps(picture)
            figures.append(
                [
                    judge.style(maps, judge.maps(styles[style])),
                    judge.content(maps, judge.maps(photographs[photograph])) if photograph else np.nan,
                    patch_distance(picture, styles[style]),
                    edges_kept(picture, photographs[photograph]) if photograph else np.nan,
                ]
            )
        mean = np.mean(figures, 0)
        return f"| {title} | {mean[0]:.3f} | {mean[1]:.3f} | {mean[2]:.4f} | {mean[3]:.2f} |".replace("nan", "")

    print("| painted | style, judged | content, judged | patches | edges kept |")
    print("| --- | ---: | ---: | ---: | ---: |")
    pairs = [(style, photograph) for style in styles for photograph in photographs]
    recolored = [
        (np.asarray(recolor(photographs[photograph][None], *color_moments(styles[style][None])))[0], style, photograph)
        for style, photograph in pairs
    ]
    print(row("photographs, recoloured alone", recolored))
    for network in losses:
        print(row(f"photographs, by {network}", [(made(network, *pair), *pair) for pair in pairs]))
    for network in losses:
        print(row(f"textures, by {network}", [(made(network, style, ""), style, "") for style in styles]))
    print()
    for network, loss in losses.items():
        rough = np.mean([rough_share(loss, styles[style], photographs[photograph]) for style, photograph in pairs])
        print(f"{network}: {rough:.0%} of the gradient is finer than four pixels.")
    print()
    print_nearness(arguments.data, weights)


if __name__ == "__main__":
    main()
