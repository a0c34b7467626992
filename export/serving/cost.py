"""What a request will cost, found out from its inputs' shapes and its pictures' headers before any work begins."""

import io
import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo.export.serving.errors import invalid
from zoo.export.signature import Signature

EXAMPLE_PIXELS = 4096  # what every example costs at least, however small it is


def pixels_of(inputs: Mapping[str, np.ndarray], growth: "Growth", most: int) -> tuple[int, int]:
    """What a request costs in pixels, and the pixels of its answer. Raises ServingError for more than `most` anywhere.

    Inputs are arrays of equal length; those named `..._bytes` hold encoded pictures.
    """
    examples = len(next(iter(inputs.values())))
    pictures = {name: array for name, array in inputs.items() if name.endswith("_bytes") or array.ndim == 4}
    if not pictures and not growth.fixed:
        return 0, 0  # no picture comes in or goes out: a body has its own bound
    if examples * EXAMPLE_PIXELS > most:
        raise invalid(f"{examples:,} examples; this server takes at most {max(1, most // EXAMPLE_PIXELS):,} in one request")
    largest = 0
    for name, array in pictures.items():
        if name.endswith("_bytes"):
            pixels = sum(_encoded_pixels(f"{name}[{index}]", encoded) for index, encoded in enumerate(array))
        else:
            pixels = math.prod(array.shape[:3])
        _bounded(f"{name} holds", pixels, most)
        largest = max(largest, pixels)
    made = max(examples * growth.fixed, largest * growth.factor)
    _bounded("the answer would hold", made, most)
    return max(largest, made, examples * EXAMPLE_PIXELS), made


def _bounded(what: str, pixels: int, most: int) -> None:
    if pixels > most:
        raise invalid(f"{what} {pixels:,} pixels; this server takes at most {most:,} in one request")


def _encoded_pixels(what: str, encoded: bytes) -> int:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(encoded), formats=("JPEG", "PNG")) as picture:
                return picture.width * picture.height
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise invalid(f"{what} has far too many pixels") from None
        except Exception:  # a damaged header can raise anything from inside Pillow
            raise invalid(f"{what} is no JPEG or PNG file") from None


class Growth:
    """How the pixels of the outputs follow from those of the inputs: `factor` times as many, or `fixed` an example."""

    def __init__(self, signature: Signature | None = None) -> None:
        self.factor, self.fixed, self.channels = 1, 0, 0
        for tensor in signature.outputs.values() if signature else ():
            if tensor.is_picture:
                height, width = tensor.shape[1:3]
                self.channels += int(tensor.shape[3])  # numbers a pixel in JSON
                if isinstance(height, int) and isinstance(width, int):
                    self.fixed = max(self.fixed, height * width)
                else:
                    self.factor = max(self.factor, _times(height) * _times(width))


def _times(axis: Any) -> int:
    """4 of `4*height`, 1 of `height`."""
    return int(axis.rpartition("*")[0] or 1) if isinstance(axis, str) else 1
