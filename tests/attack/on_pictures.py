"""Damaged pictures of every kind that can be read, decoded as training and `zoo apply` do."""

import io
import random
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.attack.beside import Beside, Outcome, refusal
from tests.attack.mutations import damaged
from tests.attack.outcomes import Counts, state_of
from tests.models import sample

SECONDS = 30
MEMORY = 8 << 30  # bytes of addresses; what takes more than a picture of 100 million pixels does is found out


def attack(folder: Path, count: int, seed: int) -> Counts:
    """Reads `count` damaged pictures, written below `folder`."""
    whole, place = whole_pictures(), folder / "odd"
    place.mkdir()
    (folder / "mine.txt").write_text("mine")
    counts, before, beside = Counts("pictures"), state_of(folder), Beside(reading, SECONDS)
    for index in range(count):
        chance = random.Random(f"{seed} pictures {index}")
        name = chance.choice(sorted(whole))
        content = damaged(whole[name], chance) if chance.random() < 0.6 else damaged_head(whole[name], chance)
        path = place / chance.choice((name, "other.png", "other.jpg"))
        path.write_bytes(content)
        outcome, words = beside.outcome(str(path))
        counts.add(outcome, f"{index} {name}: {words}")
        path.unlink()
    beside.close()
    if state_of(folder) != before:
        counts.add("outside", "a file beside the pictures changed")
    return counts


def damaged_head(content: bytes, chance: random.Random) -> bytes:
    """Faults where the sizes, the tables and the offsets are; what comes after them is as it was."""
    at = chance.choice((40, 200, 1000))
    return damaged(content[:at], chance) + content[at:]


def whole_pictures() -> dict[str, bytes]:
    """A picture of each kind, by name."""
    pixels = (255 * sample("astronaut", 64)).astype("uint8")
    picture = Image.fromarray(pixels)
    turned = Image.Exif()
    turned[0x0112] = 6
    alpha = Image.fromarray(np.dstack([pixels, pixels[..., :1]]))
    deep = Image.fromarray(pixels[..., 0].astype("uint16") * 257)
    made = {
        "plain.jpg": (picture, {"quality": 90}),
        "progressive.jpg": (picture, {"progressive": True, "exif": turned}),
        "cmyk.jpg": (picture.convert("CMYK"), {}),
        "plain.png": (picture, {}),
        "alpha.png": (alpha, {}),
        "palette.png": (picture.quantize(16), {"transparency": 3}),
        "deep.png": (deep, {}),
        "plain.webp": (picture, {}),
        "lossless.webp": (alpha, {"lossless": True}),
        "plain.gif": (picture.quantize(64), {}),
        "plain.bmp": (picture, {}),
        "packed.tif": (picture, {"compression": "tiff_lzw"}),
        "deep.tif": (deep, {}),
    }
    return {name: _file(picture, name, options) for name, (picture, options) in made.items()}


def _file(picture: Image.Image, name: str, options: dict) -> bytes:
    buffer = io.BytesIO()
    kinds = {"jpg": "JPEG", "tif": "TIFF"}
    picture.save(buffer, kinds.get(name[-3:], name.rpartition(".")[2].upper()), **options)
    return buffer.getvalue()


def reading() -> Callable[[str], Outcome]:
    """Gives the function that reads a picture, in the process beside."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import warnings

    from zoo.training.pictures import read_picture, read_pixels

    warnings.simplefilter("ignore")

    def read(path: str) -> Outcome:
        outcomes = []
        for way in (read_picture, read_pixels):
            try:
                opened = way(path)
            except BaseException as error:
                outcomes.append(refusal(error))
                continue
            pixels = getattr(opened, "rgb", opened)
            fits = pixels.ndim == 3 and pixels.size and np.isfinite(pixels).all()
            outcomes.append(("clean", "read") if fits else ("raw", f"pixels of shape {pixels.shape}"))
        return next((outcome for outcome in outcomes if outcome[0] != "clean"), outcomes[0])

    return read
