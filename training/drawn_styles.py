"""Draws pictures that look painted, for training `adain` on more styles than photographs have.

    python -m zoo.training.drawn_styles --out runs/drawn_styles --count 400

Strokes, dots, cells of glass, tiles, hatching, leaves and bands of colour, each in a palette and at a scale of its own; number i
is the same picture on every machine with the same NumPy and Pillow.
"""

import argparse
import colorsys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from zoo.common.files import replacing

SIDE = 320
DRAWN = 2 * SIDE  # drawn twice as large, for smooth edges
Random = np.random.Generator
Canvas = tuple[Image.Image, ImageDraw.ImageDraw]


def palette(random: Random) -> np.ndarray:
    """4 to 7 colours around one or two hues, dark to light: float [N, 3] in [0, 255]."""
    count = int(random.integers(4, 8))
    hue, other = random.random(2)
    saturation = random.uniform(0.15, 0.9)
    colors = []
    for place in np.linspace(0.08, 0.97, count):
        base = hue if random.random() < 0.65 else other
        shift = (base + random.normal(0, 0.05)) % 1
        colors.append(colorsys.hsv_to_rgb(shift, np.clip(saturation + random.normal(0, 0.15), 0, 1), place))
    return 255 * np.array(colors)


def noise(random: Random, scale: float) -> np.ndarray:
    """A smooth field [DRAWN, DRAWN] in [0, 1] whose hills are about `scale` pixels wide."""
    total, weight = np.zeros((DRAWN, DRAWN)), 1.0
    for octave in range(3):
        side = max(2, int(DRAWN / scale * 2**octave))
        coarse = Image.fromarray(random.random((side, side)).astype(np.float32))
        total += weight * np.asarray(coarse.resize((DRAWN, DRAWN), Image.Resampling.BICUBIC))
        weight /= 2
    return (total - total.min()) / (total.max() - total.min())


def shade(colors: np.ndarray, value: float, random: Random, spread: float = 12) -> tuple[int, int, int]:
    """A colour of the palette for a value in [0, 1], a little off."""
    color = colors[int(np.clip(value, 0, 0.999) * len(colors))] + random.normal(0, spread, 3)
    red, green, blue = np.clip(color, 0, 255).astype(int)
    return int(red), int(green), int(blue)


def canvas(color: tuple[int, int, int]) -> Canvas:
    image = Image.new("RGB", (DRAWN, DRAWN), color)
    return image, ImageDraw.Draw(image)


def strokes(random: Random, colors: np.ndarray) -> Image.Image:
    """Brush strokes along a field of directions, long or short, as in Impressionism."""
    image, draw = canvas(shade(colors, 0.2, random))
    tone, turn = noise(random, random.uniform(120, 400)), noise(random, random.uniform(150, 500))
    length, width = random.uniform(8, 40), random.uniform(3, 12)
    for x, y in random.uniform(0, DRAWN, (int(9e6 / (length * width * 14)), 2)):
        angle = 4 * np.pi * turn[int(y), int(x)] + random.normal(0, 0.15)
        reach = length / 2 * np.array([np.cos(angle), np.sin(angle)])
        color = shade(colors, tone[int(y), int(x)] + random.normal(0, 0.08), random)
        draw.line([(x - reach[0], y - reach[1]), (x + reach[0], y + reach[1])], color, max(1, round(width)))
    return image


def dots(random: Random, colors: np.ndarray) -> Image.Image:
    """Points of pure colour, as in Pointillism."""
    image, draw = canvas(shade(colors, 0.8, random))
    tone, radius = noise(random, random.uniform(120, 400)), random.uniform(3, 9)
    for x, y in random.uniform(0, DRAWN, (int(1.6e6 / (radius * radius * 4)), 2)):
        r = radius * random.uniform(0.6, 1.2)
        value = tone[int(y), int(x)] + random.normal(0, 0.15)
        draw.ellipse([x - r, y - r, x + r, y + r], shade(colors, value, random))
    return image


