"""The rows of docs/performance.md that have a floor and an aim: how each is computed from what was measured."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import curve, data, growth, machine, networks, steps, tiles

Figures = dict[str, Any]
PEERLESS = "not measured: PyTorch (extra `bench`) is not installed"


@dataclasses.dataclass(frozen=True)
class Measured:
    """What a row's cell says, and the values that its floor and aim bound: none may be worse."""

    text: str
    values: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Row:
    """`floor` and `aim` are bounds of the measured values, smaller being better unless `more` is set."""

    part: str
    what: str
    measured: Callable[[Figures], Measured | None]  # None: the peer is missing
    floor: tuple[float, ...]
    aim: tuple[float, ...]
    bounds: tuple[str, str]  # as they are written
    reason: str  # why the floor is missed, where it is
    more: bool = False

    def reached(self, values: tuple[float, ...], bounds: tuple[float, ...]) -> bool:
        pairs = zip(values, bounds, strict=False)  # a precision whose peer was not measured comes last, and has no value
        return all(value >= bound if self.more else value <= bound for value, bound in pairs)


def line(row: Row, figures: Figures) -> str:
    """One row of the first table."""
    cells = f"| {row.what} | {{}} | {row.bounds[0]} | {row.bounds[1]} | {{}} |"
    if row.part not in figures:
        return cells.format("not measured yet", "")
    measured = row.measured(figures)
    if measured is None:
        return cells.format(PEERLESS, "")
    if row.reached(measured.values, row.aim):
        verdict = "aim reached"
    elif row.reached(measured.values, row.floor):
        verdict = "floor reached"
    else:
        verdict = f"**falls short**: {row.reason}"
    return cells.format(measured.text, verdict)


def turns(figures: Figures) -> Iterator[tuple[str, str, dict[str, float]]]:
    """(threads, size, seconds by runner) of the networks."""
    for key, sizes in figures["networks"].items():
        if key.startswith("threads "):
            for size, row in sizes.items():
                yield key.removeprefix("threads "), size, row


def best(row: dict[str, float], start: str, precision: str) -> float:
    return min(seconds for title, seconds in row.items() if title.startswith(start) and precision in title)


def beside_compiled(kinds: tuple[str, ...], precision: str) -> Callable[[Figures], Measured | None]:
    """The fastest file whose title begins with one of `kinds`, over torch.compile."""

    def measured(figures: Figures) -> Measured | None:
        ratios = {
            (threads, size): min(best(row, kind, precision) for kind in kinds) / row[networks.COMPILED]
            for threads, size, row in turns(figures)
            if networks.COMPILED in row
        }
        if not ratios:
            return None
        text = "; ".join(f"{cores(t)}, {size}: {ratio:.2f}x" for (t, size), ratio in ratios.items())
        return Measured(text, (max(ratios.values()),))

    return measured


def cores(threads: str | int) -> str:
    return "1 core" if int(threads) == 1 else f"{threads} cores"


def float_networks(figures: Figures) -> Measured | None:
    """The float32 files over torch.compile, and the smallest share of the matrix product's rate."""
    measured = beside_compiled(("LiteRT", "ONNX"), "float32")(figures)
    if measured is None:
        return None
    fastest = [(t, size, min(best(row, kind, "float32") for kind in ("LiteRT", "ONNX"))) for t, size, row in turns(figures)]
    shares = [share(figures, *one) for one in fastest]
    text = f"{measured.text}; {min(shares):.0%} to {max(shares):.0%} of the matrix product's rate"
    return Measured(text, (*measured.values, -min(shares)))


def share(figures: Figures, threads: str, size: str, seconds: float, name: str = "johnson") -> float:
    """Of the matrix product's rate, that of a network's multiply-accumulates."""
    operations = 2 * figures["networks"][name]["multiply_accumulates"] * (int(size) / 256) ** 2
    return operations / seconds / 1e9 / machine.peak(figures["machine"], threads)


def step_ratio(part: str, names: tuple[str, ...]) -> Callable[[Figures], Measured | None]:
    """Ours over each peer at the same precision; the fastest peer is what the floor is for."""

    def measured(figures: Figures) -> Measured | None:
        row = figures[part]["seconds"]
        texts, worst = [], []
        for precision, end in steps.PRECISIONS.items():
            ratios = {name: row[f"ours, {precision}"] / row[name + end] for name in names if name + end in row}
            if ratios:
                texts.append(f"{precision}: {', '.join(f'{ratio:.2f}x {name}' for name, ratio in ratios.items())}")
                worst.append(max(ratios.values()))
        return Measured("; ".join(texts), tuple(worst)) if worst else None

    return measured


def decoder_share(figures: Figures) -> Measured:
    rates = figures["data"]["rates"]
    limit = data.bare_rate(rates)
    shares = {title.removeprefix("ours, "): rate / limit for title, rate in rates.items() if title.startswith("ours")}
    return Measured("; ".join(f"{title}: {value:.0%}" for title, value in shares.items()), (min(shares.values()),))


def pixel_spread(figures: Figures) -> Measured:
    spreads = {title: growth.spread(rows) for title, rows in figures["growth"]["pixels"].items()}
    return Measured("; ".join(f"{title}: ±{value:.0%}" for title, value in spreads.items()), (max(spreads.values()),))


