"""`zoo apply`: picture in, picture out, for every image-to-image model and artefact."""

from pathlib import Path
from typing import Any

import click

from zoo import roles
from zoo.cli.inputs import trust_option
from zoo.cli.printable import printable
from zoo.cli.provenance import provenance_of, provenance_option

VIDEOS = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi")


@click.command()
@click.argument("what")
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PICTURE...")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Picture to write; a folder for several.")
@click.option(
    "--style", "styles", multiple=True, metavar="STYLE", help="The name of a style, or a PICTURE; NAME:WEIGHT blends several."
)
@click.option("--mask", type=click.Path(path_type=Path, dir_okay=False), help="Mask of the hole (white) for inpainting.")
@click.option("--strength", show_default="1", type=click.FloatRange(0, 1), help="0 gives the picture back.")
@click.option("--preserve-color", is_flag=True, help="Keep the picture's own colours: take only the luminance of the result.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of neural_style, such as size=768.")
@click.option(
    "--tile", type=click.IntRange(64), help="Side of the tiles, in pixels; large pictures are computed by tiles in any case."
)
@click.option("--threads", type=click.IntRange(1), help="Processor threads for LiteRT and ONNX files.")
@click.option(
    "--engine",
    default="local",
    show_default=True,
    type=click.Choice(["local", "ray"]),
    help="ray spreads the pictures over a cluster and leaves out those that are done.",
)
@click.option("--skip-existing", is_flag=True, help="Leave out pictures whose result is there: goes on where it was interrupted.")
@trust_option
@provenance_option
def apply(
    what: str,
    pictures: tuple[Path, ...],
    out: Path,
    styles: tuple[str, ...],
    mask: Path | None,
    strength: float | None,
    preserve_color: bool,
    settings: tuple[str, ...],
    tile: int | None,
    threads: int | None,
    engine: str,
    skip_existing: bool,
    trust: bool,
    marked: bool,
) -> None:
    """Runs WHAT on pictures of any size and format; orientation is honoured and transparency kept.

    WHAT is a run directory, a .keras file, a shipped weight, an exported .tflite, .onnx or .xml file or SavedModel; or a family
    that needs no training: neural_style, which paints each picture by optimisation, in minutes, or compositor, which lays the
    pictures one over the other, the lowest first, or composes a scene (.json, see docs/guide.md). PICTURE may be @FILE, a list of
    pictures, one a line.

    A video (.mp4, .mov, .mkv, .webm, .avi) becomes a video with its times and its sound; it needs the extra [video].

    Example: zoo apply runs/wave photo.jpg --out wave.png
    """
    from zoo.cli.compose import compose_scene, compose_with
    from zoo.cli.inputs import Asked, blending
    from zoo.cli.jobs import fault_of, missing
    from zoo.cli.opened import open_runtime
    from zoo.cli.paint import painter
    from zoo.cli.progress import track
    from zoo.cli.tile import tiled, tiled_where_large
    from zoo.cli.transform import painted
    from zoo.cli.video import apply_video
    from zoo.training.pictures import list_pictures, write_picture

    asked = Asked(styles, strength, mask)
    untrained = untrained_use(what)
    if untrained == "compose":
        if styles or mask or strength is not None or preserve_color or threads:
            raise ValueError(f"{what} takes pictures, or a scene's .json, and --set blend=over or blend=pyramid")
        return compose_scene(what, pictures, out, settings, provenance_of(what, None, marked, untrained))
    if any(is_video(picture) for picture in pictures):
        if len(pictures) > 1 or untrained or engine == "ray" or tile or settings:
            raise ValueError("a video is taken alone, by a trained model, without --tile, --engine and --set")
        runtime = blending(open_runtime(what, threads, trust), styles)
        metadata = provenance_of(what, runtime, marked)
        return apply_video(runtime, pictures[0], out, asked, preserve_color, metadata)
    if is_video(out):
        raise ValueError(f"--out {out}: pictures become pictures; name a picture, or a folder for several")
    jobs = plan(listed(pictures), out, list_pictures, go_on=skip_existing or engine == "ray")
    sources = [source for source, _ in jobs]
    if engine == "ray":
        from zoo.cli.apply_ray import apply_on_ray

        if untrained or settings or tile:
            raise ValueError("--engine ray is for trained models, without --tile and --set; leave it out")
        options = {"asked": asked, "preserve_color": preserve_color}
        return apply_on_ray(what, jobs, out, {**options, "threads": threads, "trust": trust, "marked": marked})
    if skip_existing and not (jobs := missing(jobs)):
        return
    if untrained == "paint":
        if strength is not None or threads or tile:
            raise ValueError(f"--strength, --tile and --threads are for trained models; {what} has --set content_weight=NUMBER")
        transform = painted(painter(what, styles, mask, settings, preserve_color))
        metadata = provenance_of(what, None, marked, untrained)
    elif settings:
        raise ValueError("--set is for a family that needs no training; a trained model has its settings in its file")
    else:
        runtime = blending(open_runtime(what, threads, trust), styles)
        metadata = provenance_of(what, runtime, marked)
        if runtime.signature.input(roles.Layers):
            return compose_with(runtime, pictures, out, metadata)
        if tile:
            transform = tiled(runtime, tile, out, asked, preserve_color, alone=len(jobs) == 1)
        else:
            transform = tiled_where_large(runtime, out, asked, preserve_color, sources)
    failures = []
    for source, target in track(jobs, "picture"):
        try:
            picture = transform(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            write_picture(target, *picture, metadata=metadata)
        except (ValueError, OSError, MemoryError) as error:
            failures.append(fault_of(source, error))
            if len(jobs) > 1:
                click.echo(printable(f"skipped: {failures[-1]}"), err=True)
    if len(jobs) == 1 and failures:
        raise ValueError(failures[0])
    if len(jobs) == 1:
        click.echo(printable(str(jobs[0][1])))
    else:
        click.echo(printable(f"{len(jobs) - len(failures)} of {len(jobs)} pictures written to {out}"))
    if failures:
        raise ValueError(f"{len(failures)} of {len(jobs)} pictures could not be read or written; they are named above")


def untrained_use(what: str) -> str:
    """What the name of a family that needs no training does to pictures; "" for anything else."""
    from zoo._registry import family, names

    if Path(what).exists() or what not in names():
        return ""
    from zoo.cli.quiet import import_tensorflow

    import_tensorflow()
    return family(what).untrained


def is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEOS and not path.is_dir()


def listed(pictures: tuple[Path, ...]) -> tuple[Path, ...]:
    """The pictures, with those of every list @FILE in its place."""
    found: list[Path] = []
    for picture in pictures:
        if str(picture).startswith("@"):
            found += [Path(line) for line in Path(str(picture)[1:]).read_text().splitlines() if line.strip()]
        else:
            found.append(picture)
    if not found:
        raise ValueError(f"there is no picture in {pictures[0]}")
    return tuple(found)


def plan(pictures: tuple[Path, ...], out: Path, list_pictures: Any, *, go_on: bool = False) -> list[tuple[Path, Path]]:
    """Every picture with the file it becomes; with `go_on`, some of those files may be there.

    Raises:
        ValueError: no such picture, an output that exists, or two pictures that would become one file.
    """
    if len(pictures) == 1 and not pictures[0].is_dir() and not out.is_dir():
        if out.suffix == "":
            raise ValueError(f"--out {out} has no suffix; name a picture such as {out}.png")
        jobs = [(pictures[0], out)]
    else:
        if out.exists() and not out.is_dir():
            raise ValueError(f"--out {out} is a file; several pictures need a folder")
        jobs = []
        for picture in pictures:
            found = list_pictures(picture) if picture.is_dir() else [picture]
            root = picture if picture.is_dir() else picture.parent
            jobs += [(file, out / file.relative_to(root).with_suffix(".png")) for file in found]
    targets: dict[Path, Path] = {}
    for source, target in jobs:
        if not source.exists():
            raise ValueError(f"{source} does not exist")
        if target in targets:
            raise ValueError(f"{source} and {targets[target]} would both become {target}; rename one")
        if target.exists() and not go_on:
            raise ValueError(f"{target} exists; remove it or choose another --out")
        targets[target] = source
    return jobs
