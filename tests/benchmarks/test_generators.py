"""docs/generators.md and the cards say what was measured."""

import json

from benchmarks.generators import DOCS, cells, document
from zoo._shipped import WEIGHTS

ALL_ROWS = json.loads((DOCS / "generators.json").read_text())


def test_the_document_says_what_was_measured():
    assert (DOCS / "generators.md").read_text() == document(ALL_ROWS)
    assert all((DOCS / "gallery" / f"generators_{data}.png").is_file() for data in ALL_ROWS)


def test_the_cards_say_the_same():
    shipped = {name: row for rows in ALL_ROWS.values() for name, row in rows.items() if "/" in name}
    assert len(shipped) == 6
    for name, row in shipped.items():
        card = " ".join((WEIGHTS / f"{name}.md").read_text().split())
        assert f"Frechet distance {cells(row)[0]}" in card
