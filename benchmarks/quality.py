"""`make quality`: every figure of quality on the weights that ship, beside the published one and the classical method's.

    python -m benchmarks.quality --data ../shared/data [--only denoiser/gray] [--pictures 4]

Writes docs/quality.md. A row whose weights do not ship yet says so; one that falls short of its floor stays in.
"""

import argparse
import dataclasses
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import believable, generators, judge, restoration

DOCUMENT = Path(__file__).parents[1] / "docs" / "quality.md"
FIGURES = Path(__file__).parents[1] / "docs" / "quality.json"
FEW = 2  # pictures on which the tests measure again

Measured = tuple[float, dict[str, float]]  # ours, and the classical methods' by name


@dataclasses.dataclass(frozen=True)
class Row:
    """One figure: what is measured, how, and what others reach. `floor` and `aim`, if there is one, may depend on the others'."""

    weights: str
    protocol: str
    unit: str
    published: str
    floor: Callable[[dict[str, float]], float]
    aim: Callable[[dict[str, float]], float] | None
    measure: Callable[[str, Path, int], Measured]
    higher_is_better: bool = True
    tolerance: float = 0.02  # between machines; an optimisation may take a step more
    case: str = ""  # which of several figures of the same weights

    @property
    def key(self) -> str:
        """What the figure is called in docs/quality.json."""
        return f"{self.weights} {self.case}".strip()


def fixed(value: float) -> Callable[[dict[str, float]], float]:
    return lambda classical: value


def above(gain: float) -> Callable[[dict[str, float]], float]:
    """So many decibels more than the best classical method."""
    return lambda classical: max(classical.values()) + gain


def at_least_as_good_as(name: str) -> Callable[[dict[str, float]], float]:
    return lambda classical: classical[name]


def decibels(name: str) -> Callable[[str, Path, int], Measured]:
    """PSNR by a protocol of `benchmarks.restoration`."""

    def measure(weights: str, data: Path, pictures: int) -> Measured:
        protocol = restoration.PROTOCOLS[name]
        methods = {**protocol.methods, "ours": restoration.ours(weights, protocol.family)}
        out = Path("runs/quality")
        out.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # scikit-image's own
            rows = restoration.measure(protocol, methods, data, out / name, pictures)
        scores = {row[0]: float(row[1]) for row in rows}
        return scores.pop("ours"), scores

    return measure


def gain(name: str, over: str) -> Callable[[str, Path, int], Measured]:
    """How many decibels more than another method, by a protocol of `benchmarks.restoration`."""

    def measure(weights: str, data: Path, pictures: int) -> Measured:
        ours, others = decibels(name)(weights, data, pictures)
        return ours - others[over], others

    return measure


def believed(figure: str) -> Callable[[str, Path, int], Measured]:
    """A figure of `benchmarks.believable`."""

    def measure(weights: str, data: Path, pictures: int) -> Measured:
        rows = believable.measure(weights, data, pictures)
        others = {name: row[figure] for name, row in rows.items()}
        return others.pop("ours"), others

    return measure


def likelihood(weights: str, data: Path, pictures: int) -> Measured:
    """Negative log-likelihood in nats of binarised MNIST test pictures, 200 importance samples each."""
    import zoo
    from zoo.training.batches import Batches
    from zoo.training.sources import open_source

    model = zoo.load(weights)
    source = open_source("tfds:mnist:test", data_dir=str(data / "tfds"))
    count = min(pictures or len(source), len(source))
    images = Batches(model.batch_spec, {"data": source}, count)(0)["image"]
    return float(-np.mean(model.log_likelihood(images))), {}


def style_over_published(weights: str, data: Path, pictures: int) -> Measured:
    """The style distance of `benchmarks.judge` over that of the published networks; the content distances beside it."""
    rows = judge.measure(weights, data, pictures).values()
    ours, published = (np.mean([row[name] for row in rows], axis=0) for name in ("ours", "published"))
    return float(ours[0] / published[0]), {"content, published": float(published[1]), "content, ours": float(ours[1])}


