"""The table of docs/deployment.md: read, merged and written back."""

from pathlib import Path

import pytest

from benchmarks.deployment import BEGIN, END, Row, insert, merged, page, read

ROOT = Path(__file__).parents[2]


def test_the_table_that_is_there_reads_back_as_it_stands():
    table = (ROOT / "docs" / "deployment.md").read_text().split(BEGIN)[1].split(END)[0].strip()
    assert "\n".join(page(read(table))) == table and len(read(table)) > 50


def test_rows_of_one_format_join_the_others_and_replace_their_former_selves(tmp_path):
    cells, none = ("1e-06, 2 MB", "80 dB", "", ""), ("", "", "too small", "too small")
    former = [
        Row("a", "LiteRT on a GPU, 128x128", cells, none),
        Row("a", "ONNX, any size", cells, none),
        Row("b", "Page, any size", cells, none),
    ]
    new = [Row("b", "ONNX, any size", cells, none), Row("a", "ONNX, any size", ("2e-06, 2 MB", *cells[1:]), none)]
    assert merged(former, new) == [former[0], new[1], new[0], former[2]]
    file = tmp_path / "page.md"
    file.write_text(f"before\n{BEGIN}\n{END}\nafter\n")
    insert(file, former)
    insert(file, new)
    text = file.read_text()
    assert text.startswith("before") and text.endswith("after\n") and text.count("1. too small.") == 1
    assert read(text.split(BEGIN)[1].split(END)[0]) == merged(former, new)
    with pytest.raises(ValueError, match="lacks the marks"):
        insert(ROOT / "README.md", new)
