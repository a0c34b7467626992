"""Composing one picture from several elements, for a family that composes and for what was trained of it."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from zoo import roles
from zoo.cli.printable import printable

MOST = 64  # elements of a scene
KEYS = ("picture", "mask", "place", "size", "rotate", "opacity", "gain")
BLENDS = ("over", "pyramid")


def compose_scene(
    family: str, pictures: Sequence[Path], out: Path, settings: Sequence[str], metadata: dict[str, str] | None = None
) -> None:
    """Composes a scene (one .json file), or pictures one over the other, the lowest first, and writes the result.

    Raises:
        ValueError, OSError: a scene, a picture or a setting that is wrong, in one line.
    """
    check_out(out)
    scene = read_scene(pictures)
    for setting in settings:
        key, _, value = setting.partition("=")
        if key != "blend":
            raise ValueError(f"--set {setting}: {family} has --set blend=over or blend=pyramid; the rest is in a scene's .json")
        scene["blend"] = value
    if scene["blend"] not in BLENDS:
        raise ValueError(f"no blend {scene['blend']!r}; there are: {', '.join(BLENDS)}")

    import numpy as np

    from zoo.cli.quiet import import_tensorflow
    from zoo.training.pictures import write_picture

    elements = [placed(element, scene, len(scene["elements"])) for element in scene["elements"]]
    import_tensorflow()
    import zoo

    if scene["blend"] == "pyramid":
        elements = [continued(element) for element in elements]
    model = zoo.create(family, elements=len(elements), blend=scene["blend"])
    for index, element in enumerate(scene["elements"]):
        mix = model.compose.get_layer(f"mix_{index}")
        mix.gain.assign(np.broadcast_to(np.float32(element.get("gain", 1.0)), 3))
        mix.opacity.assign(element.get("opacity", 1.0))
    (layers,), (result,) = model.signature.inputs, model.signature.outputs
    outputs = model.inference_model()({layers: np.concatenate(elements, axis=-1)[None]})
    write_picture(out, np.asarray(outputs[result][0]), metadata=metadata)
    click.echo(printable(str(out)))


def compose_with(runtime: Any, pictures: Sequence[Path], out: Path, metadata: dict[str, str] | None = None) -> None:
    """Runs a trained model of layers, or its artefact, on its elements, all stretched to the first one's size."""
    check_out(out)
    layers = runtime.signature.input(roles.Layers)
    if len(pictures) != layers.count:
        raise ValueError(f"this model takes {layers.count} elements, lowest first, and was given {len(pictures)}")
    import numpy as np

    from zoo.training.pictures import write_picture

    canvas: dict[str, Any] = {"canvas": None}
    elements = [placed({"picture": picture, "size": canvas["canvas"]}, canvas, len(pictures)) for picture in pictures]
    outputs = runtime(**{layers.name: np.concatenate(elements, axis=-1)[None]})
    result = outputs[runtime.signature.output(roles.Result).name][0]
    write_picture(out, result, metadata=metadata)
    click.echo(printable(str(out)))


def check_out(out: Path) -> None:
    if out.is_dir() or not out.suffix:
        raise ValueError(f"--out {out}: elements become one picture; name it, such as composed.png")
    if out.exists():
        raise ValueError(f"{out} exists; remove it or choose another --out")


def read_scene(pictures: Sequence[Path]) -> dict[str, Any]:
    """`canvas` ([width, height] or None for the lowest element's), `blend`, and `elements`, the lowest first.

    Raises:
        ValueError: a file that is no scene, or a key or value in it that is wrong; the message names the element.
    """
    if len(pictures) > 1 or pictures[0].suffix != ".json":
        return {"canvas": None, "blend": "over", "elements": [{"picture": picture} for picture in pictures]}
    file = pictures[0]
    from zoo.export.files import read_json

    try:
        scene = read_json(file)
    except ValueError as error:
        raise ValueError(f"{file} is not JSON: {error}") from None
    if not isinstance(scene, dict) or not isinstance(scene.get("elements"), list) or not scene["elements"]:
        raise ValueError(f'{file} is no scene, such as {{"elements": [{{"picture": "beach.jpg"}}, {{"picture": "cat.png"}}]}}')
    if len(scene["elements"]) > MOST:
        raise ValueError(f"{file} has {len(scene['elements'])} elements; at most {MOST} make a scene")
    if unknown := sorted(set(scene) - {"canvas", "blend", "elements"}):
        raise ValueError(f"{file} has no key {unknown[0]!r}; there are: canvas, blend, elements")
    for index, element in enumerate(scene["elements"]):
        check_element(element, f"{file}, element {index}")
        element |= {key: file.parent / element[key] for key in ("picture", "mask") if key in element}
    if scene.get("canvas") is not None and not pair(scene["canvas"], 1):
        raise ValueError(f"{file}: canvas is [width, height] in pixels")
    return {"canvas": scene.get("canvas"), "blend": scene.get("blend", "over"), "elements": scene["elements"]}


