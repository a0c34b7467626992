"""`zoo lint`: what would not export, before any training."""

import dataclasses
import json
import sys

import click

from zoo.cli.printable import printable


@click.command()
@click.argument("what")
@click.option("--preset", help="A preset, where WHAT is a family; see zoo list.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting, where WHAT is a family; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def lint(what: str, preset: str | None, settings: tuple[str, ...], as_json: bool) -> None:
    """Finds what in WHAT stands in the way of LiteRT, ONNX and a phone's GPU, by layer and operation, with the remedy.

    WHAT is a family, not trained yet, or a run directory, a .keras file or a shipped weight. Exit code 1 if there is something.

    Example: zoo lint fast_style --preset mobile --set width=24
    """
    from zoo._registry import names
    from zoo.cli.quiet import keras_on_tensorflow
    from zoo.cli.settings import model_file, parse_settings

    family = what in names()
    if (preset or settings) and not family:
        raise ValueError(f"--preset and --set are for a family; {what} has its settings in its file")
    file = "" if family else model_file(what)
    keras_on_tensorflow()
    from zoo._load import create, load

    model = create(what, preset, **parse_settings(what, settings)[0]) if family else load(file)
    if not model.deployable:
        raise ValueError(f"{what} works by optimisation on one picture; there is nothing to export")
    from zoo.export.lint import lint as findings_of

    findings = {name: findings_of(network, model.signatures[name]) for name, network in model.inference_models().items()}
    if as_json:
        rows = [{"signature": name, **dataclasses.asdict(item)} for name, items in findings.items() for item in items]
        click.echo(json.dumps({"model": model.name, "findings": rows}, indent=2))
    elif any(findings.values()):
        print_findings(findings)
    else:
        click.echo(printable(f"{what}: nothing in the way of LiteRT, ONNX and a phone's GPU"))
    sys.exit(1 if any(findings.values()) else 0)


def print_findings(findings: dict) -> None:
    from rich.table import Table

    from zoo.cli.table import cells, wide_console

    table = Table("layer", "operation", "stands in the way of", "remedy", show_lines=True)
    for name, items in findings.items():
        for item in items:
            layer = item.layer or "(not known)"
            files = "\n".join(item.files)
            where = layer if name == "serving_default" else f"{name}: {layer}"
            table.add_row(*cells(where, item.operation, files, item.remedy))
    wide_console().print(table)
