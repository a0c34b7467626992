"""The pictures of docs/performance.md: what `benchmarks.growth` measured. Needs matplotlib (extra `bench`)."""

from pathlib import Path
from typing import Any

COLORS = ("#1f5fa8", "#d1603d", "#3f8f5b")
GRAY = "#666666"


def draw(growth: dict[str, Any], tiled: dict[str, Any], folder: Path) -> None:
    """Writes growth_pixels.png, growth_batch.png and growth_export.png into `folder`."""
    _pixels(growth["pixels"], tiled, folder / "growth_pixels.png")
    _batch(growth["batch"], folder / "growth_batch.png")
    _export(growth["export"], folder / "growth_export.png")


def _axes(count: int) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2 * count, 2.9), dpi=110, layout="constrained")
    axes = figure.subplots(1, count, squeeze=False)[0]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.spines[["left", "bottom"]].set_color(GRAY)
        axis.tick_params(colors=GRAY, labelsize=8)
        axis.grid(axis="y", color="#e6e6e6", linewidth=0.8)
        axis.set_axisbelow(True)
    return figure, axes


def _label(axis: Any, title: str, horizontal: str) -> None:
    axis.set_title(title, fontsize=10, loc="left", color="#222222")
    axis.set_xlabel(horizontal, fontsize=8.5, color=GRAY)
    axis.set_ylim(0, 1.08 * axis.get_ylim()[1])


def _doubling(axis: Any, values: list[int]) -> None:
    axis.set_xscale("log", base=2)
    axis.set_xticks(values, [str(value) for value in values])
    axis.minorticks_off()


def _pixels(rows_by_title: dict[str, Any], tiled: dict[str, Any], path: Path) -> None:
    figure, (time, memory) = _axes(2)
    for color, (title, rows) in zip(COLORS, rows_by_title.items(), strict=True):
        sides = [int(side) for side in rows]
        time.plot(
            sides, [1e9 * row["seconds"] / int(side) ** 2 for side, row in rows.items()], "o-", color=color, label=title, ms=4
        )
        memory.plot(sides, [row["bytes"] / 2**30 for row in rows.values()], "o-", color=color, ms=4)
    tiles = tiled["mobile"]  # of the preset that the lines are of
    last = int(tiles["side"])
    memory.plot([last], [tiles["bytes"] / 2**30], "s", color="#222222", ms=5)
    memory.annotate(
        f"--tile {int(tiles['tile'])}",
        (last, tiles["bytes"] / 2**30),
        (0, 7),
        textcoords="offset points",
        ha="center",
        fontsize=8,
    )
    _doubling(time, sides)
    _doubling(memory, [*sides, last])
    memory.set_yscale("log", base=2)
    memory.yaxis.set_major_formatter("{x:g}")
    _label(time, "time, nanoseconds a pixel", "side of the picture, pixels")
    memory.set_title("peak memory, GiB", fontsize=10, loc="left", color="#222222")
    memory.set_xlabel("side of the picture, pixels", fontsize=8.5, color=GRAY)
    time.legend(frameon=False, fontsize=8, labelcolor="#222222")
    figure.savefig(path)


def _batch(rows_by_count: dict[str, Any], path: Path) -> None:
    figure, (time, memory) = _axes(2)
    counts = [int(count) for count in rows_by_count]
    time.plot(counts, [1000 * row["seconds"] for row in rows_by_count.values()], "o-", color=COLORS[0], ms=4)
    memory.plot(counts, [row["bytes"] / 2**30 for row in rows_by_count.values()], "o-", color=COLORS[1], ms=4)
    for axis, title in ((time, "time, milliseconds a step"), (memory, "peak memory, GiB")):
        axis.set_xticks(counts)
        _label(axis, title, "pictures in a batch")
    figure.savefig(path)


def _export(rows: list[dict[str, float]], path: Path) -> None:
    figure, (axis,) = _axes(1)
    axis.plot([row["bytes"] / 1e6 for row in rows], [row["seconds"] for row in rows], "o-", color=COLORS[0], ms=4)
    _label(axis, "export and verification, seconds", "float32 file, MB")
    axis.set_xlim(left=0)
    figure.savefig(path)
