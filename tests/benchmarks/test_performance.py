"""docs/performance.md: what its figures say, and that it says what was measured."""

import json

import pytest

from benchmarks import curve, data, growth, networks, rows
from benchmarks.__main__ import DOCS, DOCUMENT, FIGURES, PARTS, main
from benchmarks.performance import document

COUNTS = {"weights": 1_679_235, "multiply_accumulates": 10**10}
SECONDS = dict.fromkeys(networks.FILES, 0.1) | {
    "LiteRT dynamic int8, any size": 0.05,
    "mobile, LiteRT dynamic int8, fixed size": 0.02,
}


@pytest.fixture
def figures():
    """As they are measured where PyTorch is not installed."""
    point = {"seconds": 0.5, "bytes": 2**30}
    return {
        "machine": {
            "cores": 2,
            "system": "Linux x86_64",
            "processor": "A processor",
            "instructions": ["AVX-512"],
            "versions": {"keras": "3.15"},
            "matrix_product": {"1": {"NumPy": 100.0, "TensorFlow": 250.0}, "2": {"NumPy": 200.0, "TensorFlow": 400.0}},
            "jpeg": {"1": 600.0, "2": 1100.0},
        },
        "networks": {"johnson": COUNTS, "mobile": COUNTS, "threads 1": {"256": SECONDS}, "threads 2": {"512": SECONDS}},
        "restorers": {
            "seconds": {"1": {"denoiser/photo": 0.1, "SAFMN, torch.compile": 0.05}},
            "spread": {"1": {"denoiser/photo": 0.02, "SAFMN, torch.compile": 0.01}},
            "multiply_accumulates": {"denoiser/photo": 7_300_000_000, "SAFMN, torch.compile": 3_900_000_000},
        },
        "steps": {"threads": 2, "seconds": {"ours, float32": 2.0, "ours, mixed_bfloat16": 1.0}},
        "gan_steps": {
            "threads": 2,
            "seconds": {"ours, float32": 0.8, "ours, mixed_bfloat16": 0.6, "two-tape Keras loop": 1.0},
            "spread": {"ours, float32": 0.04},
        },
        "data": {"pictures": 9, "size": "300 x 200", "rates": {"bare decoder, Pillow": 2000.0, "ours, crops": 1000.0}},
        "export": {
            "seconds": 100.0,
            "artifacts": 15,
            "threads": 2,
            "files": [
                {"path": "onnx/a.onnx", "size": "256x256", "latency_ms": 9.5, "startup_s": 0.1, "peak_mb": 200.0, "bytes": 5e6}
            ],
        },
        "growth": {
            "pixels": {title: {"256": point, "512": {**point, "seconds": 2.2}} for title in growth.FILES},
            "batch": {"1": point, "2": point},
            "export": [{"width": 8, "bytes": 4e5, "seconds": 9.0}, {"width": 16, "bytes": 1.7e6, "seconds": 10.0}],
        },
        "tiled": {preset: {**point, "side": 8192, "tile": 512} for preset in ("mobile", "johnson")},
        "tiles": {"denoiser/photo, ONNX": {"0": {"512": point, "1024": point}, "1024": {"1024": point}}},
        "startup": {
            "zoo --help": {"seconds": 0.3, "processor": 0.2, "megabytes": 30.0},
            "zoo apply, ONNX float32": {"seconds": 1.4, "processor": 1.2, "megabytes": 420.0},
        },
        "curve": {
            "steps": 500,
            "batch": 4,
            "crop": 128,
            "networks": {
                curve.FULL: {**COUNTS, "style": 0.5, "content": 0.3},
                curve.MOBILE: {**COUNTS, "style": 0.5, "content": 0.34},
            },
        },
        "load": {"machine": 0.1, "tiled": 0.2},
        "date": {"machine": "2026-11-20", "tiled": "2026-11-21"},
    }


def with_peers(figures):
    for sizes in (figures["networks"]["threads 1"], figures["networks"]["threads 2"]):
        for size, row in sizes.items():
            sizes[size] = {**row, "PyTorch eager": 0.2, "torch.compile": 0.104}
    figures["steps"]["seconds"] |= {"PyTorch eager": 5.0, "torch.compile": 4.0, "PyTorch eager, bf16 autocast": 2.0}
    return figures


def lines(figures, part):
    return [rows.line(row, figures) for row in rows.ROWS if row.part == part]


