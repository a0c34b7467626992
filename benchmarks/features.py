"""Two feature networks beside one another: the `compact` that ships, and a small VGG learned from the labels of Tiny ImageNet.

    python -m benchmarks.features --data ../shared/data [--out runs/features] [--content-weight 0.12 0.25]

Trains the classifier into OUT (or goes on from what lies there), paints textures and transfers with each network by L-BFGS, puts
them on a sheet, a style a row, and prints the table: the style loss in either network's maps, a distance that knows neither (of
patches), and how much of the photograph's edges is left. What is painted already is not painted again.
"""

import argparse
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from PIL import Image

import zoo.features
from benchmarks import classifier
from benchmarks.gallery import square
from zoo.common.files import replacing
from zoo.losses.perceptual import PerceptualLoss
from zoo.losses.recolor import color_moments, recolor
from zoo.neural_style import cover
from zoo.training.optimise import minimise, pyramid
from zoo.training.pictures import grid
from zoo.training.sources import open_source

STYLES = ("wave", "the_scream", "mosaic")
PHOTOGRAPHS = ("chelsea", "astronaut")
ITERATIONS = (70, 40)  # at the coarsest size and at each finer one
WEIGHTS = (0.12, 0.25)  # of the content; at these either keeps about as much of the edges
CONTENT_LAYERS = ("relu2_1", "relu3_1")  # of the strides of compact's; relu3_2 alone loses eyes at any weight
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


def compact() -> PerceptualLoss:
    network = zoo.features.create("compact")
    return PerceptualLoss(network, zoo.features.style_weights("compact"), zoo.features.content_layers("compact"))


def learned(model: keras.Model, data_dir: str) -> PerceptualLoss:
    """Of all maps, each channel less its mean (Novak and Nikulin 2016, https://arxiv.org/abs/1605.04603): better than without."""
    network = classifier.features(model, classifier.validation(data_dir)(0)["image"])
    centred = keras.Model(network.input, {name: maps - 1 for name, maps in network.output.items()})
    centred.trainable = False
    return PerceptualLoss(centred, dict.fromkeys(classifier.MAPS, 1.0), CONTENT_LAYERS)


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


def style_left(loss: PerceptualLoss, picture: np.ndarray, style: np.ndarray) -> float:
    return float(loss.style(loss.features(picture[None]), loss.gram_matrices(loss.features(style[None])))[0])


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="holds styles/ and tfds/tiny_imagenet")
    parser.add_argument("--out", type=Path, default=Path("runs/features"))
    parser.add_argument("--size", type=int, default=256, help="side of every picture in pixels")
    parser.add_argument(
        "--content-weight", type=float, nargs=2, default=WEIGHTS, metavar="W", help="with compact; with the classifier"
    )
    arguments = parser.parse_args()

    tfds = str(arguments.data / "tfds")
    model = classifier.train(arguments.out, tfds)
    print(f"The classifier is right on {classifier.accuracy(model, tfds):.1%} of the validation pictures.\n")
    networks = {"compact": compact(), "classifier": learned(model, tfds)}
    styles = {name: read_style(arguments.data / "styles" / f"{name}.jpg", arguments.size) for name in STYLES}
    photographs = {name: square(open_source(f"samples:{name}").image(0), arguments.size) for name in PHOTOGRAPHS}

    def made(network: str, style: str, photograph: str) -> np.ndarray:
        weight = dict(zip(networks, arguments.content_weight, strict=True))[network]
        file = arguments.out / f"{network}_{arguments.size}_{style}_{photograph or 'texture'}_{weight if photograph else 0}.png"
        return painted(file, networks[network], styles[style], photographs.get(photograph), weight)

    columns = {}
    for photograph in ("", *photographs):
        for network in networks:
            columns[f"{photograph or 'texture'}, {network}"] = np.stack([made(network, style, photograph) for style in styles])
    Image.fromarray(np.uint8(255 * grid(columns))).save(arguments.out / "features.jpg", quality=75)

    def row(title: str, pictures: list[tuple[np.ndarray, str, str]]) -> str:
        figures = [
            [
                *(style_left(loss, picture, styles[style]) for loss in networks.values()),
                patch_distance(picture, styles[style]),
                edges_kept(picture, photographs[photograph]) if photograph else np.nan,
            ]
            for picture, style, photograph in pictures
        ]
        mean = np.mean(figures, 0)
        return f"| {title} | {mean[0]:.3f} | {mean[1]:.3f} | {mean[2]:.4f} | {mean[3]:.2f} |".replace("nan", "")

    print("| painted | style loss, compact | style loss, classifier | patches | edges kept |")
    print("| --- | --- | --- | --- | --- |")
    pairs = [(style, photograph) for style in styles for photograph in photographs]
    recolored = [
        (np.asarray(recolor(photographs[photograph][None], *color_moments(styles[style][None])))[0], style, photograph)
        for style, photograph in pairs
    ]
    print(row("photographs, recoloured alone", recolored))
    for network in networks:
        print(row(f"photographs, by {network}", [(made(network, *pair), *pair) for pair in pairs]))
    for network in networks:
        print(row(f"textures, by {network}", [(made(network, style, ""), style, "") for style in styles]))
    for network, loss in networks.items():
        rough = np.mean([rough_share(loss, styles[style], photographs[photograph]) for style, photograph in pairs])
        print(f"\n{network}: {rough:.0%} of the gradient is finer than four pixels.")


if __name__ == "__main__":
    main()
