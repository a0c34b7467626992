"""What `zoo apply` gives a model beside the picture: its styles, strength and hole."""

from pathlib import Path
from typing import Any

import click

trust_option = click.option("--trust", is_flag=True, help="Run a SavedModel that no manifest lists; it can write files.")


def open_runtime(what: str, threads: int | None, trust: bool = False) -> Any:
    """The runtime that runs WHAT: an artefact's own, or Keras. `trust` is for SavedModels that no manifest lists."""
    from zoo.export.runtimes import load

    path = Path(what)
    if path.suffix in (".tflite", ".onnx") or (path / "saved_model.pb").is_file():
        return load(path, threads=threads, trust=trust)
    from zoo.cli.quiet import import_tensorflow
    from zoo.cli.settings import model_file

    import_tensorflow()
    file = Path(model_file(what))
    if not file.is_file():
        from zoo._load import shipped

        file = shipped(what)
    return load(file, threads=threads)


def blending(runtime: Any, styles: tuple[str, ...]) -> Any:
    """The runtime, with a network for so many styles where one takes the style as a picture and several are given.

    Raises:
        ValueError: a file that takes one style.
    """
    if len(styles) < 2 or "style" not in runtime.signature.inputs:
        return runtime
    if not hasattr(runtime, "network"):
        raise ValueError(f"{runtime.path}: this file takes one style; the run directory or the .keras file blends several")
    import zoo
    from zoo.export.signature import signature_of

    model: Any = zoo.load(str(runtime.path))
    runtime.network = model.inference_model(len(styles))
    runtime.signature = signature_of(runtime.network)
    return runtime


def constant_inputs(signature: Any, styles: tuple[str, ...], strength: float) -> dict[str, Any]:
    """The inputs that are the same for every picture.

    Raises:
        ValueError: an option that this model has no input for, or a style it does not hold.
    """
    import numpy as np

    inputs: dict[str, Any] = {}
    if not ({"image", "latent"} & set(signature.inputs) and "output_image" in signature.outputs):
        takes, gives = ", ".join(signature.inputs), ", ".join(signature.outputs)
        raise ValueError(f"this file makes no picture: it takes {takes} and gives {gives}, not output_image")
    if "image" not in signature.inputs:
        raise ValueError("this model takes no picture; zoo sample makes pictures from a generator")
    if "strength" in signature.inputs:
        inputs["strength"] = np.array([strength], "float32")
    elif strength != 1:
        raise ValueError("--strength: this model has no such input")
    if "style_0" in signature.inputs:
        inputs |= blended_styles(styles)
    elif "style_weights" in signature.inputs:
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
        from zoo.training.pictures import read_style

        if len(styles) != 1:
            raise ValueError("this model takes the style as a picture: --style PICTURE, once")
        inputs["style"] = read_style(styles[0])[None]
    elif styles and styles != ("0",):
        raise ValueError("--style: this model holds one style")
    return inputs


def blended_styles(styles: tuple[str, ...]) -> dict[str, Any]:
    """`style_0`, `style_1`, ... and their weights, from PICTURE or PICTURE:WEIGHT."""
    import numpy as np

    from zoo.training.pictures import read_style

    inputs, weights = {}, []
    for index, style in enumerate(styles):
        file, _, weight = style.rpartition(":")
        if not file or Path(style).is_file():
            file, weight = style, "1"
        try:
            weights.append(float(weight))
        except ValueError:
            raise ValueError(f"--style {style} is not PICTURE or PICTURE:WEIGHT, such as wave.jpg:0.7") from None
        inputs[f"style_{index}"] = read_style(file)[None]
    if min(weights) < 0 or not sum(weights):
        raise ValueError("--style: weights are above 0")
    return {**inputs, "style_weights": np.array([weights], "float32") / sum(weights)}


def read_mask(signature: Any, mask: Path | None) -> Any:
    """The hole, float32 [H, W, 1] of 0 and 1, or None where none is given.

    Raises:
        ValueError: a mask for a model without one.
    """
    if mask is None:
        return None
    if "mask" not in signature.inputs:
        raise ValueError("--mask: this model has no such input")
    from zoo.training.pictures import read_picture

    picture = read_picture(mask)
    values = picture.rgb.mean(axis=-1, keepdims=True)
    if picture.alpha is not None and values.min() == values.max():  # drawn with an eraser, on one colour
        click.echo(f"{mask} is of one colour; what is transparent in it counts as the hole", err=True)
        values = 1 - picture.alpha
    if ((values > 0.1) & (values < 0.9)).any():
        click.echo(f"{mask} is not black and white; what is brighter than half counts as the hole", err=True)
    return (values > 0.5).astype("float32")


def find_hole(source: Path, hole: Any, alpha: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The hole of a picture of `shape`, [H, W, 1], and the transparency to write: that of the picture, unless it is the hole.

    Raises:
        ValueError: there is none, or it is of another size.
    """
    import numpy as np

    if hole is None and alpha is None:
        raise ValueError(f"{source}: this model fills a hole; give --mask, or a picture with a transparent part")
    if hole is None:
        hole, alpha = np.less(np.asarray(alpha), 0.5).astype("float32"), None
    if hole.shape[:2] != shape[:2]:
        sizes = [f"{size[1]} x {size[0]}" for size in (hole.shape, shape)]
        raise ValueError(f"{source}: the mask is {sizes[0]} pixels, the picture {sizes[1]}")
    return hole, alpha