def tiled_memory(figures: Figures) -> Measured:
    texts = [
        f"`{preset}`: {row['bytes'] / 2**30:.2f} GiB at {row['side']} x {row['side']}, in {row['seconds']:.0f} s"
        for preset, row in figures["tiled"].items()
    ]
    text = "; ".join([*texts, *(f"`{preset}`: not measured yet" for preset in tiles.PRESETS if preset not in figures["tiled"])])
    return Measured(text, (max(row["bytes"] for row in figures["tiled"].values()) / 2**30,))


def export_time(figures: Figures) -> Measured:
    export = figures["export"]
    return Measured(f"{export['seconds']:.0f} s for {export['artifacts']} files", (export["seconds"],))


def cold(figures: Figures) -> Measured:
    starts = figures["startup"]
    shown = {title: start for title, start in starts.items() if title == "zoo --help" or title.startswith("zoo apply")}
    text = "; ".join(f"{title}: {start['seconds']:.2f} s, {start['megabytes']:.0f} MB" for title, start in shown.items())
    applied = [start for title, start in shown.items() if title != "zoo --help"]
    slowest, largest = (max(start[what] for start in applied) for what in ("seconds", "megabytes"))
    return Measured(text, (starts["zoo --help"]["seconds"], slowest, largest))


def loss_of_mobile(figures: Figures) -> Measured:
    networks_by_name = figures["curve"]["networks"]
    ratio = curve.total(networks_by_name[curve.MOBILE]) / curve.total(networks_by_name[curve.FULL])
    return Measured(f"{ratio:.2f}x after {figures['curve']['steps']} steps", (ratio,))


ROWS = (
    Row(
        "networks",
        "float32 transform network (`johnson`), best of our files / torch.compile",
        float_networks,
        (0.97, 0.0),  # the share, negative, has no floor
        (0.9, -0.85),
        ("0.97x", "0.90x and 85 % of the matrix product's rate"),
        reason="between the convolutions maps are padded and normalised, which a matrix product has no share in",
    ),
    Row(
        "networks",
        "the same in dynamic int8 / torch.compile in float32",
        beside_compiled(("LiteRT",), "int8"),
        (0.38,),
        (0.3,),
        ("0.38x", "0.30x"),
        reason="normalisation and padding between the int8 convolutions stay in float32",
    ),
    Row(
        "networks",
        "preset `mobile` in dynamic int8 / torch.compile of the full network",
        beside_compiled(("mobile",), "int8"),
        (0.07,),
        (0.04,),
        ("0.07x", "0.04x"),
        reason="normalisation and padding between the int8 convolutions stay in float32",
    ),
    Row(
        "curve",
        "its style-plus-content loss / the full network's, trained alike, on photographs that training left out",
        loss_of_mobile,
        (1.05,),
        (1.05,),
        ("1.05x", "1.05x"),
        reason="a small network gives up some of the style",
    ),
    Row(
        "steps",
        "training step, fast_style `johnson` 256, batch 4, VGG16's loss: ours / PyTorch at the same precision",
        step_ratio("steps", (steps.EAGER, steps.COMPILED)),
        (0.45, 0.65),
        (0.38, 0.5),
        ("0.45x, 0.65x", "0.38x, 0.5x"),
        reason="the convolutions of both reach nearly the same rate",
    ),
    Row(
        "gan_steps",
        "training step, DCGAN 64: ours / PyTorch at the same precision",
        step_ratio("gan_steps", (steps.EAGER, steps.COMPILED)),
        (0.85, 0.85),
        (0.7, 0.7),
        ("0.85x", "0.7x"),
        reason="the convolutions of both reach nearly the same rate",
    ),
    Row(
        "gan_steps",
        "the same: ours / two-tape Keras loop",
        step_ratio("gan_steps", (steps.TWO_TAPES,)),
        (0.9,),
        (0.7,),
        ("0.9x", "0.7x"),
        reason="both spend nearly nine tenths of the step in the same convolutions",
    ),
    Row(
        "data",
        "data pipeline, JPEG folder to crops of 256: share of the bare decoder's rate",
        decoder_share,
        (0.85,),
        (0.9,),
        ("85 %", "90 %"),
        reason="the bare decoder only decodes; ours also crops, resizes and looks for damage",
        more=True,
    ),
    Row(
        "growth",
        f"time a pixel, {growth.SIDES[0]} to {growth.SIDES[-1]} squares",
        pixel_spread,
        (0.15,),
        (0.1,),
        ("±15 %", "±10 %"),
        reason="the maps of small pictures stay in the processor's cache",
    ),
    Row(
        "tiled",
        f"peak memory with `--tile {tiles.TILE}`, fast_style {' and '.join(f'`{preset}`' for preset in tiles.PRESETS)}",
        tiled_memory,
        (3.0,),
        (1.5,),
        ("3 GiB", "1.5 GiB"),
        reason="TensorFlow and the picture itself are held in memory",
    ),
    Row(
        "export",
        "all formats and precisions of fast_style exported and verified",
        export_time,
        (60,),
        (30,),
        ("60 s", "30 s"),
        reason="every file is run on real pictures, in its own runtime and in Keras",
    ),
    Row(
        "startup",
        "from cold: `zoo --help`; `zoo apply` of 512 x 512 with a shipped weight by name, and with an exported file",
        cold,
        (0.5, 1.5, 400),
        (0.5, 0.8, 250),
        ("0.5 s; 1.5 s, 400 MB", "0.5 s; 0.8 s, 250 MB"),
        reason="Python and the imports of the runtime, which the bare script has too, are most of it",
    ),
)
