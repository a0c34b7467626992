"""The pictures of docs/gallery: a page a style, photographs by styles by methods, what restoration restores, a loss curve.

    python -m benchmarks.gallery [--out docs/gallery] [--size 256] [--iterations 70,40]

Photographs and styles come with scikit-image or are drawn here; every shipped weight that paints in a style has a column.
"""

import argparse
import itertools
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.samples import sample, square
from benchmarks.style_pages import style_pages

PHOTOGRAPHS = ("chelsea", "astronaut", "coffee", "rocket")
INK, PALE = "#222222", "#dddddd"
COLORS = {"style": "#c0392b", "content": "#2471a3"}


def photographs(size: int) -> list[np.ndarray]:
    """The middle squares of the photographs, float32 [size, size, 3] in [0, 1]."""
    return [sample(name, size) for name in PHOTOGRAPHS]


def styles(size: int) -> dict[str, np.ndarray]:
    """Style pictures that anyone may use: two drawn, one in the public domain."""
    import skimage

    from zoo.cli.demo import stained_glass

    tissue = Path(skimage.__file__).parent / "data" / "ihc.png"
    return {"stained glass": stained_glass(size), "strokes": strokes(size), "tissue": square(Image.open(tissue), size)}


def strokes(size: int) -> np.ndarray:
    """Night blues and yellows laid down in short strokes along a swirling field."""
    random, scale = np.random.default_rng(0), 4 * size / 256
    palette = np.array([(18, 32, 90), (34, 70, 150), (60, 120, 190), (120, 170, 210), (235, 200, 90), (250, 232, 170)])
    canvas = Image.new("RGB", (2 * size, 2 * size), tuple(palette[0].tolist()))
    draw = ImageDraw.Draw(canvas)
    for x, y in random.uniform(0, 2 * size, (9000, 2)):
        u, v = x / size * np.pi, y / size * np.pi
        angle = 2.2 * np.sin(1.3 * u + np.cos(v)) + 1.7 * np.cos(1.1 * v - np.sin(1.6 * u))
        shade = 2.2 + 2.0 * np.sin(0.9 * u + 1.4 * np.sin(v)) * np.cos(0.8 * v) + random.normal(0, 0.7)
        color = palette[int(np.clip(round(shade), 0, 5))] + random.integers(-14, 15, 3)
        reach = np.array([np.cos(angle), np.sin(angle)]) * 3.2 * scale
        ends = [(x - reach[0], y - reach[1]), (x + reach[0], y + reach[1])]
        draw.line(ends, tuple(np.clip(color, 0, 255).tolist()), round(1.5 * scale))
    return np.asarray(canvas.resize((size, size), Image.Resampling.LANCZOS), np.float32) / 255


def shipped_sheets(
    pictures: list[np.ndarray], style_pictures: dict[str, np.ndarray], only: str | None = None
) -> dict[str, dict[str, np.ndarray]]:
    """By family, what the shipped weights for style transfer make of the pictures.

    A column for each style that they hold; or for each of `style_pictures`, in the corner, where the style is a picture.
    """
    import zoo
    from zoo._shipped import shipped_weights

    sheets: dict[str, dict[str, np.ndarray]] = {}
    for name in shipped_weights():
        if only not in (None, name.partition("/")[0]):
            continue
        model = zoo.load(name)
        if model.task not in ("style transfer", "unpaired translation"):
            continue
        network, (family, _, title) = model.inference_model(), name.partition("/")
        columns = sheets.setdefault(family, {"photograph": np.stack(pictures)})
        inputs: dict[str, Any] = {"image": np.stack(pictures), "strength": np.ones(len(pictures), "float32")}
        if "style" in network.input:
            for label, style in style_pictures.items():
                inputs["style"] = np.stack([style] * len(pictures))
                columns[label] = np.stack([inset(np.asarray(x), style) for x in network(inputs)["output_image"]])
            continue
        styles = network.input["style_weights"].shape[1] if "style_weights" in network.input else 1
        for number in range(styles):
            inputs["style_weights"] = np.tile(np.eye(styles, dtype="float32")[number], (len(pictures), 1))
            label = f"{title}, {(model.style_names or range(styles))[number]}" if styles > 1 else title
            columns[label] = np.asarray(network({key: inputs[key] for key in network.input})["output_image"])
    return sheets


