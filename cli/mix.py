"""The sheet of `zoo sample --mix`: pictures with the coarse, middle or fine styles of others."""

from typing import Any

# As in figure 3 of Karras et al. 2019: what is copied in each row, from the picture above to the one on the left.
ROWS = ("coarse", "coarse", "coarse", "middle", "middle", "fine")
COLUMNS = 6


def mixing_sheet(what: str, truncation: float, seed: int) -> Any:
    """Float32 [H, W, 3] in [0, 1] of the model WHAT.

    Raises:
        ValueError: WHAT is an exported file, which takes one latent for all layers, or its family has no styles.
    """
    import numpy as np

    import zoo
    from zoo.cli.settings import model_file
    from zoo.training.pictures import grid

    model: Any = zoo.load(model_file(what))
    if not model.mixes_styles:
        raise ValueError(f"--mix: {model.name} has no styles to mix")
    random = np.random.Generator(np.random.Philox(key=seed))
    first = random.standard_normal((len(ROWS), model.latent), dtype="float32")
    second = random.standard_normal((COLUMNS, model.latent), dtype="float32")

    def mixed(a: Any, b: Any, styles: str) -> Any:
        return np.asarray(model.mix_styles(a, b, styles, truncation))

    blank = np.ones((1, model.size, model.size, 3), np.float32)
    left = mixed(first, first, "fine")
    columns = {
        "copied": np.stack([named("", 96), *(named(styles, 96) for styles in ROWS)]),
        "to": np.concatenate([blank, np.broadcast_to(left, (*left.shape[:3], 3))]),
    }
    for number, latent in enumerate(second[:, None], 1):
        rows = [mixed(a, latent, styles) for a, styles in zip(first[:, None], ROWS, strict=True)]
        columns[f"from {number}"] = np.concatenate([mixed(latent, latent, "fine"), *rows])
    return grid(columns)


def named(text: str, side: int) -> Any:
    """A white picture with a word in it: float32 [side, side, 3]."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (side, side), "white")
    ImageDraw.Draw(image).text((side // 2, side // 2), text, "#333333", ImageFont.load_default(16), anchor="mm")
    return np.asarray(image, np.float32) / 255
