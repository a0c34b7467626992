"""`zoo sample`: pictures from a generator."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from zoo import roles
from zoo.cli.inputs import trust_option
from zoo.cli.printable import printable
from zoo.cli.provenance import provenance_of, provenance_option
from zoo.roles import Role, Signature


@click.command()
@click.argument("what")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="GRID.png", help="Picture to write.")
@click.option("-n", "count", default=64, show_default=True, type=click.IntRange(1, 4096), help="How many.")
@click.option("--label", metavar="CLASS", help="Its name or number, for models that take one; otherwise all in turn.")
@click.option("--truncation", show_default="1", type=click.FloatRange(0, 1), help="Below 1: likelier, less varied.")
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
    label: str | None,
    truncation: float | None,
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
    from zoo.cli.mix import mixing_sheet
    from zoo.cli.runtime import open_runtime
    from zoo.training.pictures import write_picture

    if out.exists():
        raise ValueError(f"{out} exists; remove it or choose another --out")
    if mix and (interpolate or label is not None):
        raise ValueError("--mix makes a sheet of its own: it goes without --interpolate and --label")
    if mix and Path(what).suffix in (".tflite", ".onnx", ".xml"):
        raise ValueError(
            "--mix needs a latent for every layer, which an exported file has no input for; give the run or its model.keras"
        )
    runtime = open_runtime(what, threads, trust)
    metadata = provenance_of(what, runtime, marked)
    if mix:
        write_picture(out, mixing_sheet(what, 1.0 if truncation is None else truncation, seed), metadata=metadata)
        click.echo(printable(str(out)))
        return
    inputs = generator_inputs(runtime.signature, count, label, truncation, seed, interpolate)
    result = runtime.signature.output(roles.Result).name
    size = 64
    parts = [
        runtime(**{name: values[start : start + size] for name, values in inputs.items()})[result]
        for start in range(0, count, size)
    ]
    write_picture(out, sheet([picture for part in parts for picture in part]), metadata=metadata)
    click.echo(printable(str(out)))


@dataclasses.dataclass(frozen=True)
class Drawing:
    """What was asked of `zoo sample`."""

    count: int
    label: str | None
    truncation: float | None
    random: Any
    interpolate: bool


def generator_inputs(
    signature: Signature, count: int, label: str | None, truncation: float | None, seed: int, interpolate: bool
) -> dict[str, Any]:
    """Every input of the generator for `count` pictures.

    Raises:
        ValueError: WHAT is no generator, or an option that it has no input for.
    """
    import numpy as np

    if signature.input(roles.Latent) is None or signature.output(roles.Result) is None:
        raise ValueError("this model makes no pictures out of nothing: it takes pictures; use zoo apply")
    for option, value, role in (("label", label, roles.Choice), ("truncation", truncation, roles.Share)):
        if value is not None and signature.input(role) is None:
            raise ValueError(f"--{option}: this model has no such input")
    asked = Drawing(count, label, truncation, np.random.Generator(np.random.Philox(key=seed)), interpolate)
    return {name: DRAWS[type(role)](role, asked) for name, role in signature.inputs.items()}


def _latent(role: Any, asked: Drawing) -> Any:
    if asked.interpolate:
        return walks(asked.random, asked.count, role.length)
    return asked.random.standard_normal((asked.count, role.length), dtype="float32")


def _share(role: Any, asked: Drawing) -> Any:
    import numpy as np

    return np.full(asked.count, role.default if asked.truncation is None else asked.truncation, "float32")


def _choice(role: Any, asked: Drawing) -> Any:
    import numpy as np

    labels = np.arange(asked.count) % len(role.names)
    if asked.label is not None:
        labels = np.full(asked.count, class_number(asked.label, role))
    return np.eye(len(role.names), dtype="float32")[labels] if role.one_hot else labels


def class_number(label: str, role: roles.Choice) -> int:
    """The class of that name or number. Raises ValueError, which names the nearest."""
    from zoo._registry import choose

    if label not in role.names and label.isdigit():
        if int(label) >= len(role.names):
            raise ValueError(f"--label {label}: this model has the classes 0 to {len(role.names) - 1}")
        return int(label)
    return role.names.index(choose("class in this model", label, role.names))


def _weights(role: Any, asked: Drawing) -> Any:
    import numpy as np

    return np.tile(np.array(role.default, "float32"), (asked.count, 1))


def _refused(role: Role, asked: Drawing) -> Any:
    raise ValueError(f"this model takes {role.name} ({role.words}) as well; use zoo apply")


DRAWS: Mapping[type[Role], Callable[[Any, Drawing], Any]] = {
    roles.Latent: _latent,
    roles.Share: _share,
    roles.Choice: _choice,
    roles.Weights: _weights,
    roles.Photograph: _refused,
    roles.Frames: _refused,
    roles.Layers: _refused,
    roles.HoleMask: _refused,
    roles.StylePicture: _refused,
    roles.Values: _refused,
}


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
