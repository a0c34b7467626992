"""The table of families and backends in docs/training.md, from what the tests have found: see test_families.py."""

import json
import re
import sys
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[2] / "docs" / "training.md"
HEAD = """\
| family | trains by `fit` | resumed on JAX | JAX's file on TensorFlow | TensorFlow's file on JAX |
| --- | --- | --- | --- | --- |
"""


def table(rows: list[dict[str, Any]]) -> str:
    """A line a family, in alphabetical order."""
    return HEAD + "".join(_line(row) for row in sorted(rows, key=lambda row: str(row["family"])))


def _line(row: dict[str, Any]) -> str:
    steps = "both" if not row["still"] else f"TensorFlow; on JAX {len(row['still'])} weights stand still"
    bits = "same bits" if not row["changed"] else f"{len(row['changed'])} variables differ"
    apart = " | ".join(f"{row['apart'][file]:.0e}" if file in row["apart"] else "not loaded" for file in ("jax", "tensorflow"))
    return f"| {row['family']} | {steps} | {bits} | {apart} |\n"


def main(file: str) -> None:
    """Puts the table of the rows in `file`, one in JSON a line, in the place of that in the document."""
    rows = {row["family"]: row for row in map(json.loads, Path(file).read_text().splitlines())}
    old = re.compile(re.escape(HEAD) + r"(\|.*\n)*")
    text, count = old.subn(lambda _: table(list(rows.values())), DOCUMENT.read_text())
    assert count == 1, f"{DOCUMENT} has no such table"
    DOCUMENT.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1])
