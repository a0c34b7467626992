"""Paints photographs over in strokes, planes and prints: styles with the composition of pictures, for training `adain`.

    python -m zoo.training.painted_styles --photographs PHOTOS --out runs/painted_styles --count 800

Each picture is a photograph in a palette of its own, painted by layers of curved brush strokes (Hertzmann 1998, "Painterly
rendering with curved brush strokes of multiple sizes"), cut into planes, or printed in few flat colours with dark contours.
Number i of the same photographs is the same picture on every machine with the same NumPy, SciPy and Pillow.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from zoo.common.files import replacing
from zoo.training.drawn_styles import SIDE, Random, palette
from zoo.training.pictures import list_pictures, read_pixels

DRAWN = 3 * SIDE // 2  # drawn larger, for smooth edges


def recolored(random: Random, photograph: np.ndarray) -> np.ndarray:
    """The photograph, float [H, W, 3] in [0, 255], drawn towards a palette that its brightness runs through."""
    luma = photograph @ np.array([0.299, 0.587, 0.114])
    order = np.searchsorted(np.sort(luma, axis=None)[:: luma.size // 256], luma) / 256
    tone = np.clip(order * random.uniform(0.6, 1) + luma / 255 * random.uniform(0, 0.4), 0, 1)
    colors = palette(random)
    places = np.linspace(0, 1, len(colors))
    mapped = np.stack([np.interp(tone, places, colors[:, channel]) for channel in range(3)], -1)
    share = random.choice([0.0, 0.3, 0.5, 0.7, 0.9])
    chroma = photograph - luma[..., None]
    turn = np.linalg.qr(np.eye(3) + random.choice([0, 1]) * random.normal(size=(3, 3)))[0]
    turned = chroma @ (turn * np.sign(np.diag(turn)))
    return np.clip(mapped * share + (1 - share) * (luma[..., None] + random.uniform(0.8, 2) * turned), 0, 255)


def flow(random: Random, picture: np.ndarray, blur: float) -> tuple[np.ndarray, np.ndarray]:
    """Along the contours of the picture where it has some, along a smooth field elsewhere: two [H, W] of unit vectors."""
    luma = ndimage.gaussian_filter(picture.mean(-1), blur)
    down, right = np.gradient(luma)
    field = ndimage.gaussian_filter(random.normal(size=luma.shape), random.uniform(25, 70))
    field_down, field_right = np.gradient(field / field.std() * random.uniform(8, 40))
    down, right = down + field_down, right + field_right
    length = np.hypot(down, right) + 1e-6
    return -right / length, down / length  # rows, columns: a quarter turn from the gradient


def brushed(random: Random, picture: np.ndarray) -> np.ndarray:
    """Layers of curved strokes, large ones below, small ones where they miss the picture."""
    height, width = picture.shape[:2]
    image = Image.fromarray(np.uint8(ndimage.gaussian_filter(picture, (30, 30, 0))))
    draw = ImageDraw.Draw(image)
    largest = random.uniform(6, 17)
    radii = [largest * share for share in (1, 0.5, 0.25)[: int(random.integers(1, 4))]]
    most, threshold = random.uniform(3, 14), random.uniform(8, 45)
    jitter, bend = random.uniform(0, 22), random.uniform(0.3, 1)
    for radius in radii:
        reference = ndimage.gaussian_filter(picture, (radius / 2, radius / 2, 0))
        rows, columns = flow(random, reference, radius / 2)
        error = ndimage.uniform_filter(np.abs(reference - np.asarray(image, float)).sum(-1), round(radius))
        step = radius * random.uniform(0.7, 1)
        starts = random.permutation(
            np.stack(np.meshgrid(np.arange(0, height, step), np.arange(0, width, step)), -1).reshape(-1, 2)
        )
        starts = starts + random.uniform(-radius, radius, starts.shape)
        for y, x in starts:
            inside = 0 <= y < height and 0 <= x < width
            if not inside or (radius < largest and error[int(y), int(x)] < threshold):
                continue
            color = reference[int(y), int(x)]
            shade = np.clip(color + random.normal(0, jitter) + random.normal(0, jitter / 3, 3), 0, 255)
            points, direction = [(x, y)], None
            for _ in range(int(random.uniform(1, most)) + 1):
                towards = np.array([columns[int(y), int(x)], rows[int(y), int(x)]])
                if direction is not None:
                    towards = towards if towards @ direction >= 0 else -towards
                    towards = bend * towards + (1 - bend) * direction
                direction = towards / (np.linalg.norm(towards) + 1e-6)
                x, y = x + radius * direction[0], y + radius * direction[1]
                if not (0 <= y < height and 0 <= x < width):
                    break
                points.append((x, y))
                if len(points) > 2 and np.abs(reference[int(y), int(x)] - color).sum() > 90:
                    break
            red, green, blue = (int(value) for value in shade)
            ends = radius * 0.9
            if len(points) > 1:
                draw.line(points, (red, green, blue), max(2, round(2 * ends)), joint="curve")
            for px, py in (points[0], points[-1]):
                draw.ellipse([px - ends, py - ends, px + ends, py + ends], (red, green, blue))
    painted = np.asarray(image, float)
    if random.random() < 0.5:  # bristles, along the strokes
        bristles = ndimage.gaussian_filter(random.normal(size=painted.shape[:2]), (0.6, 4))
        painted = painted + random.uniform(4, 14) * (bristles / bristles.std())[..., None]
    return painted


def planes(random: Random, picture: np.ndarray) -> np.ndarray:
    """Facets with an edge of light and one of shade, as in Cubism: straight cuts through the picture, each turned a little."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(float)
    result = ndimage.gaussian_filter(picture, (6, 6, 0))
    for _ in range(int(random.integers(25, 140))):
        center, angle = random.uniform(0, (height, width)), random.uniform(0, np.pi)
        along = (x - center[1]) * np.cos(angle) + (y - center[0]) * np.sin(angle)
        curve = random.normal(0, 0.004)
        across = -(x - center[1]) * np.sin(angle) + (y - center[0]) * np.cos(angle) + curve * along**2
        long, wide = random.uniform(30, 200), random.uniform(15, 90)
        inside = (np.abs(along) < long) & (across > 0) & (across < wide * (1 + along / long * random.uniform(-0.9, 0.9)))
        if inside.any():
            color = result[inside].mean(0) + random.normal(0, 12, 3)
            fade = (across / wide)[..., None]
            toward = result + random.choice([-1, 1]) * random.uniform(20, 70) * (1 - fade)
            share = random.uniform(0.3, 0.9)
            result = np.where(inside[..., None], share * (color + (toward - result)) + (1 - share) * toward, result)
    return np.clip(result + ndimage.gaussian_filter(random.normal(0, 30, result.shape), (1.5, 1.5, 0)), 0, 255)