def distance(*others: str) -> Callable[[str, Path, int], Measured]:
    """The Frechet distance of 10,000 pictures to a test set, in compact features, and that of others."""

    def measure(weights: str, data: Path, pictures: int) -> Measured:
        folder, count = str(data / "tfds"), 100 * pictures or 10_000
        return (
            generators.frechet_distance(weights, folder, count),
            {name: generators.frechet_distance(name, folder, count) for name in others},
        )

    return measure


def generator(weights: str, worse: str) -> Row:
    """The order that is asked for: StyleGAN before DCGAN before GAN before VAE."""
    data = weights.partition("/")[2]
    title = generators.DATA_SETS[data].partition(",")[0]
    return Row(
        weights,
        f"{title}: Frechet distance of 10,000 pictures to the test set, in compact features; all of it in docs/generators.md",
        "",
        "none in these features",
        at_least_as_good_as(worse),
        None,
        distance(f"training/{data}", worse),
        higher_is_better=False,
    )


ROWS = (
    Row(
        "fast_style/painters",
        "8 photographs in 4 styles, judged by SqueezeNet 1.0: style distance over that of published VGG19-trained networks, one "
        "a style; the content distance should not be higher (python -m benchmarks.judge)",
        "x",
        "1 by definition",
        fixed(1.05),
        fixed(0.85),
        style_over_published,
        higher_is_better=False,
    ),
    Row(
        "adain/any",
        "the same, none of the styles seen in training",
        "x",
        "1 by definition",
        fixed(1.3),
        fixed(1.0),
        style_over_published,
        higher_is_better=False,
    ),
    Row(
        "denoiser/gray",
        "BSD68, gray, sigma 25, noise seed 0, mean PSNR",
        "dB",
        "BM3D 28.57, DnCNN 29.23, DRUNet 29.48",
        fixed(28.6),
        fixed(29.2),
        decibels("denoiser"),
    ),
    Row(
        "denoiser/color",
        "BSD68 in colour, sigma 25, which the network is not told, noise seed 0, mean PSNR",
        "dB",
        "CBM3D 30.71, CDnCNN-B 31.23, DRUNet 31.69",
        fixed(30.7),
        fixed(31.2),
        decibels("denoiser_color"),
    ),
    Row(
        "denoiser/salt_and_pepper",
        "Set12, 10 % of the pixels, mean PSNR",
        "dB",
        "-",
        above(5),
        above(8),
        decibels("denoiser_salt_and_pepper"),
    ),
    Row(
        "denoiser/photo",
        "BSD500's validation photographs, the first 40, sigma 15, saved as JPEG 4:2:0 of quality 95, noise seed 0, mean PSNR",
        "dB",
        "-",
        fixed(30.5),
        fixed(32),
        decibels("denoiser_photo_95"),
        case="95",
    ),
    Row(
        "denoiser/photo",
        "the same, of quality 75",
        "dB",
        "-",
        fixed(29),
        fixed(30),
        decibels("denoiser_photo_75"),
        case="75",
    ),
    Row(
        "denoiser/photo",
        "the same photographs without damage: PSNR of the answer against them",
        "dB",
        "-",
        fixed(36),
        fixed(40),
        decibels("denoiser_photo_clean"),
        case="clean",
    ),
    Row(
        "super_resolution/x4",
        "Set5, x4, Y of YCbCr (16 to 235), 4 pixels cropped, Matlab-like bicubic degradation",
        "dB",
        "bicubic 28.42, SRCNN 30.49, ESPCN 30.90, DnCNN-3 31.40",
        fixed(30.5),
        fixed(31.4),
        decibels("super_resolution"),
    ),
    Row(
        "super_resolution/x2",
        "the same, x2",
        "dB",
        "bicubic 33.66, SRCNN 36.66, DnCNN-3 37.58",
        fixed(36.7),
        fixed(37.5),
        decibels("super_resolution_x2"),
    ),
    Row(
        "super_resolution/photo",
        "BSD500's validation photographs, the first 40, reduced by 4, saved as JPEG 4:2:0 of quality 75: gain over bicubic in Y",
        "dB",
        "-",
        fixed(0.5),
        fixed(0.8),
        gain("super_resolution_photo", "bicubic"),
    ),
    Row(
        "unet_inpainter/free_form",
        "BSD500's 100 validation photographs, 256 centre crop, free-form masks of 20 to 30 %, seed 0, PSNR in the hole",
        "dB",
        "-",
        above(0),
        above(1.5),
        decibels("unet_inpainter"),
    ),
    Row(
        "unet_inpainter/eraser",
        "the same photographs and masks: perceptual distance in SqueezeNet 1.0's maps (python -m benchmarks.believable)",
        "",
        "-",
        fixed(1.42),
        fixed(1.25),
        believed("perceptual"),
        higher_is_better=False,
        case="perceptual distance",
    ),
    Row(
        "unet_inpainter/eraser",
        "the same: detail in the hole over the original's; 1 is right, at most 1.2",
        "",
        "-",
        fixed(0.6),
        fixed(0.8),
        believed("detail"),
        case="detail",
    ),
    Row(
        "unet_inpainter/eraser",
        "the same: PSNR in the hole",
        "dB",
        "-",
        at_least_as_good_as("Telea"),
        None,
        believed("PSNR"),
        case="PSNR",
    ),
    Row(
        "context_encoder/center",
        "BSD500's 100 validation photographs at 128, centre hole of 64, PSNR in the hole",
        "dB",
        "-",
        above(0),
        above(1),
        decibels("context_encoder"),
    ),
    Row(
        "vae/mnist",
        "MNIST test, fixed binarisation, negative log-likelihood by 200 importance samples",
        "nats",
        "89.8 to 89.9 (Pythae's reproduction)",
        fixed(92),
        fixed(88),
        likelihood,
        higher_is_better=False,
    ),
    generator("stylegan/cifar10", "dcgan/cifar10"),
    generator("dcgan/mnist", "gan/mnist"),
    generator("cgan/mnist", "gan/mnist"),
    generator("gan/mnist", "vae/mnist"),
)