def painted_columns(
    pictures: list[np.ndarray], style_pictures: dict[str, np.ndarray], size: int, iterations: tuple[int, int]
) -> tuple[dict[str, np.ndarray], list[dict[str, float]]]:
    """What neural_style makes of them, with the style in a corner; and the loss curve of the first."""
    from zoo.training.optimise import optimise_picture

    columns: dict[str, np.ndarray] = {}
    first: list[dict[str, float]] = []
    for title, style in style_pictures.items():
        results = []
        for picture in pictures:
            result, curve = optimise_picture(picture, [style], size=size, iterations=iterations)
            first = first or curve
            results.append(inset(result, style))
            print(f"{title}: {len(results)} of {len(pictures)}", flush=True)
        columns[title] = np.stack(results)
    return columns, first


def restored_rows(size: int) -> list[np.ndarray]:
    """A sheet for every shipped weight that restores: what it was given, a classical method, the weight, the original."""
    from benchmarks import restoration
    from zoo._shipped import shipped_weights
    from zoo.training.degradations import add_noise, downscale, jpeg
    from zoo.training.masks import draw_mask
    from zoo.training.pictures import grid

    random = np.random.default_rng(0)
    cat, portrait, camera = (sample(name, size) for name in ("chelsea", "astronaut", "camera"))
    gray = camera[..., :1]
    stroke, middle = draw_mask(["free_form"], size, random, (0.2, 0.3)), draw_mask(["center"], 128, random)
    small = sample("coffee", 128)
    telea = restoration.opencv("INPAINT_TELEA")
    rows: dict[str, tuple[dict[str, np.ndarray], str, restoration.Method, np.ndarray]] = {
        "denoiser/gray": (
            {"image": add_noise(gray, "gaussian", (25, 25), random)},
            "non-local means",
            restoration.non_local_means,
            gray,
        ),
        "denoiser/salt_and_pepper": (
            {"image": add_noise(gray, "salt_and_pepper", (0.1, 0.1), random)},
            "median 3x3",
            restoration.median,
            gray,
        ),
        "super_resolution/x4": ({"image": downscale(portrait, 4)}, "bicubic", restoration.bicubic(4), portrait),
        "unet_inpainter/free_form": ({"image": cat * (1 - stroke), "mask": stroke}, "Telea", telea, cat),
        "context_encoder/center": ({"image": small * (1 - middle), "mask": middle}, "Telea", telea, small),
        "denoiser/color": (
            {"image": add_noise(cat, "gaussian", (25, 25), random)},
            "non-local means",
            restoration.non_local_means,
            cat,
        ),
        "super_resolution/x2": ({"image": downscale(small, 2)}, "bicubic", restoration.bicubic(2), small),
        "denoiser/photo": (
            {"image": jpeg(add_noise(portrait, "gaussian", (15, 15), random), 50)},
            "median 3x3",
            restoration.median,
            portrait,
        ),
        "super_resolution/photo": ({"image": jpeg(downscale(cat, 4), 75)}, "bicubic", restoration.bicubic(4), cat),
        "unet_inpainter/eraser": ({"image": cat * (1 - stroke), "mask": stroke}, "Telea", telea, cat),
        "enhancer/light": ({"image": darkened(portrait, 0.06)}, "equalised histogram", equalised, portrait),
    }
    sheets = []
    for name in sorted(set(rows) & set(shipped_weights()), key=list(rows).index):
        inputs, title, method, original = rows[name]
        columns = {
            "given": inputs["image"],
            title: method(inputs),
            name: restoration.ours(name, name.partition("/")[0])(inputs),
            "original": original,
        }
        sheets.append(grid({title: enlarged(np.clip(picture, 0, 1), size)[None] for title, picture in columns.items()}))
    return sheets


def darkened(picture: np.ndarray, exposure: float) -> np.ndarray:
    """The picture with so much of its light, of 8 bits."""
    from zoo.training.degradations import Step, take_steps

    light = Step("light", {"exposure": exposure, "cast": (1.0, 1.0, 1.0)})
    return take_steps(picture, [light], np.random.default_rng(0))


