"""The pages of docs/gallery, one for each style of the painters."""

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.samples import sample

SUBJECTS = {
    "face": "astronaut",
    "fur": "chelsea",
    "night": "rocket",
    "things": "coffee",
    "stars": "hubble_deep_field",
    "machine": "motorcycle_left",
}
PAINTERS = "fast_style/painters"
MANNERS = {  # what is said of each style on its page
    "hokusai": "Prussian blue lines on paper: after Hokusai's Great Wave off Kanagawa (about 1831).",
    "munch": "Long strokes of vermilion and slate: after Munch's The Scream (1893).",
    "turner": "Haze, ochre and storm green: after Turner's Shipwreck of the Minotaur (about 1810).",
    "picabia": "Planes of gray, cream and bottle green: after Picabia's Udnie (1913).",
    "mosaic": "Glazed tiles with grout: after a mosaic.",
}


def style_pages(out: Path, size: int) -> None:
    """A page for each style of the painters: a large sheet of subjects, before and after, and how it was made."""
    import zoo

    painters = zoo.open(PAINTERS)
    subjects = {subject: sample(name, size) for subject, name in SUBJECTS.items()}
    for style, manner in MANNERS.items():
        cells = [np.concatenate([picture, painters(picture, style=style)], 1) for picture in subjects.values()]
        rows = [np.concatenate(cells[start : start + 2], 1) for start in range(0, len(cells), 2)]
        Image.fromarray(np.uint8(255 * np.concatenate(rows) + 0.5)).save(out / f"{style}.jpg", quality=85)
        others = ", ".join(f"[{other}]({other}.md)" for other in MANNERS if other != style)
        (out / f"{style}.md").write_text(
            f"# {style}\n\n{manner}\n\n`zoo apply {PAINTERS} PHOTO --style {style} --out P`: each photograph, and beside it what "
            f"one pass of {size} x {size} pixels makes of it; none chosen. The others: {others}; "
            "[all of the gallery](README.md).\n\n"
            f"![{', '.join(subjects)}]({style}.jpg)\n"
        )
