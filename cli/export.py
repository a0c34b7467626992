"""`zoo export`: one directory with every format and precision, each file run and compared before it counts."""

import re
from pathlib import Path
from typing import Any

import click

FORMATS = ("savedmodel", "litert", "onnx", "web", "mobile", "openvino", "hub")
PRECISIONS = ("float32", "float16", "dynamic_int8", "int8")
STANDARD = PRECISIONS[:3]


class Names(click.ParamType):
    """A comma-separated list of known names."""

    name = "names"

    def __init__(self, choices: tuple[str, ...]) -> None:
        self.choices = choices

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        chosen = tuple(dict.fromkeys(part.strip() for part in value.split(",")))
        for part in chosen:
            if part not in self.choices:
                self.fail(f"{part!r} is not one of {', '.join(self.choices)}", param, ctx)
        return chosen


class Sizes(click.ParamType):
    """A comma-separated list of `dynamic`, N for N x N, and HxW."""

    name = "sizes"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[Any, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(dict.fromkeys(self._size(part.strip(), param, ctx) for part in value.split(",")))

    def _size(self, text: str, param: Any, ctx: Any) -> Any:
        if text == "dynamic":
            return text
        numbers = text.split("x") if "x" in text else [text, text]
        if len(numbers) != 2 or not all(re.fullmatch("[0-9]{1,4}", n) and 8 <= int(n) <= 8192 for n in numbers):
            self.fail(f"{text!r} is neither dynamic nor a size such as 256 or 240x320, 8 to 8192", param, ctx)
        return int(numbers[0]), int(numbers[1])


@click.command()
@click.argument("what")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Directory to write; it must not exist.")
@click.option(
    "--to", "formats", default=",".join(FORMATS[:4]), show_default=True, type=Names(FORMATS), help=f"Among {', '.join(FORMATS)}."
)
@click.option(
    "--precision",
    "precisions",
    default=",".join(STANDARD),
    show_default=True,
    type=Names(PRECISIONS),
    help=f"Among {', '.join(PRECISIONS)}.",
)
@click.option("--sizes", default="dynamic,256", show_default=True, type=Sizes(), help="dynamic, and fixed sizes for mobile GPUs.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A choice left: cyclegan's direction=backward.")
@click.option("--name", help="The served model's name; the family's unless given.")
@click.option("--images", default="samples:", show_default=True, metavar="SOURCE", help="Real pictures to compare the files on.")
@click.option("--calibration", metavar="SOURCE", help="Real pictures that int8 takes its ranges from; samples: unless given.")
@click.option(
    "--offline",
    metavar="FOLDER",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="node_modules/onnxruntime-web/dist, copied beside the page, which then loads nothing from a CDN.",
)
@click.option("--sign", "key", metavar="KEY", type=click.Path(path_type=Path), help="A private key (PEM): writes model.sig.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest.")
def export(
    what: str,
    out: Path,
    formats: tuple[str, ...],
    precisions: tuple[str, ...],
    sizes: tuple[Any, ...],
    settings: tuple[str, ...],
    name: str | None,
    images: str,
    calibration: str | None,
    offline: Path | None,
    key: Path | None,
    as_json: bool,
) -> None:
    """Exports WHAT to every format, runs every file in its own runtime and compares it with the Keras model.

    Writes manifest.json, report.html and MODEL_CARD.md. Exit code 1 if a file is below its floor.

    Example: zoo export runs/wave --out exports/wave --sizes dynamic,256,512
    """
    if out.exists():
        raise ValueError(f"--out {out} exists; remove it or choose another place")
    if offline and "web" not in formats:
        raise ValueError("--offline is for the page; add web to --to")
    if offline:
        from zoo.export.web import checked_runtime

        checked_runtime(offline)
    if calibration and "int8" not in precisions:
        raise ValueError("--calibration is for int8; add int8 to --precision")
    from zoo.export import signing

    if key:
        signing.check_key(key)  # before anything is made
    from zoo.cli.card import card_facts
    from zoo.cli.progress import stages
    from zoo.cli.quiet import keras_on_tensorflow
    from zoo.cli.settings import choose_deployed, model_file
    from zoo.cli.table import finish
    from zoo.cli.verify import verification_pictures

    file = model_file(what)  # a wrong name is answered before anything heavy is loaded
    keras_on_tensorflow()
    import zoo
    from zoo.export.export import export_model

    pictures = verification_pictures(images)
    ranges = calibration_pictures(calibration or "samples:") if "int8" in precisions else None
    model = zoo.load(file)
    choose_deployed(model, settings)
    with stages() as progress:
        manifest = export_model(
            model,
            out,
            name=name or model.name,
            formats=formats,
            precisions=precisions,
            sizes=sizes,
            pictures=pictures,
            calibration=ranges,
            progress=progress,
            about=card_facts(what),
            web_runtime=offline,
        )
    if key:
        signing.sign(out, key)
    finish(manifest, out, as_json)


def calibration_pictures(source: str, most: int = 32) -> list[Any]:
    """Pictures spread over a source, float32 [H, W, 3] in [0, 1]. Raises ValueError where there are too few."""
    import numpy as np

    from zoo.export.quantize import PICTURES
    from zoo.training.sources import open_source

    opened = open_source(source)
    if len(opened) < PICTURES:
        raise ValueError(f"--calibration {source} holds {len(opened)} pictures; int8 is calibrated on at least {PICTURES}")
    chosen = np.unique(np.linspace(0, len(opened) - 1, most).astype(int))
    return [np.asarray(opened.picture(int(index)), "float32") / 255 for index in chosen]
