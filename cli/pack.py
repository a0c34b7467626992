"""`zoo pack`: pictures into a few large files that are read by place."""

from pathlib import Path

import click

from zoo.cli.printable import printable


@click.command()
@click.argument("source")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Directory to write; it must not exist.")
@click.option("--shards", default=4, show_default=True, type=click.IntRange(1), help="Number of files.")
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where the data sets of tfds: lie, or are downloaded to.")
@click.option(
    "--max-bad",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of unreadable pictures to leave out before giving up.",
)
def pack(source: str, out: Path, shards: int, data_dir: str | None, max_bad: float) -> None:
    """Packs the pictures of SOURCE, and their labels, into TFRecord files, with checksums and an index.json.

    SOURCE is what zoo train takes as --data, which then takes tfrecord:OUT. Bad pictures are named and left out.

    Example: zoo pack folder:photos --out packed --shards 8
    """
    if out.exists():
        raise ValueError(f"--out {out} exists; remove it or choose another place")
    from zoo.cli.progress import track
    from zoo.cli.quiet import import_tensorflow

    import_tensorflow()
    from zoo.training.sources import open_source
    from zoo.training.tfrecord_source import write

    pictures = open_source(source, data_dir=data_dir, max_bad=max_bad)
    index = write(pictures, out, shards, track=lambda indices: track(indices, "picture"))
    size = sum(shard["bytes"] for shard in index["shards"]) / 1e6
    files = f"{shards} files" if shards > 1 else "1 file"
    done = f"{index['pictures']} of {len(pictures)} pictures, {size:.1f} MB in {files}"
    click.echo(printable(f"{done}: zoo train MODEL --data tfrecord:{out}"))
