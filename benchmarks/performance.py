"""docs/performance.md out of docs/performance.json. No figure of the document is typed by hand."""

from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks import curve, data, growth, networks, restorers, rows, startup, steps, tiles

MISSING = "Not measured yet."


def document(figures: dict[str, Any]) -> str:
    """The whole page."""
    parts = {
        "Machine": ("machine", machine_text),
        "Floors and aims": ("", floors_text),
        "Running the style network": ("networks", networks_text),
        "Restoring and inpainting": ("restorers", restorers_text),
        "How small it may be": ("curve", curve_text),
        "Training steps": ("steps", steps_text),
        "Training steps of a GAN": ("gan_steps", gan_steps_text),
        "Data pipeline": ("data", data_text),
        "Export": ("export", export_text),
        "Growth": ("growth", growth_text),
        "Large pictures by tiles": ("tiled", tiled_text),
        "The side of the tiles": ("tiles", tiles_text),
        "From cold": ("startup", startup_text),
    }
    lines = ["# Performance", "", HEAD]
    for title, (part, write) in parts.items():
        measured = not part or part in figures
        lines += ["", f"## {title}", "", *(write(figures) if measured else [MISSING])]
        lines += ["", when(figures, part)] if part in figures.get("date", {}) else []
    return "\n".join(lines) + "\n"


def when(figures: dict[str, Any], part: str) -> str:
    """The last line of a section: the day, and what else the machine did."""
    return f"*Measured on {figures['date'][part]}; load average as it began: {figures['load'][part]:.1f}.*"


HEAD = """Made by `make bench`: every figure is from a run of it. `python -m benchmarks --only PART` measures one part again and
keeps the others; PyTorch and the plots need extra `bench`, or `--pytorch PYTHON` where PyTorch has an environment of its own.
Ratios are of medians within one run, whose runners take turns, each in a process of its own held to its cores; ± is half of the
range of the middle half of the calls. Load averages say what else the machine did. No GPU and no phone has been measured."""


def table(titles: Iterable[str], lines: Iterable[Iterable[str]]) -> Iterator[str]:
    """The first column is text, the others are figures."""
    titles = list(titles)
    yield f"| {' | '.join(titles)} |"
    yield f"| --- |{' ---: |' * (len(titles) - 1)}"
    yield from (f"| {' | '.join(cells)} |" for cells in lines)


def machine_text(figures: dict[str, Any]) -> Iterator[str]:
    machine = figures["machine"]
    instructions = ", ".join(machine["instructions"]) or "no vector extensions known"
    yield f"{machine['cores']} cores, {machine['processor']} ({machine['system']}; {instructions})."
    yield f"Versions: {', '.join(f'{name} {version}' for name, version in machine['versions'].items())}."
    yield ""
    libraries = machine["matrix_product"]
    names = list(next(iter(libraries.values())))
    products = ((rows.cores(threads), *(f"{row[name]:.0f}" for name in names)) for threads, row in libraries.items())
    yield from table(("float32 matrix product, GFLOP/s", *names), products)
    yield ""
    decoded = "; ".join(f"{rows.cores(threads)}: {rate:.0f}" for threads, rate in machine["jpeg"].items())
    yield f"JPEG photographs of 512 x 512 that Pillow decodes a second: {decoded}. The fastest matrix product is the limit below."


def floors_text(figures: dict[str, Any]) -> Iterator[str]:
    yield "| what | measured | floor | aim | |"
    yield "| --- | --- | --- | --- | --- |"
    yield from (rows.line(row, figures) for row in rows.ROWS)


def networks_text(figures: dict[str, Any]) -> Iterator[str]:
    network_figures = figures["networks"]
    for name in networks.PRESETS:
        weights, operations = network_figures[name]["weights"], network_figures[name]["multiply_accumulates"]
        yield f"`fast_style` preset `{name}`: {weights:,} weights, {operations / 1e9:.2f} G multiply-accumulates at 256 x 256."
    yield "PyTorch's network has our weights and channels last, its compiled one frozen weights too; both counts are equal, and"
    yield "every output is compared with the Keras network's before it is timed."
    compiled = any(networks.COMPILED in row for _, _, row in rows.turns(figures))
    for threads, size, row in rows.turns(figures):
        yield ""
        titles = (f"{rows.cores(threads)}, {size} x {size}", "ms", "share of the matrix product", "/ torch.compile")
        yield from table(titles if compiled else titles[:3], (network_line(figures, threads, size, row, title) for title in row))


def spread_of(figures: dict[str, Any], threads: str, size: str) -> dict[str, float]:
    return figures["networks"].get("spread", {}).get(threads, {}).get(size, {})