HEAD = """# Quality

Made by `make quality` on the weights that ship: our figure on pictures that training never saw, the published ones, and what
others, mostly classical methods, reach on the same pictures in the same run. How each was trained stands in its recipe and its
card (`zoo/weights/`). Rows that fall short stay in.

| weights | protocol | ours | published | others, same run | floor | aim | |
| --- | --- | ---: | --- | --- | ---: | ---: | --- |
"""


def line(row: Row, figure: dict[str, Any]) -> str:
    """One row of the table."""
    ours, classical = round(figure["ours"], 2), figure["classical"]  # as precise as the published ones
    floor, aim = row.floor(classical), row.aim(classical) if row.aim else None
    sign = 1 if row.higher_is_better else -1
    verdict = "floor reached" if sign * ours >= sign * floor else "**falls short**"
    if aim is not None and sign * ours >= sign * aim:
        verdict = "aim reached"
    others = ", ".join(f"{name} {value:.2f}" for name, value in classical.items()) or "-"
    return (
        f"| `{row.weights}` | {row.protocol} | {ours:.2f}{row.unit and ' '}{row.unit} | {row.published} | {others} | {floor:.3g} "
        f"| {'-' if aim is None else f'{aim:.3g}'} | {verdict} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with benchmarks/, photos/ and tfds/")
    parser.add_argument("--only", help="one weight; the other rows keep the figures that they have")
    parser.add_argument("--pictures", type=int, default=0, help="only the first so many; 0 takes all, as a figure needs")
    arguments = parser.parse_args()
    from zoo._shipped import shipped_weights

    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    lines = []
    for row in ROWS:
        if row.weights in shipped_weights() and arguments.only in (None, row.weights):
            ours, classical = row.measure(row.weights, arguments.data, arguments.pictures)
            first, _ = row.measure(row.weights, arguments.data, FEW)
            figures[row.key] = {"ours": ours, "classical": classical, "first": first}
        missing = f"| `{row.weights}` | {row.protocol} | not trained yet | {row.published} | | | | |"
        lines.append(line(row, figures[row.key]) if row.key in figures else missing)
        print(lines[-1], flush=True)
    if arguments.pictures:
        return  # a try, not a figure
    FIGURES.write_text(json.dumps(figures, indent=2) + "\n")
    DOCUMENT.write_text(HEAD + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
