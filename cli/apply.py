"""`zoo apply`: picture in, picture out, for every image-to-image model and artefact."""

import dataclasses
from pathlib import Path

import click

from zoo import roles
from zoo.cli.inputs import trust_option
from zoo.cli.provenance import certificate_option, credentials_of, key_option, provenance_of, provenance_option
from zoo.cli.targets import CHOICES, REFUSE, REPLACE, SKIP, STREAM, Naming, label_of, plan, unused

VIDEOS = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi")


@click.command()
@click.argument("what")
@click.argument("pictures", nargs=-1, type=click.Path(path_type=Path), metavar="PICTURE...")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Picture to write, or a folder; beside the picture unless given; - for stdout."
)
@click.option(
    "--style", "styles", multiple=True, metavar="STYLE", help="The name of a style, or a PICTURE; NAME:WEIGHT blends several."
)
@click.option("--mask", type=click.Path(path_type=Path, dir_okay=False), help="Mask of the hole (white) for inpainting.")
@click.option("--strength", show_default="1", type=click.FloatRange(0, 1), help="0 gives the picture back.")
@click.option(
    "--style-scale",
    type=click.FloatRange(1, 64),
    metavar="N",
    help="Strokes N times larger; 3 or 4 for 12 megapixels.",
)
@click.option("--preserve-color", is_flag=True, help="Keep the picture's own colours: take only the luminance of the result.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of neural_style, such as size=768.")
@click.option(
    "--tile", type=click.IntRange(64), help="Side of the tiles, in pixels; large pictures are computed by tiles in any case."
)
@click.option("--resize", type=click.IntRange(16), metavar="N", help="Reduce pictures to N pixels on the long side first.")
@click.option("--format", "kind", type=click.Choice([*CHOICES]), help="Of the results; the picture's own unless given.")
@click.option("--quality", default=95, show_default=True, type=click.IntRange(1, 100), help="Of JPEG, WebP, AVIF and HEIC.")
@click.option("--strip", is_flag=True, help="Leave out what the camera wrote: date, place, author.")
@click.option("--threads", type=click.IntRange(1), help="Processor threads for LiteRT and ONNX files.")
@click.option(
    "--engine",
    default="local",
    show_default=True,
    type=click.Choice(["local", "ray"]),
    help="ray spreads the pictures over a cluster and leaves out those that are done.",
)
@click.option("--skip-existing", is_flag=True, help="Leave out pictures whose result is there: goes on where it was interrupted.")
@click.option("--overwrite", is_flag=True, help="Replace results that are there.")
@click.option(
    "--watch", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Take every picture that comes into a folder."
)
@trust_option
@provenance_option
@certificate_option
@key_option
def apply(
    what: str,
    pictures: tuple[Path, ...],
    out: Path | None,
    styles: tuple[str, ...],
    mask: Path | None,
    strength: float | None,
    style_scale: float | None,
    preserve_color: bool,
    settings: tuple[str, ...],
    tile: int | None,
    resize: int | None,
    kind: str | None,
    quality: int,
    strip: bool,
    threads: int | None,
    engine: str,
    skip_existing: bool,
    overwrite: bool,
    watch: Path | None,
    trust: bool,
    marked: bool,
    certificate: Path | None,
    c2pa_key: Path | None,
) -> None:
    """Runs WHAT on pictures of any size and format; orientation, colours, transparency, date and author are kept.

    WHAT is a run directory, a .keras file, a shipped weight, an exported .tflite, .onnx or .xml file or SavedModel; or a family
    that needs no training: neural_style, which paints each picture by optimisation, in minutes, or compositor, which lays the
    pictures one over the other, the lowest first, or composes a scene (.json, see docs/guide.md). PICTURE may be a folder, @FILE
    (a list of pictures, one a line), or - for standard input.

    A video (.mp4, .mov, .mkv, .webm, .avi) becomes a video with its times and its sound; it needs the extra [video].

    Example: zoo apply fast_style/painters photo.jpg --style munch
    """
    from zoo.cli.compose import compose_scene, compose_with
    from zoo.cli.inputs import Asked, blending
    from zoo.cli.making import Batch, Made, at_standard_streams
    from zoo.cli.paint import painter
    from zoo.cli.runtime import open_runtime
    from zoo.cli.tile import tiled, tiled_where_large
    from zoo.cli.transform import is_styled, painted
    from zoo.cli.written import FORMATS, Writing

    asked = Asked(styles, strength, mask, style_scale=style_scale)
    naming = Naming(label_of(what, styles), CHOICES[kind] if kind else None)
    if skip_existing and overwrite:
        raise ValueError("--skip-existing and --overwrite say two things; leave one out")
    existing = SKIP if skip_existing or engine == "ray" else REPLACE if overwrite else REFUSE
    if bool(pictures) == bool(watch):
        raise ValueError("name pictures or folders, or a folder to --watch" + (", not both" if watch else ""))
    credentials = credentials_of(certificate, c2pa_key, marked)  # before anything is made
    untrained = untrained_use(what)
    if credentials and (untrained == "compose" or engine == "ray" or any(is_video(picture) for picture in pictures)):
        raise ValueError("--c2pa is for pictures made one by one on this machine: no video, no composition, no --engine ray")
    if untrained == "compose":
        if styles or mask or strength is not None or style_scale or preserve_color or threads or resize or watch:
            raise ValueError(f"{what} takes pictures, or a scene's .json, and --set blend=over or blend=pyramid")
        return compose_scene(what, pictures, named_place(out), settings, provenance_of(what, None, marked, untrained))
    if any(is_video(picture) for picture in pictures):
        from zoo.cli.video import apply_video

        others = {
            "--tile": tile,
            "--resize": resize,
            "--format": kind,
            "--strip": strip,
            "--overwrite": overwrite,
            "--set": settings,
        }
        if len(pictures) > 1 or untrained or engine == "ray" or any(others.values()):
            raise ValueError(f"a video is taken alone, by a trained model, without {', '.join(others)} and --engine")
        runtime = blending(open_runtime(what, threads, trust), styles)
        target = out or unused(pictures[0].with_name(f"{pictures[0].stem}-{naming.label}{pictures[0].suffix}"))
        return apply_video(runtime, pictures[0], target, asked, preserve_color, provenance_of(what, runtime, marked))
    if out and is_video(out):
        raise ValueError(f"--out {out}: pictures become pictures; name a picture, or a folder for several")
    if untrained and (strength is not None or style_scale or threads or tile or engine == "ray"):
        raise ValueError(
            "--strength, --style-scale, --tile, --threads and --engine are for trained models; "
            f"{what} has --set content_weight=NUMBER and --set style_scale=NUMBER"
        )
    if settings and not untrained:
        raise ValueError("--set is for a family that needs no training; a trained model has its settings in its file")
    if len(pictures) > 1 and out and out.suffix.lower() in FORMATS and not untrained:
        runtime = open_runtime(what, threads, trust)
        if runtime.signature.input(roles.Layers):  # the only models of which several pictures become one
            return compose_with(runtime, pictures, out, provenance_of(what, runtime, marked))
    with at_standard_streams(listed(pictures), out, naming) as (sources, place):
        jobs = [] if watch else plan(sources, place, naming, existing)
        writing = Writing(quality, None, overwrite=overwrite, credentials=credentials)
        if engine == "ray":
            from zoo.cli.apply_ray import apply_on_ray

            if tile or watch or resize or overwrite or STREAM in map(str, pictures):
                raise ValueError("--engine ray takes files and folders, without --tile, --resize, --overwrite, --set and --watch")
            options = {"asked": asked, "preserve_color": preserve_color, "threads": threads, "trust": trust}
            return apply_on_ray(what, jobs, {**options, "marked": marked, "strip": strip, "writing": writing})
        folder = place or (jobs[0][1] if jobs else naming.beside(watch or Path()))
        batch = Batch(jobs, skip=skip_existing, quiet=place is not out)
        if jobs and not batch.left:
            return batch.finish()
        runtime = None
        if untrained == "paint":
            styled, transform = True, painted(painter(what, styles, mask, settings, preserve_color), resize)
        else:
            runtime = blending(open_runtime(what, threads, trust), styles)
            if runtime.signature.input(roles.Layers):
                return compose_with(runtime, pictures, named_place(out), provenance_of(what, runtime, marked))
            styled, alone = is_styled(runtime.signature), len(jobs) == 1
            if tile:
                transform = tiled(runtime, tile, folder, asked, preserve_color, alone, resize)
            else:
                sources = tuple(source for source, _ in jobs)
                transform = tiled_where_large(runtime, folder, asked, preserve_color, sources, resize, alone)
        marks = provenance_of(what, runtime, marked, untrained)
        made = Made(transform, styled, strip, dataclasses.replace(writing, marks=marks))
        if watch:
            from zoo.cli.watch import watch_folder

            return watch_folder(watch, place, naming, made)
        batch.run(made)


