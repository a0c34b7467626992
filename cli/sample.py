"""`zoo sample`: pictures from a generator."""

import re
from pathlib import Path
from typing import Any

import click

from zoo.cli.inputs import trust_option
from zoo.cli.provenance import provenance_of, provenance_option


@click.command()
@click.argument("what")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="GRID.png", help="Picture to write.")
@click.option("-n", "count", default=64, show_default=True, type=click.IntRange(1, 4096), help="How many.")
@click.option("--label", type=click.IntRange(0), help="The class, for models that take one; otherwise all in turn.")
@click.option("--truncation", default=1.0, show_default=True, type=click.FloatRange(0, 1), help="Below 1: likelier, less varied.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The same seed gives the same pictures.")
@click.option("--interpolate", is_flag=True, help="Every row walks from one latent to another.")
@click.option("--mix", is_flag=True, help="A sheet of pictures with coarse, middle or fine styles of others; for stylegan.")
@click.option("--threads", type=click.IntRange(1), help="Processor threads for LiteRT and ONNX files.")
@trust_option
@provenance_option
def sample(
    what: str,
    out: Path,
    count: int,
    label: int | None,
    truncation: float,
    seed: int,
    interpolate: bool,
    mix: bool,
    threads: int | None,
    trust: bool,
    marked: bool,
) -> None:
    """Draws pictures from the generator WHAT: a run directory, a .keras file, a shipped weight or an exported artefact.

    Example: zoo sample runs/digits --out digits.png -n 100 --label 7
    """
    from zoo.cli.inputs import open_runtime
    from zoo.cli.mix import mixing_sheet
    from zoo.training.pictures import write_picture

    if out.exists():
        raise ValueError(f"{out} exists; remove it or choose another --out")
    if mix and (interpolate or label is not None):
        raise ValueError("--mix makes a sheet of its own: it goes without --interpolate and --label")
    if mix and Path(what).suffix in (".tflite", ".onnx"):
        raise ValueError(
            "--mix needs a latent for every layer, which an exported file has no input for; give the run or its model.keras"
        )
    runtime = open_runtime(what, threads, trust)
    metadata = provenance_of(what, runtime, marked)
    if mix:
        write_picture(out, mixing_sheet(what, truncation, seed), metadata=metadata)
        click.echo(str(out))
        return
    inputs = generator_inputs(runtime.signature, classes_of(runtime), count, label, truncation, seed, interpolate)
    size = 64
    parts = [
        runtime(**{name: values[start : start + size] for name, values in inputs.items()})["output_image"]
        for start in range(0, count, size)
    ]
    write_picture(out, sheet([picture for part in parts for picture in part]), metadata=metadata)
    click.echo(str(out))


def classes_of(runtime: Any) -> int | None:
    """How many classes there are, by the model or by what an exported file says of itself; None: unknown, or no labels."""
    label = runtime.signature.inputs.get("label")
    if label is None:
        return None
    if len(label.shape) > 1:  # one-hot
        return int(label.shape[-1])
    if label.range:
        return int(label.range[1]) + 1
    known = re.search(r"\blabel: int32 \[batch\], 0 to (\d+)", runtime.facts.get("inputs", ""))
    return int(known[1]) + 1 if known else None


def generator_inputs(
    signature: Any, classes: int | None, count: int, label: int | None, truncation: float, seed: int, interpolate: bool
) -> dict[str, Any]:
    """Every input of the generator for `count` pictures; `classes` is the number of its labels, where that is known.

    Raises:
        ValueError: WHAT is no generator, or an option that it has no input for.
    """
    import numpy as np

    if "latent" not in signature.inputs:
        raise ValueError("this model makes no pictures out of nothing: it takes pictures; use zoo apply")
    size = int(signature.inputs["latent"].shape[-1])
    random = np.random.Generator(np.random.Philox(key=seed))
    if interpolate:
        inputs = {"latent": walks(random, count, size)}
    else:
        inputs = {"latent": random.standard_normal((count, size), dtype="float32")}
    if "truncation" in signature.inputs:
        inputs["truncation"] = np.full(count, truncation, "float32")
    elif truncation != 1:
        raise ValueError("--truncation: this model has no such input")
    if "label" in signature.inputs:
        if label is not None and classes is not None and label >= classes:
            raise ValueError(f"--label {label}: this model has the classes 0 to {classes - 1}")
        if label is not None:
            labels = np.full(count, label)
        elif classes is not None:
            labels = np.arange(count) % classes
        else:
            raise ValueError("this file does not say how many classes it has; give one of them by --label")
        shape = signature.inputs["label"].shape
        inputs["label"] = np.eye(int(shape[1]))[labels] if len(shape) > 1 else labels
    elif label is not None:
        raise ValueError("--label: this model has no classes")
    return inputs


def walks(random: Any, count: int, size: int) -> Any:
    """Rows of latents, each along the great circle between two random ones: float32 [count, size]."""
    import numpy as np

    columns = side(count)
    rows = -(-count // columns)
    first, last = random.standard_normal((2, rows, 1, size), dtype="float32")
    share = np.linspace(0, np.pi / 2, columns, dtype="float32")[:, None]
    return (first * np.cos(share) + last * np.sin(share)).reshape(-1, size)[:count]


def side(count: int) -> int:
    """Columns of a sheet of `count` pictures: as square as it gets."""
    return int(-(-(count**0.5) // 1))


def sheet(pictures: list[Any], gap: int = 2, columns: int | None = None) -> Any:
    """The pictures side by side on white, as square as it gets or in so many columns: float32 [H, W, 3] in [0, 1]."""
    import numpy as np

    height, width, _ = pictures[0].shape
    columns = columns or side(len(pictures))
    rows = -(-len(pictures) // columns)
    canvas = np.ones((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), "float32")
    for index, picture in enumerate(pictures):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        canvas[top : top + height, left : left + width] = picture
    return canvas