def printed(random: Random, picture: np.ndarray) -> np.ndarray:
    """Few flat colours with dark contours on paper, as a woodcut; gradients are lines of the flow in some."""
    blurred = ndimage.gaussian_filter(picture, (random.uniform(3, 8),) * 2 + (0,))
    colors = blurred.reshape(-1, 3)[random.choice(blurred.shape[0] * blurred.shape[1], int(random.integers(4, 9)))]
    nearest = np.argmin(((blurred[:, :, None] - colors) ** 2).sum(-1), -1)
    flat = colors[nearest]
    luma, wide = picture.mean(-1), random.uniform(1.5, 4)
    dog = ndimage.gaussian_filter(luma, wide) - 0.97 * ndimage.gaussian_filter(luma, 1.8 * wide)
    dark = 1 / (1 + np.exp((dog + random.uniform(-2, 3)) * random.uniform(0.6, 2)))
    if random.random() < 0.6:
        rows, columns = flow(random, blurred, 4)
        lines = ndimage.gaussian_filter(random.normal(size=luma.shape), 1.2)
        y, x = np.mgrid[0 : luma.shape[0], 0 : luma.shape[1]].astype(float)
        total = np.zeros_like(luma)
        for reach in np.linspace(-14, 14, 15):
            total += ndimage.map_coordinates(lines, [y + reach * rows, x + reach * columns], order=1, mode="reflect")
        lines = total / total.std()
        flat = flat + random.uniform(8, 40) * np.where(random.random() < 0.5, np.sign(lines), lines)[..., None]
    ink = 0.35 * colors[np.argmin(colors.sum(-1))]
    return flat * (1 - dark[..., None]) + ink * dark[..., None] + random.normal(0, random.uniform(2, 10), luma.shape)[..., None]


KINDS: tuple[Callable[[Random, np.ndarray], np.ndarray], ...] = (brushed, brushed, planes, printed)


def style_picture(number: int, photographs: list[Path]) -> Image.Image:
    """The painted style of this number: RGB, 320 x 320."""
    random = np.random.default_rng([11, number])
    photograph = Image.fromarray(read_pixels(photographs[int(random.integers(len(photographs)))])[..., :3])
    side = min(photograph.size)
    left, top = (int(random.integers(length - side + 1)) for length in photograph.size)
    crop = photograph.crop((left, top, left + side, top + side)).resize((DRAWN, DRAWN), Image.Resampling.BICUBIC)
    picture = KINDS[number % len(KINDS)](random, recolored(random, np.asarray(crop, float)))
    return Image.fromarray(np.uint8(np.clip(picture, 0, 255))).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m zoo.training.painted_styles", description=__doc__.split("\n")[0])
    parser.add_argument("--photographs", type=Path, required=True, help="folder of photographs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--count", type=int, default=800)
    parser.add_argument("--first", type=int, default=0, help="the first number")
    arguments = parser.parse_args()
    photographs = list_pictures(arguments.photographs)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number in range(arguments.first, arguments.first + arguments.count):
        with replacing(arguments.out / f"painted_{number:04d}.png") as temporary:
            style_picture(number, photographs).save(temporary)


if __name__ == "__main__":
    main()
