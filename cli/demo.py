"""`zoo demo`: the whole chain on pictures that come with the package."""

import time
from pathlib import Path
from typing import Any

import click

from zoo.cli.printable import printable
from zoo.cli.provenance import provenance_of, provenance_option

HELD_OUT = ("chelsea", "astronaut")
START = "fast_style/mobile"  # half the steps, and finer than all of them from nothing


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="Directory to write.")
@click.option("--steps", default=250, show_default=True, type=click.IntRange(1), help="Training steps; more look better.")
@provenance_option
def demo(out: Path, steps: int, marked: bool) -> None:
    """Trains a style, exports it to every format, verifies every file and shows the pictures: a few minutes, offline.

    Example: zoo demo --out demo
    """
    if out.exists():
        raise ValueError(f"--out {out} exists; remove it or choose another place")
    from zoo.cli.export import STANDARD
    from zoo.cli.opened import open as open_model
    from zoo.cli.progress import stages
    from zoo.cli.quiet import keras_on_tensorflow
    from zoo.cli.table import finish
    from zoo.cli.verify import verification_pictures
    from zoo.training.pictures import write_picture
    from zoo.training.sources import SAMPLES, open_source

    keras_on_tensorflow()
    import zoo
    from zoo.export.export import export_model
    from zoo.training.run import train

    started = time.monotonic()
    out.mkdir(parents=True)
    write_picture(out / "style.png", stained_glass())
    photographs = out / "photographs"
    photographs.mkdir()
    for name in SAMPLES:
        stem = Path(name).stem
        if stem not in HELD_OUT:
            write_picture(photographs / f"{stem}.png", open_source(f"samples:{stem}").picture(0) / 255)
    begins = f"Training a stained-glass style for {steps} steps, from {START}, on the photographs inside scikit-image ..."
    click.echo(printable(begins))
    train(
        START.partition("/")[0],
        preset="mobile",
        config={"size": 160, "styles": 1},
        pictures={"style": [out / "style.png"]},
        start_from=START,
        data=f"folder:{photographs}",
        out=out / "run",
        steps=steps,
        batch_size=4,
        checkpoint_every=max(steps // 3, 1),
    )
    model = zoo.load(str(out / "run" / "model.keras"))
    opened = open_model(out / "run")
    metadata = provenance_of("stained_glass", None, marked)
    for name in HELD_OUT:
        pair = side_by_side(opened, open_source(f"samples:{name}").picture(0) / 255)
        write_picture(out / f"{name}.png", pair, metadata=metadata)
    click.echo("Exporting to SavedModel, LiteRT and ONNX, and running every file against the Keras model ...")
    with stages() as progress:
        manifest = export_model(
            model,
            out / "export",
            name="stained_glass",
            precisions=STANDARD,
            sizes=("dynamic", (256, 256)),
            pictures=verification_pictures("samples:"),
            progress=progress,
        )
    finish(manifest, out / "export", as_json=False)
    made = " and ".join(str(out / f"{name}.png") for name in HELD_OUT)
    click.echo(printable(f"Done in {time.monotonic() - started:.0f} s. Photographs that training never saw: {made}"))
    click.echo(printable(f"Try your own: zoo apply {out / 'run'} PHOTO.jpg --out stylised.png"))


def side_by_side(model: Any, picture: Any) -> Any:
    """The picture and its stylised version, beside one another: float32 [H, 2W, 3] in [0, 1]."""
    import numpy as np

    return np.concatenate([picture.astype("float32"), model(picture)], axis=1)


def stained_glass(side: int = 512, seed: int = 0) -> Any:
    """A drawn style picture that needs no licence: panes of coloured glass in lead, float32 [side, side, 3] in [0, 1]."""
    import numpy as np

    random = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    centres = [(0.5, 0.5)]
    for ring in range(1, 9):
        count = 6 * ring
        angle = 2 * np.pi * (np.arange(count) + random.uniform(-0.25, 0.25, count) + 0.5 * (ring % 2)) / count
        radius = ring / 11 + random.uniform(-0.012, 0.012, count)
        centres += zip(0.5 + radius * np.sin(angle), 0.5 + radius * np.cos(angle), strict=True)
    panes = np.array(centres)
    distance = np.hypot(y[..., None] - panes[:, 0], x[..., None] - panes[:, 1])
    nearest = np.argsort(distance, axis=-1)[..., :2]
    first, second = np.moveaxis(np.take_along_axis(distance, nearest, -1), -1, 0)
    glass_share = np.clip((second - first) / 0.012 - 0.35, 0, 1)[..., None]
    hues = "0d2973 1a61ad bf1a1f ed9e1a fad973 147359 731f66 d9591a 054d8c"
    palette = np.array([list(bytes.fromhex(hue)) for hue in hues.split()]) / 255
    colour = palette[random.integers(len(palette), size=len(panes))] * random.uniform(0.75, 1.15, (len(panes), 1))
    # Light falls unevenly through glass made by hand.
    light = np.ones((side, side))
    for frequency in (3, 7, 15, 31):
        a, b, c = random.uniform(0, 2 * np.pi, 3)
        bend = 3 * np.sin(np.pi * frequency * (y * np.cos(b) - x * np.sin(b)) + c)
        light += 0.12 / np.sqrt(frequency) * np.sin(2 * np.pi * frequency * (np.cos(a) * x + np.sin(a) * y) + bend)
    glass = colour[nearest[..., 0]] * light[..., None]
    return np.clip(glass * glass_share + 0.04 * (1 - glass_share), 0, 1).astype("float32")
