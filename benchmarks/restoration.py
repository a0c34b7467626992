"""Restoration: our models and the classical methods on the same pictures, one table and a picture a protocol.

    python -m benchmarks.restoration --data ../shared/data --out runs/restoration --pictures 0 \
        denoiser=runs/denoiser/model.keras super_resolution=runs/x4/model.keras

Protocols are those of the literature: see `PROTOCOLS`. OpenCV's methods are measured where the package is installed (extra
`bench`). BM3D is not: its only maintained package may not be used commercially; its published figures stand in the docs.
"""

import argparse
import dataclasses
import importlib.util
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zoo.common.luma import studio_luma
from zoo.common.similarity import psnr, ssim
from zoo.training.degradations import add_noise, downscale, jpeg, resize_bicubic, to_bytes
from zoo.training.masks import draw_mask

Method = Callable[[dict[str, np.ndarray]], np.ndarray]
Examples = Callable[[list[Path]], Iterator[tuple[dict[str, np.ndarray], np.ndarray]]]


@dataclasses.dataclass(frozen=True)
class Protocol:
    """What is measured: `inputs` (arrays [H, W, C] by name) and original of every picture, how, and against which methods."""

    family: str
    folder: str
    examples: Examples
    score: Callable[[np.ndarray, np.ndarray, dict[str, np.ndarray]], tuple[float, float]]
    methods: dict[str, Method]
    first: int | None = None  # only so many of the folder's pictures, by name


def read(file: Path, mode: str) -> np.ndarray:
    pixels = np.asarray(Image.open(file).convert(mode), np.float32) / 255
    return pixels.reshape(*pixels.shape[:2], -1)


def noisy(kind: str, level: float, color: bool = False) -> Examples:
    """Pictures with noise, gray or in colour; one generator of seed 0 for all of them, in the order of their names."""

    def examples(files: list[Path]) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
        random = np.random.default_rng(0)
        for file in in_color(files) if color else files:
            picture = read(file, "RGB" if color else "L")
            yield {"image": add_noise(picture, kind, (level, level), random)}, picture

    return examples


def photographed(level: float, quality: int) -> Examples:
    """Colour photographs with Gaussian noise, saved as JPEG 4:2:0; one generator of seed 0 for all of them."""

    def examples(files: list[Path]) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
        random = np.random.default_rng(0)
        for file in files:
            picture = read(file, "RGB")
            yield {"image": jpeg(add_noise(picture, "gaussian", (level, level), random), quality)}, picture

    return examples


def as_they_are(files: list[Path]) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
    """Colour photographs without any damage, of which a restorer should make nothing else."""
    for file in files:
        picture = read(file, "RGB")
        yield {"image": picture}, picture


def in_color(files: list[Path]) -> list[Path]:
    """The photographs of photos/val that the gray pictures of BSD68 were made of: the same to within a rounding."""
    photographs = {file: read(file, "L") for file in sorted((files[0].parents[2] / "photos/val").iterdir())}

    def original(file: Path) -> Path:
        gray = read(file, "L")
        same = [name for name, other in photographs.items() if other.shape == gray.shape and np.abs(other - gray).mean() < 0.01]
        if len(same) != 1:
            raise ValueError(f"{len(same)} of the photographs of photos/val are {file} in colour; there must be one")
        return same[0]

    return [original(file) for file in files]


def reduced(factor: int, quality: int | None = None) -> Examples:
    """Colour pictures, cut to multiples of the factor, reduced so many times as Matlab does and rounded to 8 bits.

    With a quality they are then saved as JPEG 4:2:0.
    """

    def examples(files: list[Path]) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
        for file in files:
            picture = read(file, "RGB")
            height, width = (side - side % factor for side in picture.shape[:2])
            small = downscale(picture[:height, :width], factor)
            yield {"image": small if quality is None else jpeg(small, quality)}, picture[:height, :width]

    return examples


