"""What the page around a model asks for, as the exported page and that of `zoo serve` both show it."""

import functools
import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from zoo import roles
from zoo.export.unsupported import Unsupported
from zoo.roles import Role, Signature

# templates/page; what computes is engine.js beside them, in templates/web or templates/serving.
FILES = (
    "index.html",
    "style.css",
    "pictures.js",
    "memory.js",
    "mask.js",
    "controls.js",
    "thumbnails.js",
    "fullsize.js",
    "png.js",
    "result.js",
    "app.js",
)
KINDS = ("picture", "mask", "latent", "choice", "weights", "share")  # of controls, in the order in which they are shown


def controls(signature: Signature) -> list[dict[str, Any]]:
    """What the page shows for each input, pictures first. Raises Unsupported for one that it has nothing for."""
    if signature.output(roles.Result) is None:
        raise Unsupported("the page shows a picture, and this model gives none")
    shown = [
        {"name": role.name, "type": role.dtype, "words": role.words, **CONTROLS[type(role)](role)}
        for role in signature.inputs.values()
    ]
    return sorted(shown, key=lambda control: (KINDS.index(control["kind"]), not control.get("main")))


def _picture(role: Any, kind: str = "picture", main: bool = False) -> dict[str, Any]:
    size = [axis if isinstance(axis, int) else None for axis in role.shape[1:3]]
    return {"kind": kind, "main": main, "channels": role.depth, "height": size[0], "width": size[1]}


def _choice(role: Any) -> dict[str, Any]:
    return {"kind": "choice", "one_hot": role.one_hot, "names": role.names}


def _nothing(role: Role) -> dict[str, Any]:
    raise Unsupported(f"the page has nothing to set {role.name} with ({role.words})")


CONTROLS: Mapping[type[Role], Callable[[Any], dict[str, Any]]] = {
    roles.Photograph: lambda role: _picture(role, main=True),
    roles.StylePicture: _picture,
    roles.HoleMask: lambda role: _picture(role, "mask"),
    roles.Share: lambda role: {"kind": "share", "default": role.default},
    roles.Weights: lambda role: {"kind": "weights", "names": role.names, "things": role.things},
    roles.Latent: lambda role: {"kind": "latent", "size": role.length},
    roles.Choice: _choice,
    roles.Frames: _nothing,
    roles.Layers: _nothing,
    roles.Values: _nothing,
}


def samples(needed: list[dict[str, Any]], task: str) -> dict[str, tuple[str, bytes]]:
    """A file to try every picture input with, by the input's name: what it is called, and a PNG or JPEG.

    All are public domain and come with scikit-image; a model that repairs something gets a picture with that damage.
    """
    pictures = {control["name"]: control["main"] for control in needed if control["kind"] == "picture"}
    return {
        name: _main_sample(task) if main else ("style.jpg", _jpeg(_skimage("immunohistochemistry")))
        for name, main in pictures.items()
    }


def _main_sample(task: str) -> tuple[str, bytes]:
    picture = _skimage("chelsea")
    if task in DAMAGES:
        return "sample.png", _encoded(DAMAGES[task](picture), "PNG")
    return "sample.jpg", _jpeg(picture)


def _noisy(picture: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 20, picture.shape)
    return np.clip(picture + noise, 0, 255).round().astype("uint8")


def _dark(picture: np.ndarray) -> np.ndarray:
    return (255 * (0.7 * picture / 255) ** 2.2).round().astype("uint8")


def _few_pixels(picture: np.ndarray) -> np.ndarray:
    from PIL import Image

    height, width = picture.shape[:2]
    return np.asarray(Image.fromarray(picture).resize((width // 3, height // 3), Image.Resampling.BICUBIC))


DAMAGES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "denoising": _noisy,
    "low-light enhancement": _dark,
    "super-resolution": _few_pixels,
}


@functools.cache
def _skimage(name: str) -> np.ndarray:
    from skimage import data

    return np.asarray(getattr(data, name)())


def _jpeg(picture: np.ndarray) -> bytes:
    return _encoded(picture, "JPEG", quality=92)


def _encoded(picture: np.ndarray, form: str, **options: Any) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, form, **options)
    return buffer.getvalue()
