"""`zoo degrade`: what the trainings of denoiser and super_resolution do to a picture."""

import json
from pathlib import Path

import click

from zoo.cli.printable import printable
from zoo.specs import RECIPES


@click.command()
@click.argument("picture", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Picture to write; PNG keeps it as it is.")
@click.option(
    "--recipe",
    default="camera",
    show_default=True,
    type=click.Choice(RECIPES),
    help="camera: noise, then a JPEG file. web: reduced, then a JPEG file. worn: copies of copies.",
)
@click.option("--factor", default=1, show_default=True, type=click.IntRange(1, 16), help="How many times smaller it ends.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Another seed, another history.")
@click.option("--json", "as_json", is_flag=True, help="Print the steps as JSON.")
def degrade(picture: Path, out: Path, recipe: str, factor: int, seed: int, as_json: bool) -> None:
    """Damages PICTURE as a training would, and says what was done, step by step. Transparency is left out.

    Example: zoo degrade photo.jpg --out damaged.png --seed 3
    """
    import numpy as np

    from zoo.training.degradations import draw_steps, take_steps
    from zoo.training.pictures import read_picture, write_picture

    if out.exists():
        raise ValueError(f"--out {out} exists; remove it or choose another place")
    pixels = read_picture(picture).rgb
    height, width = (side // factor * factor for side in pixels.shape[:2])
    if not height or not width:
        raise ValueError(f"{picture} has {pixels.shape[1]} x {pixels.shape[0]} pixels: too few for --factor {factor}")
    random = np.random.default_rng(seed)
    steps = draw_steps(recipe, (height, width), factor, random)
    write_picture(out, take_steps(pixels[:height, :width], steps, random))
    if as_json:
        history = [{"name": step.name, "settings": dict(step.settings)} for step in steps]
        click.echo(json.dumps({"recipe": recipe, "seed": seed, "factor": factor, "steps": history}))
    else:
        for line in [*map(str, steps)] or ["nothing: one picture in a few stays as it is"]:
            click.echo(printable(line))
