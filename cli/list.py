"""`zoo list`: the families."""

import json
from typing import Any

import click


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_families(as_json: bool) -> None:
    """The families: task, paper, presets, shipped weights and signature.

    Example: zoo list --json
    """
    from zoo.cli.quiet import import_tensorflow

    import_tensorflow()
    import zoo
    from zoo._load import shipped_weights
    from zoo._registry import family

    rows = []
    for name in zoo.list_models():
        try:
            rows.append(describe(name, family(name), list(shipped_weights())))
        except Exception as error:  # of somebody else's package, which must not hide the others
            click.echo(f"zoo: {name} is left out: {' '.join(str(error).split())}", err=True)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    from rich.table import Table

    from zoo.cli.table import wide_console

    table = Table("family", "task", "paper", "presets", "shipped weights", "signature")
    for row in rows:
        tensors = row["signature"]
        signature = f"{', '.join(tensors['inputs'])} -> {', '.join(tensors['outputs'])}" if tensors else "not deployed"
        weights = ", ".join(row["weights"]) or "-"
        table.add_row(row["name"], row["task"], row["paper"], ", ".join(row["presets"]), weights, signature)
    wide_console().print(table)


def describe(name: str, cls: Any, weights: list[str]) -> dict[str, Any]:
    """One family, as plain data."""
    return {
        "name": name,
        "task": cls.task,
        "paper": cls.paper,
        "presets": list(cls.presets),
        "weights": [weight for weight in weights if weight.startswith(f"{name}/")],
        "signature": signature(cls(**cls.presets["tiny"]).inference_model()) if cls.deployable else None,
    }


def signature(deployed: Any) -> dict[str, dict[str, list[int | None]]]:
    """Names and shapes of what goes in and comes out; None is any number."""
    return {
        "inputs": {key: list(tensor.shape) for key, tensor in deployed.input.items()},
        "outputs": {key: list(tensor.shape) for key, tensor in deployed.output.items()},
    }