def plus_minus(spreads: dict[str, float], title: str) -> str:
    """Such as " ±3%"; empty where it was not measured."""
    return f" ±{spreads[title]:.0%}" if title in spreads else ""


def network_line(figures: dict[str, Any], threads: str, size: str, row: dict[str, float], title: str) -> Iterator[str]:
    seconds = row[title]
    yield title
    yield f"{1000 * seconds:.1f}{plus_minus(spread_of(figures, threads, size), title)}"
    yield f"{rows.share(figures, threads, size, seconds, 'mobile' if title.startswith('mobile') else 'johnson'):.0%}"
    if networks.COMPILED in row:
        yield f"{seconds / row[networks.COMPILED]:.2f}x"


def restorers_text(figures: dict[str, Any]) -> Iterator[str]:
    restorers_figures = figures["restorers"]
    sides = {**restorers.OURS, **{f"{name}, {end}": side for name, side in restorers.PUBLISHED.items() for end in restorers.ENDS}}
    yield "Ours are the ONNX files that `zoo apply` runs by name; beside them published shapes of the same kind, weights random."
    yield "The denoiser works at half the resolution; super-resolution gives four times the side of what goes in."
    yield ""
    titles = [f"ms, {rows.cores(threads)}" for threads in restorers_figures["seconds"]]
    yield from table(
        ("network", "picture", "G multiply-accumulates", *titles),
        (
            (
                name,
                f"{sides[name]} x {sides[name]}",
                f"{operations / 1e9:.2f}",
                *(
                    f"{1000 * row[name]:.1f}{plus_minus(restorers_figures['spread'][threads], name)}"
                    for threads, row in restorers_figures["seconds"].items()
                ),
            )
            for name, operations in restorers_figures["multiply_accumulates"].items()
        ),
    )


def curve_text(figures: dict[str, Any]) -> Iterator[str]:
    curve_figures = figures["curve"]
    full = curve.total(curve_figures["networks"][curve.FULL]) if curve.FULL in curve_figures["networks"] else None
    crops = f"{curve_figures['steps']} steps of {curve_figures['batch']} crops of {curve_figures['crop']}"
    yield f"`fast_style` in one drawn style, {crops}, mixed_bfloat16; mean losses"
    yield f"over {curve.HELD_OUT} photographs that training left out, at 256 x 256. `johnson` has width 32, `mobile` is light of"
    yield "width 24."
    yield ""
    yield from table(
        ("network", "G multiply-accumulates", "weights", "style", "content", "loss", "/ johnson"),
        (
            (
                name,
                f"{row['multiply_accumulates'] / 1e9:.2f}",
                f"{row['weights']:,}",
                f"{row['style']:.3f}",
                f"{row['content']:.3f}",
                f"{curve.total(row):.3f}",
                f"{curve.total(row) / full:.2f}x" if full else "",
            )
            for name, row in curve_figures["networks"].items()
        ),
    )


STEPS = {
    "steps": f"fast_style `johnson`, {steps.SIZE} x {steps.SIZE}, batch {steps.BATCH}, VGG16's loss (random weights)",
    "gan_steps": f"DCGAN 64 x 64, batch {steps.GAN_BATCH}, widths {steps.GAN_WIDTH} (published: 128)",
}


def steps_text(figures: dict[str, Any]) -> Iterator[str]:
    yield f"{rows.cores(figures['steps']['threads'])}. Ours: `compile()` and `fit()`; the peers are the loops of TensorFlow's and"
    yield "PyTorch's tutorials, with as many weights and operations. What is held against what has the same precision."
    yield ""
    yield from step_table(figures, "steps")


def gan_steps_text(figures: dict[str, Any]) -> Iterator[str]:
    yield from step_table(figures, "gan_steps")


def step_table(figures: dict[str, Any], part: str) -> Iterator[str]:
    row, spreads = figures[part]["seconds"], figures[part].get("spread", {})
    peers = [name for name in row if not name.startswith("ours")]
    yield from table(
        (STEPS[part], "s a step", *(f"/ {peer}" for peer in peers)),
        (
            (name, f"{seconds:.3f}{plus_minus(spreads, name)}", *(f"{seconds / row[peer]:.2f}x" for peer in peers))
            for name, seconds in row.items()
        ),
    )


