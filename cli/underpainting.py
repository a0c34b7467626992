"""Larger strokes for larger pictures: painted small, enlarged with the photograph's own detail, and painted over."""

from collections.abc import Callable, Mapping
from typing import Any

from zoo import roles
from zoo.cli.inputs import Asked
from zoo.roles import Signature

OVER = 0.5  # share of the strength with which the enlarged painting is painted over
SMALLEST = 64  # pixels on the short side of what is painted first


class Underpainted:
    """A runtime that paints in two passes (coarse to fine, Gatys et al. 2017, https://arxiv.org/abs/1611.07865)."""

    def __init__(self, runtime: Any, scale: float) -> None:
        self.runtime, self.scale = runtime, scale
        self.signature: Any = runtime.signature

    def __call__(self, **inputs: Any) -> Any:
        photograph = self.signature.input(roles.Photograph).name
        constants = {name: value for name, value in inputs.items() if name != photograph}

        def paint(picture: Any) -> Any:
            return self.runtime(**{photograph: picture[None], **constants})[self.signature.output(roles.Result).name][0]

        picture = underpainted(paint, inputs[photograph][0], self.scale)
        return self.runtime(**{photograph: picture[None], **painted_over(self.signature, constants)})


def with_scale(runtime: Any, asked: Asked) -> Any:
    """The runtime, in two passes where a style scale was asked for. Raises ValueError as `scale_of`."""
    scale = scale_of(runtime.signature, asked)
    return runtime if scale is None else Underpainted(runtime, scale)


def scale_of(signature: Signature, asked: Asked) -> float | None:
    """How many times larger than usual the strokes are to be; None for as usual, in one pass.

    Raises:
        ValueError: less than 1, or a model that cannot paint in two passes, for want of a strength.
    """
    scale, option = asked.style_scale, asked.option("style-scale")
    if scale is None:
        return None
    if not scale >= 1:  # nor is nan
        raise ValueError(f"{option} is 1 or more, not {scale}")
    if signature.input(roles.Share) is None:
        raise ValueError(f"{option} is for models with a strength; this one has none")
    return None if scale == 1 else scale


def underpainted(paint: Callable[[Any], Any], picture: Any, scale: float) -> Any:
    """`picture` painted `scale` times smaller and enlarged, with the detail that the small one lacks: float32 [H, W, 3]."""
    import numpy as np

    from zoo.common.resizing import resized

    height, width = picture.shape[:2]
    scale = max(1.0, min(scale, min(height, width) / SMALLEST))
    small = resized(picture, (round(height / scale), round(width / scale)))
    # In place: of 12 megapixels each is 144 MB.
    result = resized(paint(small), (height, width))
    result += picture
    result -= resized(small, (height, width))
    return np.clip(result, 0, 1, out=result)


def painted_over(signature: Any, constants: Mapping[str, Any]) -> dict[str, Any]:
    """The constant inputs of the second pass."""
    strength = signature.input(roles.Share).name
    return {**constants, strength: constants[strength] * OVER}
