"""Free-form brush strokes (Yu et al. 2019, https://arxiv.org/abs/1806.03589, its released code), drawn from a NumPy Generator."""

import math

import numpy as np
from PIL import Image, ImageDraw


def stroke(height: int, width: int, random: np.random.Generator) -> np.ndarray:
    """One brush stroke: float32 [height, width, 1], 1 where it went.

    4 to 11 vertices and a width of 12 to 40 at 256 pixels, turning to and fro by about 2 pi / 5; other sizes are in proportion.
    """
    side = (height + width) / 2
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    turn, spread, step = 2 * math.pi / 5, 2 * math.pi / 15, math.sqrt(2) * side / 8
    low, high = turn - random.uniform(0, spread), turn + random.uniform(0, spread)
    points = [(random.uniform(0, width), random.uniform(0, height))]
    for vertex in range(random.integers(4, 12)):
        angle = random.uniform(low, high)
        angle = 2 * math.pi - angle if vertex % 2 == 0 else angle
        length = np.clip(random.normal(step, step / 2), 0, 2 * step)
        x, y = points[-1]
        points.append((np.clip(x + length * math.cos(angle), 0, width), np.clip(y + length * math.sin(angle), 0, height)))
    thick = max(round(random.uniform(12, 40) * side / 256), 1)
    draw.line(points, fill=1, width=thick)
    for x, y in points:
        draw.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=1)
    pixels = np.asarray(image, np.float32)[..., None]
    pixels = pixels[::-1] if random.random() < 0.5 else pixels
    return pixels[:, ::-1] if random.random() < 0.5 else pixels


def free_form(height: int, width: int, random: np.random.Generator) -> np.ndarray:
    """1 to 3 brush strokes: float32 [height, width, 1], 1 where one went."""
    return np.maximum.reduce([stroke(height, width, random) for _ in range(random.integers(1, 4))])
