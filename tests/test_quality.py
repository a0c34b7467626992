"""The figures of docs/quality.md, measured again on a few pictures."""

import json

import pytest

from benchmarks.quality import DOCUMENT, FEW, FIGURES, ROWS, line
from zoo._shipped import shipped_weights

RECORDED = json.loads(FIGURES.read_text())


@pytest.mark.parametrize("row", [row for row in ROWS if row.weights in shipped_weights()], ids=lambda row: row.key)
def test_a_shipped_weight_gives_its_recorded_figure(row, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    figure, _ = row.measure(row.weights, data, FEW)
    assert figure == pytest.approx(RECORDED[row.key]["first"], abs=row.tolerance)


def test_the_document_says_what_was_measured():
    text = DOCUMENT.read_text()
    for row in ROWS:
        assert row.weights in text
        assert (row.key in RECORDED) == (row.weights in shipped_weights())
        if row.key in RECORDED:
            assert line(row, RECORDED[row.key]) in text