def holed(size: int, kind: str, area: tuple[float, float] | None, whole: bool) -> Examples:
    """The centre square, `size` native pixels or the whole short side reduced to `size`; masks by one generator of seed 0."""

    def examples(files: list[Path]) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
        random = np.random.default_rng(0)
        for file in files:
            image = Image.open(file).convert("RGB")
            side = min(image.size) if whole else size
            left, top = ((length - side) // 2 for length in image.size)
            crop = image.resize((size, size), Image.Resampling.BICUBIC, (left, top, left + side, top + side))
            picture = np.asarray(crop, np.float32) / 255
            mask = draw_mask([kind], size, random, area)
            yield {"image": picture * (1 - mask), "mask": mask}, picture

    return examples


def everywhere(result: np.ndarray, original: np.ndarray, inputs: dict[str, np.ndarray]) -> tuple[float, float]:
    return psnr(result, original), ssim(result, original)


def in_luma(result: np.ndarray, original: np.ndarray, inputs: dict[str, np.ndarray]) -> tuple[float, float]:
    """On 8-bit Y, 4 pixels cropped from every border."""
    a, b = (np.rint(255 * studio_luma(to_bytes(x) / 255)[4:-4, 4:-4]) / 255 for x in (result, original))
    return psnr(a, b), ssim(a, b)


def in_hole(result: np.ndarray, original: np.ndarray, inputs: dict[str, np.ndarray]) -> tuple[float, float]:
    return psnr(result, original, inputs["mask"]), ssim(result, original)


def untouched(inputs: dict[str, np.ndarray]) -> np.ndarray:
    return inputs["image"]


def median(inputs: dict[str, np.ndarray]) -> np.ndarray:
    from scipy.ndimage import median_filter

    return median_filter(inputs["image"], (3, 3, 1))


def non_local_means(inputs: dict[str, np.ndarray]) -> np.ndarray:
    from skimage.restoration import denoise_nl_means

    sigma = 25 / 255
    settings = {"patch_size": 7, "patch_distance": 10, "h": 0.6 * sigma, "sigma": sigma, "fast_mode": True}
    denoised = denoise_nl_means(inputs["image"], channel_axis=-1, **settings)
    return np.clip(denoised, 0, 1).reshape(inputs["image"].shape)


def biharmonic(inputs: dict[str, np.ndarray]) -> np.ndarray:
    from skimage.restoration import inpaint_biharmonic

    return np.clip(inpaint_biharmonic(inputs["image"], inputs["mask"][..., 0] > 0.5, channel_axis=-1), 0, 1)


def bicubic(factor: int) -> Method:
    return lambda inputs: np.clip(resize_bicubic(inputs["image"], factor), 0, 1)


def opencv(method: str) -> Method:
    def run(inputs: dict[str, np.ndarray]) -> np.ndarray:
        import cv2

        pixels = to_bytes(inputs["image"])
        mask = (inputs["mask"][..., 0] > 0.5).astype(np.uint8)
        return cv2.inpaint(pixels, mask, 3, getattr(cv2, method)) / np.float32(255)

    return run


INPAINTING: dict[str, Method] = {"biharmonic": biharmonic}
if importlib.util.find_spec("cv2"):
    INPAINTING |= {"Telea": opencv("INPAINT_TELEA"), "Navier-Stokes": opencv("INPAINT_NS")}

PROTOCOLS: dict[str, Protocol] = {
    "denoiser": Protocol(
        "denoiser",
        "benchmarks/BSD68",
        noisy("gaussian", 25),
        everywhere,
        {"median 3x3": median, "non-local means": non_local_means},
    ),
    "denoiser_salt_and_pepper": Protocol(
        "denoiser", "benchmarks/Set12", noisy("salt_and_pepper", 0.1), everywhere, {"median 3x3": median}
    ),
    "denoiser_color": Protocol(
        "denoiser",
        "benchmarks/BSD68",
        noisy("gaussian", 25, color=True),
        everywhere,
        {"median 3x3": median, "non-local means": non_local_means},
    ),
    "denoiser_photo_95": Protocol(
        "denoiser", "photos/val", photographed(15, 95), everywhere, {"as it is": untouched, "median 3x3": median}, first=40
    ),
    "denoiser_photo_75": Protocol(
        "denoiser", "photos/val", photographed(15, 75), everywhere, {"as it is": untouched, "median 3x3": median}, first=40
    ),
    "denoiser_photo_clean": Protocol("denoiser", "photos/val", as_they_are, everywhere, {"median 3x3": median}, first=40),
    "super_resolution_photo": Protocol(
        "super_resolution", "photos/val", reduced(4, quality=75), in_luma, {"bicubic": bicubic(4)}, first=40
    ),
    "super_resolution": Protocol("super_resolution", "benchmarks/Set5", reduced(4), in_luma, {"bicubic": bicubic(4)}),
    "super_resolution_x2": Protocol("super_resolution", "benchmarks/Set5", reduced(2), in_luma, {"bicubic": bicubic(2)}),
    "unet_inpainter": Protocol(
        "unet_inpainter", "photos/val", holed(256, "free_form", (0.2, 0.3), whole=False), in_hole, INPAINTING
    ),
    "context_encoder": Protocol("context_encoder", "photos/val", holed(128, "center", None, whole=True), in_hole, INPAINTING),
}


def ours(weights: str, family: str) -> Method:
    """The deployed network of a trained model, one picture at a time."""
    import zoo

    model = zoo.load(weights)
    if not isinstance(model, zoo.create(family, preset="tiny").__class__):
        raise ValueError(f"{weights} holds a {type(model).__name__}; this protocol is for {family}")
    deployed = model.inference_model()
    defaults = {name: np.array([value], "float32") for name, value in model.signature.optional.items()}

    def run(inputs: dict[str, np.ndarray]) -> np.ndarray:
        return np.asarray(deployed(defaults | {name: value[None] for name, value in inputs.items()})["output_image"])[0]

    return run


def measure(protocol: Protocol, methods: dict[str, Method], data: Path, out: Path, limit: int) -> list[list[Any]]:
    """A row for each method: name, mean PSNR, mean SSIM, seconds a picture. Writes the first three pictures side by side."""
    files = sorted((data / protocol.folder).iterdir())[: limit or protocol.first]
    examples = list(protocol.examples(files))
    shown = [[np.clip(inputs["image"], 0, 1)] for inputs, _ in examples[:3]]
    rows = []
    for name, method in methods.items():
        start = time.perf_counter()
        results = [method(inputs) for inputs, _ in examples]
        seconds = (time.perf_counter() - start) / len(examples)
        scores = [protocol.score(x, original, inputs) for x, (inputs, original) in zip(results, examples, strict=True)]
        rows.append([name, *np.mean(scores, axis=0), seconds])
        for strip, x in zip(shown, results, strict=False):
            strip.append(x)
    for index, strip in enumerate(shown):
        original = examples[index][1]
        cells = [np.repeat(np.repeat(x, len(original) // len(x), 0), len(original) // len(x), 1) for x in [*strip, original]]
        pixels = to_bytes(np.concatenate(cells, axis=1))
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(f"{out}-{index}.png")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="PROTOCOL=WEIGHTS", help=f"protocols: {', '.join(PROTOCOLS)}")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with benchmarks/ and photos/")
    parser.add_argument("--out", type=Path, default=Path("runs/restoration"), help="folder for the pictures")
    parser.add_argument("--pictures", type=int, default=0, help="only the first so many; 0 takes all, as a figure needs")
    parser.add_argument("--classical", action="store_true", help="measure protocols without a model too")
    arguments = parser.parse_args()
    weights = dict(model.partition("=")[::2] for model in arguments.models)
    for name in weights:
        if name not in PROTOCOLS:
            parser.error(f"no protocol {name!r}; there are: {', '.join(PROTOCOLS)}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    print(f"{'protocol':26}{'method':18}{'PSNR dB':>9}{'SSIM':>8}{'s/picture':>11}")
    for name, protocol in PROTOCOLS.items():
        if name not in weights and not arguments.classical:
            continue
        methods = dict(protocol.methods)
        if name in weights:
            methods["ours"] = ours(weights[name], protocol.family)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # scikit-image's own
            rows = measure(protocol, methods, arguments.data, arguments.out / name, arguments.pictures)
        for method, decibel, similarity, seconds in rows:
            print(f"{name:26}{method:18}{decibel:9.2f}{similarity:8.4f}{seconds:11.3f}", flush=True)


if __name__ == "__main__":
    main()