def cells(random: Random, colors: np.ndarray) -> Image.Image:
    """Cells of one colour each between dark leads, as stained glass; without leads, as cut paper."""
    sites = random.uniform(0, DRAWN, (int(random.integers(60, 500)), 2))
    rows, columns = np.mgrid[0:DRAWN:2, 0:DRAWN:2]
    first = np.full(rows.shape, np.inf)
    second, owner = first.copy(), np.zeros(rows.shape, int)
    for number, (x, y) in enumerate(sites):
        distance = np.hypot(columns - x, rows - y)
        nearer = distance < first
        second = np.where(nearer, first, np.minimum(second, distance))
        owner = np.where(nearer, number, owner)
        first = np.where(nearer, distance, first)
    tones = np.array([shade(colors, random.random(), random, 20) for _ in sites])
    lead = random.choice([0.0, 5.0, 9.0])
    pixels = np.where((second - first > lead)[..., None], tones[owner], 0.3 * colors[0])
    return Image.fromarray(np.uint8(np.clip(pixels + random.normal(0, 4, pixels.shape), 0, 255)))


def tiles(random: Random, colors: np.ndarray) -> Image.Image:
    """Rows of small stones with grout between them, which follow a field of tones."""
    image, draw = canvas(shade(colors, random.choice([0.0, 0.95]), random))
    side, tone = random.uniform(14, 36), noise(random, random.uniform(120, 400))
    for top in np.arange(-side, DRAWN, side):
        for left in np.arange(-side + random.uniform(0, side), DRAWN, side):
            x, y = (float(np.clip(place + side / 2, 0, DRAWN - 1)) for place in (left, top))
            corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * side * 0.86 + (left, top) + random.normal(0, side / 14, (4, 2))
            value = tone[int(y), int(x)] + random.normal(0, 0.1)
            draw.polygon([(float(a), float(b)) for a, b in corners], shade(colors, value, random))
    return image


def hatching(random: Random, colors: np.ndarray) -> Image.Image:
    """Ink on paper: layers of parallel lines, each where it is dark enough."""
    image, draw = canvas(shade(colors, 0.97, random))
    tone, width = noise(random, random.uniform(120, 400)), int(random.integers(2, 5))
    for layer, angle in enumerate(random.uniform(0, np.pi, 3)):
        along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
        for offset in np.arange(-DRAWN, DRAWN, random.uniform(7, 14)):
            for place in np.arange(-DRAWN, DRAWN, 22):
                start = DRAWN / 2 + offset * across + place * along + random.normal(0, 1, 2)
                end = start + 22 * along + random.normal(0, 1, 2)
                x, y = start
                if 0 <= x < DRAWN and 0 <= y < DRAWN and tone[int(y), int(x)] < 0.65 - 0.2 * layer:
                    draw.line([tuple(start), tuple(end)], shade(colors, 0.1, random), width)
    return image


def leaves(random: Random, colors: np.ndarray) -> Image.Image:
    """Ellipses and rectangles of all sizes over each other (dead leaves)."""
    image, draw = canvas(shade(colors, 0.5, random))
    for size in sorted(90 / np.sqrt(random.uniform(0.02, 1, 1500)) * random.uniform(0.1, 0.3), reverse=True):
        (x, y), ratio = random.uniform(0, DRAWN, 2), random.uniform(0.4, 1)
        box = [x - size, y - size * ratio, x + size, y + size * ratio]
        (draw.ellipse if random.random() < 0.6 else draw.rectangle)(box, shade(colors, random.random(), random))
    return image


def bands(random: Random, colors: np.ndarray) -> Image.Image:
    """Winding bands of flat colour with dark contours, as in woodcuts and in Munch's skies."""
    field = noise(random, random.uniform(150, 500)) * random.uniform(3, 12)
    place = field % 1
    pixels = colors[(place * len(colors)).astype(int) % len(colors)]
    contour = np.abs((place * len(colors)) % 1 - 0.5) > 0.5 - random.uniform(0.0, 0.12)
    pixels = np.where(contour[..., None], 0.4 * colors[0], pixels)
    grain = random.normal(0, random.uniform(2, 14), (DRAWN, DRAWN, 1))
    return Image.fromarray(np.uint8(np.clip(pixels + grain, 0, 255)))


KINDS: tuple[Callable[[Random, np.ndarray], Image.Image], ...] = (strokes, dots, cells, tiles, hatching, leaves, bands)


def style_picture(number: int) -> Image.Image:
    """The drawn style of this number: RGB, 320 x 320."""
    random = np.random.default_rng([7, number])
    picture = KINDS[number % len(KINDS)](random, palette(random))
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m zoo.training.drawn_styles", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--count", type=int, default=400)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number in range(arguments.count):
        with replacing(arguments.out / f"{number:04d}.png") as temporary:
            style_picture(number).save(temporary)


if __name__ == "__main__":
    main()