def check_element(element: Any, where: str) -> None:
    if not isinstance(element, dict) or not isinstance(element.get("picture"), str):
        raise ValueError(f'{where}: needs a "picture"')
    if unknown := sorted(set(element) - set(KEYS)):
        raise ValueError(f"{where}: no key {unknown[0]!r}; there are: {', '.join(KEYS)}")
    if not pair(element.get("place", [0, 0])) or not pair(element.get("size", [1, 1]), 1):
        raise ValueError(f"{where}: place is [left, top] and size [width, height], in pixels")
    if not number(element.get("rotate", 0), -1e6):
        raise ValueError(f"{where}: rotate is an angle in degrees, counter-clockwise")
    opacity = element.get("opacity", 1)
    if not number(opacity, 0, 1):
        raise ValueError(f"{where}: opacity lies between 0 and 1")
    gain = element.get("gain", 1)
    gains = gain if isinstance(gain, list) and len(gain) == 3 else [gain]
    if not all(number(value, 0) for value in gains):
        raise ValueError(f"{where}: gain is a number, or one each for red, green and blue, 0 or more")


def pair(value: Any, least: float = -1e6) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(number(x, least) for x in value)


def number(value: Any, least: float, most: float = 1e6) -> bool:
    return isinstance(value, int | float) and least <= value <= most


def check_pixels(element: dict[str, Any], size: tuple[float, float], canvas: Sequence[float], count: int) -> None:
    """Raises ValueError where an element, scaled and turned, or the canvases of all would take more memory than there may be."""
    from zoo.training.pictures import MAX_PIXELS

    angle = math.radians(element.get("rotate", 0))
    width, height = element.get("size") or size
    turned = [abs(a * math.cos(angle)) + abs(b * math.sin(angle)) for a, b in ((width, height), (height, width))]
    if max(width * height, turned[0] * turned[1]) > MAX_PIXELS:
        raise ValueError(f"{element['picture']} would take more than {MAX_PIXELS:,} pixels; make its size smaller")
    if count * canvas[0] * canvas[1] > MAX_PIXELS:
        each = f"{count} elements on a canvas of {canvas[0]:.0f} x {canvas[1]:.0f}"
        raise ValueError(f"{each} take more than {MAX_PIXELS:,} pixels; make the canvas smaller")


def placed(element: dict[str, Any], scene: dict[str, Any], count: int) -> Any:
    """The element where it lies on the canvas, float32 [H, W, 4]; the first one decides the canvas where the scene does not.

    `count` is how many there are. Raises ValueError for pixels without end.
    """
    import numpy as np
    from PIL import Image

    from zoo.training.pictures import read_picture

    picture = read_picture(element["picture"])
    alpha = np.ones_like(picture.rgb[..., :1]) if picture.alpha is None else picture.alpha
    if "mask" in element:
        mask = read_picture(element["mask"]).rgb.mean(axis=-1, keepdims=True)
        if mask.shape != alpha.shape:
            sizes = [f"{array.shape[1]} x {array.shape[0]}" for array in (mask, alpha)]
            raise ValueError(f"{element['mask']} is {sizes[0]} pixels, its picture {sizes[1]}")
        alpha = alpha * mask
    if scene["canvas"] is None:
        scene["canvas"] = [picture.rgb.shape[1], picture.rgb.shape[0]]
    check_pixels(element, picture.rgb.shape[1::-1], scene["canvas"], count)
    # Channel by channel in float, colours multiplied by alpha, so that what is transparent does not bleed in.
    planes = [Image.fromarray(plane) for plane in np.moveaxis(np.concatenate([picture.rgb * alpha, alpha], -1), -1, 0)]
    if size := element.get("size"):
        planes = [plane.resize((round(size[0]), round(size[1])), Image.Resampling.LANCZOS) for plane in planes]
    if angle := element.get("rotate"):
        planes = [plane.rotate(angle, Image.Resampling.BICUBIC, expand=True) for plane in planes]
    left, top = map(round, element.get("place", (0, 0)))
    on_canvas = [Image.new("F", (round(scene["canvas"][0]), round(scene["canvas"][1]))) for _ in planes]
    for canvas, plane in zip(on_canvas, planes, strict=True):
        canvas.paste(plane, (left, top))
    result = np.clip(np.stack([np.asarray(plane) for plane in on_canvas], axis=-1), 0, 1)
    result[..., :3] = np.clip(result[..., :3] / np.maximum(result[..., 3:], 1e-6), 0, 1)
    return result


def continued(element: Any) -> Any:
    """The element with colours where it is transparent too, which pyramid blending mixes in from."""
    import numpy as np

    from zoo.layers import CropLike, PadToMultiple, PyramidFill

    levels = 6
    pad = PadToMultiple(2**levels, 2 * 2**levels)
    image, alpha = element[None, ..., :3], element[None, ..., 3:]
    known = np.asarray(alpha > 0.5, np.float32)
    filled = CropLike()([PyramidFill(levels)([pad(image), pad(known)]), image])
    return np.concatenate([np.asarray(filled[0]), element[..., 3:]], axis=-1)