def data_text(figures: dict[str, Any]) -> Iterator[str]:
    loader = figures["data"]
    limit = data.bare_rate(loader["rates"])
    yield f"`python -m benchmarks.data --data folder:PATH`; {loader['pictures']} JPEG photographs, the first of {loader['size']}:"
    yield ""
    yield from table(
        ("JPEG folder to batches of 16 crops of 256", "pictures/s", "share of the bare decoder"),
        ((title, f"{rate:.0f}", f"{rate / limit:.0%}") for title, rate in loader["rates"].items()),
    )
    yield ""
    yield "Keras' loader neither crops nor looks for damage, and its batches cannot be taken up at a step; ours does all three."


def export_text(figures: dict[str, Any]) -> Iterator[str]:
    export = figures["export"]
    cores = rows.cores(export["threads"])
    yield f"All formats and precisions of `johnson` in two shapes, {export['artifacts']} files with the web page's, exported, run"
    yield f"and compared: **{export['seconds']:.0f} s**. What they cost to run, by `zoo bench` on {cores},"
    yield "each file in a fresh process; start-up is imports, loading and the first picture:"
    yield ""
    yield from table(
        ("file", "size", "ms a picture", "start-up s", "peak MB", "MB"),
        (
            (
                f"`{row['path']}`",
                row["size"],
                f"{row['latency_ms']:.1f}",
                f"{row['startup_s']:.2f}",
                f"{row['peak_mb']:.0f}",
                f"{row['bytes'] / 1e6:.2f}",
            )
            for row in export["files"]
        ),
    )


def growth_text(figures: dict[str, Any]) -> Iterator[str]:
    growth_figures = figures["growth"]
    yield f"`fast_style` preset `{growth.PRESET}`, one picture, every point a process of its own:"
    yield ""
    yield "![Time a pixel and peak memory against the side of the picture](images/growth_pixels.png)"
    yield ""
    sides = list(next(iter(growth_figures["pixels"].values())))
    yield from table(
        ("nanoseconds a pixel", *sides, "spread"),
        (
            (title, *(f"{1e9 * points[s]['seconds'] / int(s) ** 2:.0f}" for s in sides), f"±{growth.spread(points):.0%}")
            for title, points in growth_figures["pixels"].items()
        ),
    )
    yield ""
    yield from table(
        ("peak memory, GiB", *sides),
        ((title, *(f"{points[s]['bytes'] / 2**30:.2f}" for s in sides)) for title, points in growth_figures["pixels"].items()),
    )
    yield ""
    yield f"Training the same preset on crops of {growth.CROP} with compact features:"
    yield ""
    yield "![Time a step and peak memory against the batch](images/growth_batch.png)"
    yield ""
    yield from table(
        ("batch", "ms a step", "ms a picture", "peak GiB"),
        (
            (count, f"{1000 * row['seconds']:.0f}", f"{1000 * row['seconds'] / int(count):.0f}", f"{row['bytes'] / 2**30:.2f}")
            for count, row in growth_figures["batch"].items()
        ),
    )
    yield ""
    yield "Export to LiteRT in float32 and dynamic int8, any size, verified, from the start of the command to its end:"
    yield ""
    yield "![Seconds of an export against the size of the file](images/growth_export.png)"
    yield ""
    yield from table(
        ("fast_style of width", "float32 file, MB", "s"),
        ((str(row["width"]), f"{row['bytes'] / 1e6:.2f}", f"{row['seconds']:.0f}") for row in growth_figures["export"]),
    )


def tiled_text(figures: dict[str, Any]) -> Iterator[str]:
    yield f"Peak memory of `zoo apply --tile {tiles.TILE}`, a network in Keras: {rows.tiled_memory(figures).text}."


def tiles_text(figures: dict[str, Any]) -> Iterator[str]:
    yield "One picture in one pass, or by tiles of so many pixels and their margins, as `zoo apply` computes it. A style network"
    yield "is taken apart in Keras, since its normalisation needs the whole picture; the denoiser's file is run tile by tile."
    for title, by_tile in figures["tiles"].items():
        sides = list(by_tile["0"])
        names = {tile: f"tiles of {tile}" if int(tile) else "one pass" for tile in by_tile}
        yield ""
        yield from table(
            (f"{title}: nanoseconds a pixel (peak GiB)", *sides),
            ((names[tile], *(tile_cell(points, side) for side in sides)) for tile, points in by_tile.items()),
        )


def tile_cell(points: dict[str, Any], side: str) -> str:
    if side not in points:
        return ""
    return f"{1e9 * points[side]['seconds'] / int(side) ** 2:.0f} ({points[side]['bytes'] / 2**30:.2f})"


def startup_text(figures: dict[str, Any]) -> Iterator[str]:
    yield from startup.table(figures["startup"]).splitlines()