def equalised(inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Contrast-limited adaptive histogram equalisation, scikit-image's defaults."""
    from skimage.exposure import equalize_adapthist

    return equalize_adapthist(inputs["image"]).astype("float32")


def enlarged(picture: np.ndarray, size: int) -> np.ndarray:
    """Pixels as squares, up to `size`."""
    times = size // len(picture)
    return picture.repeat(times, 0).repeat(times, 1)


def inset(picture: np.ndarray, style: np.ndarray) -> np.ndarray:
    """The style at a quarter of the size in the lower right corner, framed in white."""
    side = len(picture) // 4
    framed = picture.copy()
    framed[-side - 6 :, -side - 6 :] = 1
    framed[-side - 3 : -3, -side - 3 : -3] = (
        np.asarray(Image.fromarray(np.uint8(255 * style)).resize((side, side), Image.Resampling.LANCZOS), np.float32) / 255
    )
    return framed


def loss_plot(curve: list[dict[str, float]], width: int = 640, height: int = 320, scale: int = 3) -> Image.Image:
    """The terms of the loss by iteration, on a logarithmic scale; a line where the picture is made twice as large."""
    canvas = Image.new("RGB", (scale * width, scale * height), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(13 * scale)
    left, right, top, bottom = (scale * x for x in (56, width - 80, 28, height - 40))
    values = [point[name] for point in curve for name in COLORS]
    low = np.floor(np.log10(min(curve[-1][name] for name in COLORS)))  # the first content loss is nothing, or nearly so
    high = np.ceil(np.log10(max(values)))

    def place(iteration: float, value: float) -> tuple[float, float]:
        share = (max(np.log10(value), low) - low) / (high - low)
        return left + (right - left) * iteration / (len(curve) - 1), float(bottom - (bottom - top) * share)

    for power in range(int(low), int(high) + 1):
        y = place(0, 10.0**power)[1]
        draw.line([(left, y), (right, y)], PALE, scale)
        draw.text((left - 8 * scale, y), f"{10.0**power:g}", INK, font, anchor="rm")
    for iteration, (before, point) in enumerate(itertools.pairwise(curve), 1):
        if before["size"] != point["size"]:
            x = place(iteration, 10.0**low)[0]
            draw.line([(x, top), (x, bottom)], PALE, 2 * scale)
            draw.text((x + 5 * scale, top), f"{point['size']:.0f} pixels", INK, font, anchor="lt")
    draw.text((left + 5 * scale, top), f"{curve[0]['size']:.0f} pixels", INK, font, anchor="lt")
    for name, color in COLORS.items():
        draw.line([place(i, point[name]) for i, point in enumerate(curve)], color, 2 * scale, joint="curve")
        draw.text((right + 8 * scale, place(len(curve) - 1, curve[-1][name])[1]), name, color, font, anchor="lm")
    draw.text(((left + right) / 2, bottom + 22 * scale), "iterations of L-BFGS", INK, font, anchor="mm")
    return canvas.resize((width, height), Image.Resampling.LANCZOS)


def written(sheets: dict[str, dict[str, np.ndarray]], out: Path) -> None:
    """Writes every sheet as NAME.jpg."""
    from zoo.training.pictures import grid

    for name, columns in sheets.items():
        Image.fromarray(np.uint8(255 * grid(columns))).save(out / f"{name}.jpg", quality=85)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/gallery"))
    parser.add_argument("--size", type=int, default=256, help="side of every picture in pixels")
    parser.add_argument("--iterations", default="70,40", help="of neural_style, at the coarsest size and at each finer one")
    parser.add_argument("--pictures", type=int, default=len(PHOTOGRAPHS), help="only the first so many photographs")
    parser.add_argument("--styles", type=int, default=3, help="only the first so many styles of neural_style")
    parser.add_argument("--only", help="one sheet of weights that ship, such as fast_style; or pages, one a style")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.only in (None, "pages"):
        style_pages(arguments.out, 2 * arguments.size)
        if arguments.only:
            return
    coarse, fine = map(int, arguments.iterations.split(","))
    pictures = photographs(arguments.size)[: arguments.pictures]
    style_pictures = dict(list(styles(arguments.size).items())[: arguments.styles])
    sheets = shipped_sheets(pictures, style_pictures, arguments.only)
    if arguments.only:
        return written(sheets, arguments.out)
    painted, curve = painted_columns(pictures, style_pictures, arguments.size, (coarse, fine))
    sheets["neural_style"] = {"photograph": np.stack(pictures), **painted}
    written(sheets, arguments.out)
    rows = restored_rows(arguments.size)
    Image.fromarray(np.uint8(255 * np.concatenate(rows))).save(arguments.out / "restored.jpg", quality=88)
    loss_plot(curve).save(arguments.out / "loss.png", optimize=True)


if __name__ == "__main__":
    main()
