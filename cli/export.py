"""`zoo export`: one directory with every format and precision, each file run and compared before it counts."""

from pathlib import Path
from typing import Any

import click

FORMATS = ("savedmodel", "litert", "onnx")
PRECISIONS = ("float32", "float16", "dynamic_int8")


class Names(click.ParamType):
    """A comma-separated list of known names."""

    name = "names"

    def __init__(self, known: tuple[str, ...]) -> None:
        self.known = known

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        chosen = tuple(dict.fromkeys(part.strip() for part in value.split(",")))
        for part in chosen:
            if part not in self.known:
                self.fail(f"{part!r} is not one of {', '.join(self.known)}", param, ctx)
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
        if len(numbers) != 2 or not all(number.isdigit() and 8 <= int(number) <= 8192 for number in numbers):
            self.fail(f"{text!r} is neither dynamic nor a size such as 256 or 240x320, 8 to 8192", param, ctx)
        return int(numbers[0]), int(numbers[1])


@click.command()
@click.argument("what")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Directory to write; it must not exist.")
@click.option("--to", "formats", default=",".join(FORMATS), show_default=True, type=Names(FORMATS))
@click.option("--precision", "precisions", default=",".join(PRECISIONS), show_default=True, type=Names(PRECISIONS))
@click.option("--sizes", default="dynamic,256", show_default=True, type=Sizes(), help="dynamic, and fixed sizes for mobile GPUs.")
@click.option("--name", help="The served model's name; the family's unless given.")
@click.option("--images", default="samples:", show_default=True, metavar="SOURCE", help="Real pictures to compare the files on.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest.")
def export(
    what: str,
    out: Path,
    formats: tuple[str, ...],
    precisions: tuple[str, ...],
    sizes: tuple[Any, ...],
    name: str | None,
    images: str,
    as_json: bool,
) -> None:
    """Exports WHAT to every format, runs every file in its own runtime and compares it with the Keras model.

    Writes manifest.json, report.html and MODEL_CARD.md. Exit code 1 if a file is below its floor.

    Example: zoo export runs/wave --out exports/wave --sizes dynamic,256,512
    """
    if out.exists():
        raise ValueError(f"--out {out} exists; remove it or choose another place")
    from cli.progress import stages
    from cli.quiet import import_tensorflow
    from cli.settings import model_file
    from cli.table import finish
    from cli.verify import verification_pictures

    import_tensorflow()
    import zoo
    from export.export import export_model

    pictures = verification_pictures(images)
    model = zoo.load(model_file(what))
    with stages() as progress:
        manifest = export_model(
            model,
            out,
            name=name or model.name,
            formats=formats,
            precisions=precisions,
            sizes=sizes,
            pictures=pictures,
            progress=progress,
        )
    finish(manifest, out, as_json)