def named_place(out: Path | None) -> Path:
    """The place that was named, where nothing but a name will do."""
    if out is None:
        raise ValueError("--out is missing: elements become one picture; name it, such as --out composed.png")
    return out


def untrained_use(what: str) -> str:
    """What the name of a family that needs no training does to pictures; "" for anything else."""
    from zoo._registry import family, names

    if Path(what).exists() or what not in names():
        return ""
    from zoo.cli.quiet import keras_on_tensorflow

    keras_on_tensorflow()
    return family(what).untrained


def is_video(path: Path) -> bool:
    return path.suffix.lower() in VIDEOS and not path.is_dir()


def listed(pictures: tuple[Path, ...]) -> tuple[Path, ...]:
    """The pictures, with those of every list @FILE in its place."""
    named: list[Path] = []
    for picture in pictures:
        if str(picture).startswith("@") and not picture.exists():
            try:
                text = Path(str(picture)[1:]).read_text()
            except UnicodeDecodeError:
                raise ValueError(f"{str(picture)[1:]} is no list of pictures: it holds a path a line") from None
            named += [Path(line) for line in text.splitlines() if line.strip()]
        else:
            named.append(picture)
    if pictures and not named:
        raise ValueError(f"there is no picture in {pictures[0]}")
    return tuple(named)