def test_rows_are_ratios_within_a_run(figures):
    full, int8, mobile = lines(with_peers(figures), "networks")
    assert "1 core, 256: 0.96x; 2 cores, 512: 0.96x; 80% to 200% of the matrix product's rate" in full
    assert full.endswith("| floor reached |")
    assert "1 core, 256: 0.48x" in int8 and "**falls short**" in int8
    assert "2 cores, 512: 0.19x" in mobile and "**falls short**" in mobile
    (style,), (gan, tapes) = lines(figures, "steps"), lines(figures, "gan_steps")
    assert "float32: 0.40x PyTorch eager, 0.50x torch.compile; mixed_bfloat16: 0.50x PyTorch eager |" in style
    assert "**falls short**" in style  # by the faster of the peers
    figures["steps"]["seconds"]["torch.compile"] = 5.0
    assert lines(figures, "steps")[0].endswith("| floor reached |")
    assert "float32: 0.80x two-tape Keras loop |" in tapes and tapes.endswith("| floor reached |")
    assert rows.PEERLESS in gan


def test_rows_without_pytorch_say_so_in_one_line(figures):
    assert all(rows.PEERLESS in line for line in lines(figures, "networks"))
    text = document(figures)
    assert "torch.compile" not in text.partition("## Running the style network")[2].partition("##")[0].partition("| 1 core")[2]


@pytest.mark.parametrize(
    ("part", "text", "verdict"),
    [
        ("data", "crops: 50%", "**falls short**"),
        ("growth", "ONNX float32: ±5%", "aim reached"),
        ("tiled", "`johnson`: 1.00 GiB at 8192 x 8192", "aim reached"),
        ("export", "100 s for 15 files", "**falls short**"),
        ("curve", "1.05x after 500 steps", "aim reached"),
        ("startup", "zoo --help: 0.30 s, 30 MB; zoo apply, ONNX float32: 1.40 s, 420 MB", "**falls short**"),
    ],
)
def test_a_row_says_what_was_measured_and_whether_it_is_enough(figures, part, text, verdict):
    (line,) = lines(figures, part)
    assert text in line and verdict in line


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_was_not_measured_says_so(figures, part):
    del figures[part]
    if part == "machine":
        del figures["networks"]  # whose shares are of the machine's rate
    assert "not measured yet" in document(figures).lower()


def test_a_section_ends_with_its_day_and_load_and_figures_have_their_spread(figures):
    text = document(figures)
    assert "*Measured on 2026-11-20; load average as it began: 0.1.*" in text.partition("## Floors")[0]
    assert "| ours, float32 | 0.800 ±4% |" in text
    assert "| denoiser/photo | 256 x 256 | 7.30 | 100.0 ±2% |" in text
    assert "| tiles of 1024 |  | 477 (1.00) |" in text


def test_a_network_whose_memory_was_not_measured_is_named(figures):
    del figures["tiled"]["johnson"]
    assert "in 0 s; `johnson`: not measured yet |" in lines(figures, "tiled")[0]


def test_why_a_row_may_fall_short_is_written_down():
    assert all(row.reason for row in rows.ROWS)


def test_the_document_says_what_was_measured():
    figures = json.loads(FIGURES.read_text())
    assert DOCUMENT.read_text() == document(figures)
    for name in ("growth_pixels.png", "growth_batch.png", "growth_export.png"):
        assert 5_000 < (DOCS / "images" / name).stat().st_size < 60_000


def test_an_unknown_part_is_named(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", "--only", "network"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2 and "--only network: there are machine, networks," in capsys.readouterr().err


def test_a_part_that_cannot_be_measured_is_left_as_it_was(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", "--quick", "--only", "data", "--data", "folder:nowhere"])
    main()
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("data: left as it was: ") and "nowhere" in printed[0]


def test_the_bare_decoder_is_the_faster_one():
    assert data.bare_rate({"bare decoder, A": 1.0, "bare decoder, B": 2.0, "ours": 3.0}) == 2.0


def test_plots_are_small(figures, tmp_path):
    pytest.importorskip("matplotlib")
    from benchmarks import plots

    plots.draw(figures["growth"], figures["tiled"], tmp_path)
    sizes = [path.stat().st_size for path in sorted(tmp_path.iterdir())]
    assert len(sizes) == 3 and max(sizes) < 60_000
