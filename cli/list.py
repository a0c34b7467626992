"""`zoo list`: the families. What is told of ours lies in families.json, so that no Keras is loaded to tell it.

python -m zoo.cli.list writes families.json anew, after a family has changed what it says of itself.
"""

import importlib.resources
import json
from pathlib import Path
from typing import Any

import click

from zoo.cli.printable import printable

TOLD = Path(str(importlib.resources.files("zoo"))) / "families.json"


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_families(as_json: bool) -> None:
    """The families: task, paper, presets, shipped weights and signature.

    Example: zoo list --json
    """
    from zoo._registry import names
    from zoo._shipped import shipped_weights

    told = json.loads(TOLD.read_text(encoding="utf-8"))
    told |= described([name for name in names() if name not in told])
    weights = list(shipped_weights())
    rows = [
        {**facts, "weights": [weight for weight in weights if weight.startswith(f"{name}/")]}
        for name, facts in sorted(told.items())
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    from rich.table import Table

    from zoo.cli.table import cells, wide_console

    table = Table("family", "task", "paper", "presets", "shipped weights", "signature")
    for row in rows:
        tensors = row["signature"]
        signature = f"{', '.join(tensors['inputs'])} -> {', '.join(tensors['outputs'])}" if tensors else "not deployed"
        shipped = ", ".join(row["weights"]) or "-"
        table.add_row(*cells(row["name"], row["task"], row["paper"], ", ".join(row["presets"]), shipped, signature))
    wide_console().print(table)


def described(families: list[str]) -> dict[str, dict[str, Any]]:
    """What families say of themselves, as plain data, by name; one that cannot be imported is named and left out."""
    if not families:
        return {}
    from zoo.cli.quiet import import_tensorflow

    import_tensorflow()
    from zoo._registry import family

    told = {}
    for name in families:
        try:
            cls = family(name)
        except ValueError as error:
            click.echo(printable(f"zoo: {name} is left out: {error}"), err=True)
            continue
        told[name] = {
            "name": name,
            "task": cls.task,
            "paper": cls.paper,
            "presets": list(cls.presets),
            "signature": signature(cls(**cls.presets["tiny"]).signature) if cls.deployable else None,
        }
    return told


def signature(deployed: Any) -> dict[str, dict[str, list[int | None]]]:
    """Names and shapes of what goes in and comes out; None is any number."""
    sides = {"inputs": deployed.inputs, "outputs": deployed.outputs}
    return {side: {name: list(role.sized(None, None)) for name, role in roles.items()} for side, roles in sides.items()}


if __name__ == "__main__":
    from zoo._registry import OURS

    TOLD.write_text(json.dumps(described(list(OURS)), indent=1) + "\n", encoding="utf-8")
