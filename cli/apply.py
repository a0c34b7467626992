"""`zoo apply`: picture in, picture out, for every image-to-image model and artefact."""

from pathlib import Path
from typing import Any

import click

LUMINANCE = (0.299, 0.587, 0.114)  # BT.601


@click.command()
@click.argument("what")
@click.argument("pictures", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PICTURE...")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Picture to write; a folder for several.")
@click.option("--style", "styles", multiple=True, metavar="STYLE", help="A picture; for fast_style N or N:WEIGHT, from 0.")
@click.option("--mask", type=click.Path(path_type=Path, dir_okay=False), help="Mask of the hole (white) for inpainting.")
@click.option("--strength", default=1.0, show_default=True, type=click.FloatRange(0, 1), help="0 gives the picture back.")
@click.option("--preserve-color", is_flag=True, help="Keep the picture's own colours: take only the luminance of the result.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of neural_style, such as size=768.")
@click.option("--threads", type=click.IntRange(1), help="Processor threads for LiteRT and ONNX files.")
def apply(
    what: str,
    pictures: tuple[Path, ...],
    out: Path,
    styles: tuple[str, ...],
    mask: Path | None,
    strength: float,
    preserve_color: bool,
    settings: tuple[str, ...],
    threads: int | None,
) -> None:
    """Runs WHAT on pictures of any size and format; orientation is honoured and transparency kept.

    WHAT is a run directory, a .keras file, a shipped weight, or any exported artefact (.tflite, .onnx, a SavedModel);
    neural_style, which paints each picture by optimisation, in minutes; or compositor, which lays the pictures one over the
    other, the lowest first, or composes a scene (.json, see docs/guide.md).

    Example: zoo apply runs/wave photo.jpg --out wave.png
    """
    from cli.compose import compose_scene, compose_with, is_compositor
    from cli.paint import painter
    from cli.progress import track
    from training.pictures import list_pictures, write_picture

    if what == "compositor":
        if styles or mask or strength != 1 or preserve_color or threads:
            raise ValueError("compositor takes pictures, or a scene's .json, and --set blend=over or blend=pyramid")
        return compose_scene(pictures, out, settings)
    jobs = plan(pictures, out, list_pictures)
    if what == "neural_style":
        if strength != 1 or threads:
            raise ValueError("--strength and --threads are for trained models; neural_style has --set content_weight=NUMBER")
        transform = painted(painter(styles, mask, settings, preserve_color))
    elif settings:
        raise ValueError("--set is for neural_style; a trained model has its settings in its file")
    else:
        runtime = open_runtime(what, threads)
        if is_compositor(runtime.signature):
            return compose_with(runtime, pictures, out)
        transform = transformed(runtime, styles, mask, strength, preserve_color)
    failures = []
    for source, target in track(jobs, "picture"):
        try:
            picture = transform(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            write_picture(target, *picture)
        except (ValueError, OSError) as error:
            failures.append(str(error))
            if len(jobs) > 1:
                click.echo(f"skipped: {error}", err=True)
    if len(jobs) == 1 and failures:
        raise ValueError(failures[0])
    if len(jobs) == 1:
        click.echo(str(jobs[0][1]))
    else:
        click.echo(f"{len(jobs) - len(failures)} of {len(jobs)} pictures written to {out}")
    if failures:
        raise ValueError(f"{len(failures)} of {len(jobs)} pictures could not be read or written; they are named above")


def painted(paint: Any) -> Any:
    """From a picture file to its painting and the transparency to write with it."""
    from training.pictures import read_picture

    def transform(source: Path) -> tuple[Any, Any]:
        picture = read_picture(source)
        result = paint(picture.rgb)
        return result, picture.alpha if picture.alpha is None else resized(picture.alpha, result.shape)

    return transform


def transformed(runtime: Any, styles: tuple[str, ...], mask: Path | None, strength: float, preserve_color: bool) -> Any:
    """From a picture file to what the model makes of it and the transparency to write with it."""
    constants = constant_inputs(runtime.signature, styles, strength)
    hole = read_mask(runtime.signature, mask)
    return lambda source: result_of(runtime, source, constants, hole, preserve_color)


def plan(pictures: tuple[Path, ...], out: Path, list_pictures: Any) -> list[tuple[Path, Path]]:
    """Every picture with the file it becomes.

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
        if target.exists():
            raise ValueError(f"{target} exists; remove it or choose another --out")
        targets[target] = source
    return jobs


def open_runtime(what: str, threads: int | None) -> Any:
    """The runtime that runs WHAT: an artefact's own, or Keras."""
    from export.runtimes import load

    path = Path(what)
    if path.suffix in (".tflite", ".onnx") or (path / "saved_model.pb").is_file():
        return load(path, threads=threads)
    from cli.quiet import import_tensorflow
    from cli.settings import model_file

    import_tensorflow()
    file = Path(model_file(what))
    if not file.is_file():
        from zoo._load import shipped

        file = shipped(what)
    return load(file, threads=threads)


def constant_inputs(signature: Any, styles: tuple[str, ...], strength: float) -> dict[str, Any]:
    """The inputs that are the same for every picture.

    Raises:
        ValueError: an option that this model has no input for, or a style it does not hold.
    """
    import numpy as np

    inputs: dict[str, Any] = {}
    if not ({"image", "latent"} & set(signature.inputs) and "output_image" in signature.outputs):
        raise ValueError(f"this file is no export of this zoo: it takes {', '.join(signature.inputs)}, not image or latent")
    if "image" not in signature.inputs:
        raise ValueError("this model takes no picture; zoo sample makes pictures from a generator")
    if "strength" in signature.inputs:
        inputs["strength"] = np.array([strength], "float32")
    elif strength != 1:
        raise ValueError("--strength: this model has no such input")
    if "style_weights" in signature.inputs:
        count = signature.inputs["style_weights"].shape[-1]
        weights = np.zeros((1, count), "float32")
        for style in styles or ("0",):
            number, _, weight = style.partition(":")
            try:
                index, value = int(number), float(weight or 1)
            except ValueError:
                raise ValueError(f"--style {style} is not N or N:WEIGHT, such as 0 or 0:0.7") from None
            if not 0 <= index < count or value < 0:
                raise ValueError(f"--style {style}: this model holds styles 0 to {count - 1}, with weights above 0")
            weights[0, index] += value
        if not weights.sum():
            raise ValueError("--style: the weights add up to nothing")
        inputs["style_weights"] = weights / weights.sum()
    elif "style" in signature.inputs:
        from training.pictures import read_picture

        if len(styles) != 1:
            raise ValueError("this model takes the style as a picture: --style PICTURE, once")
        inputs["style"] = read_picture(styles[0]).rgb[None]
    elif styles and styles != ("0",):
        raise ValueError("--style: this model holds one style")
    return inputs


def read_mask(signature: Any, mask: Path | None) -> Any:
    """The hole, float32 [H, W, 1] of 0 and 1, or None where none is given.

    Raises:
        ValueError: a mask for a model without one.
    """
    if mask is None:
        return None
    if "mask" not in signature.inputs:
        raise ValueError("--mask: this model has no such input")
    from training.pictures import read_picture

    values = read_picture(mask).rgb.mean(axis=-1, keepdims=True)
    if ((values > 0.1) & (values < 0.9)).any():
        click.echo(f"{mask} is not black and white; what is brighter than half counts as the hole", err=True)
    return (values > 0.5).astype("float32")


def result_of(runtime: Any, source: Path, constants: dict[str, Any], hole: Any, preserve_color: bool) -> tuple[Any, Any]:
    """The result for one picture file, and the transparency to write with it.

    A model that takes a mask fills the hole; without one, what is transparent is the hole, and comes back opaque.

    Raises:
        ValueError: the picture or its mask does not fit the model.
    """
    import numpy as np

    from training.pictures import read_picture

    picture = read_picture(source)
    inputs = {"image": picture.rgb, **constants}
    alpha = picture.alpha
    if "mask" in runtime.signature.inputs:
        if hole is None and alpha is None:
            raise ValueError(f"{source}: this model fills a hole; give --mask, or a picture with a transparent part")
        if hole is None:
            hole, alpha = np.less(np.asarray(alpha), 0.5).astype("float32"), None
        inputs["mask"] = hole
        if hole.shape[:2] != picture.rgb.shape[:2]:
            sizes = [f"{array.shape[1]} x {array.shape[0]}" for array in (hole, picture.rgb)]
            raise ValueError(f"{source}: the mask is {sizes[0]} pixels, the picture {sizes[1]}")
    channels = runtime.signature.inputs["image"].shape[-1]
    if channels == 1:
        inputs["image"] = (picture.rgb @ np.array(LUMINANCE, "float32"))[..., None]
    elif channels != 3:
        raise ValueError(f"this model takes {channels} channels, which are not those of one picture")
    batch = {name: value if name in constants else value[None] for name, value in inputs.items()}
    result = runtime(**batch)["output_image"][0]
    if preserve_color:
        result = keep_color(picture.rgb, result)
    return result, alpha if alpha is None else resized(alpha, result.shape)


def resized(alpha: Any, shape: tuple[int, ...]) -> Any:
    """The transparency [H, W, 1] of a picture that is now of `shape`."""
    import numpy as np
    from PIL import Image

    if alpha.shape[:2] == shape[:2]:
        return alpha
    picture = Image.fromarray(alpha[..., 0]).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(picture)[..., None], 0, 1)


def keep_color(picture: Any, result: Any) -> Any:
    """The luminance of `result` with the colours of `picture` (BT.601), both [H, W, 3] in [0, 1]."""
    import numpy as np

    if picture.shape != result.shape:
        raise ValueError("--preserve-color needs a result of the picture's own size and channels")
    return np.clip(picture + ((result - picture) @ np.array(LUMINANCE, "float32"))[..., None], 0, 1)
