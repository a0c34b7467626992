"""Cutting square crops out of pictures; JPEG files by a decoder that leaves out what lies beside the crop."""

import dataclasses
import functools
import math
import struct
from typing import Any

import numpy as np
from PIL import Image

Window = tuple[int, int, int, int, bool]  # top, left, height, width, mirrored

# Above this reduction a crop is resized with antialiasing.
_SHARP = 1.25


@dataclasses.dataclass(frozen=True)
class Crop:
    """A square crop and what becomes of it.

    Args:
        size: side of the result, in pixels.
        channels: 3, or 1 for gray.
        share: the crop's side as a share of the picture's short side; None cuts `size` native pixels, or what there is.
        place: where it lies, from left to right and from top to bottom, each in [0, 1).
        flip: whether it is mirrored.
    """

    size: int
    channels: int
    share: float | None
    place: tuple[float, float]
    flip: bool

    def box(self, width: int, height: int) -> tuple[int, int, int]:
        """Left, top and side in a picture of this size, in whole pixels."""
        short = min(width, height)
        side = min(self.size, short) if self.share is None else max(1, round(self.share * short))
        return int(self.place[0] * (width - side + 1)), int(self.place[1] * (height - side + 1)), side

    @property
    def short_side(self) -> int:
        """The least short side that a picture may be decoded to without loss for this crop; 0: its own."""
        return 0 if self.share is None else math.ceil(self.size / self.share)

    def cut(self, image: Image.Image) -> np.ndarray:
        """The crop of an RGB picture: uint8 [size, size, channels]."""
        left, top, side = self.box(*image.size)
        box = (left, top, left + side, top + side)
        if side == self.size:
            image = image.crop(box)
        else:
            image = image.resize((self.size, self.size), Image.Resampling.BILINEAR, box, reducing_gap=2.0)
        pixels = np.asarray(image if self.channels == 3 else image.convert("L")).reshape(self.size, self.size, -1)
        return pixels[:, ::-1] if self.flip else pixels


def jpeg_window(contents: bytes, crop: Crop, max_pixels: int) -> Window | None:
    """Where TensorFlow's decoder, which is quicker, has to cut; None where `Crop.cut` has to do it.

    That is for other formats, for files that are turned or cut short, and for crops that are much reduced.
    """
    size = _upright_size(contents)
    if size is None or not contents.endswith(b"\xff\xd9") or size[0] * size[1] > max_pixels:
        return None
    left, top, side = crop.box(*size)
    return None if side > _SHARP * crop.size else (top, left, side, side, crop.flip)


def cut_jpeg(contents: bytes, crop: Crop, max_pixels: int) -> np.ndarray | None:
    """The crop of a JPEG file: [size, size, channels] of uint8 or float32 up to 255; None where `Crop.cut` has to do it."""
    window = jpeg_window(contents, crop, max_pixels)
    if window is None:
        return None

    import tensorflow as tf

    raw = tf.raw_ops
    with tf.device("CPU:0"):
        try:
            pixels = _decoded(tf.constant(contents), tf.constant(window[:4]), crop.channels)
        except tf.errors.InvalidArgumentError:
            return None
        if crop.flip:
            pixels = raw.ReverseV2(tensor=pixels, axis=_constant(1))
        if window[2] != crop.size:
            pixels = _resized(pixels, _constant(0), _constant(crop.size, crop.size))
    return np.asarray(memoryview(pixels)).reshape(crop.size, crop.size, -1)


def window_of(name: str) -> str:
    """What a plan calls the windows of picture `name`."""
    return f"{name} window"


def cut_in_graph(contents: Any, window: Any, size: int, channels: int) -> Any:
    """The crop that `Source.job` describes by two tensors, made without Python: float32 [size, size, channels] up to 255."""
    import tensorflow as tf

    raw = tf.raw_ops

    def cut() -> Any:
        pixels = _decoded(contents, window[:4], channels)
        pixels = tf.cond(window[4] > 0, lambda: raw.ReverseV2(tensor=pixels, axis=[1]), lambda: pixels)
        return tf.reshape(_resized(pixels, 0, (size, size)), (size, size, channels))

    def ready() -> Any:
        return tf.cast(tf.reshape(tf.io.decode_raw(contents, tf.uint8), (size, size, channels)), tf.float32)

    return tf.cond(window[2] > 0, cut, ready)


def _decoded(contents: Any, window: Any, channels: int) -> Any:
    import tensorflow as tf

    return tf.raw_ops.DecodeAndCropJpeg(contents=contents, crop_window=window, channels=channels, dct_method="INTEGER_ACCURATE")


def _resized(pixels: Any, first: Any, size: Any) -> Any:
    """[1, *size, channels]. From float32 TensorFlow resizes in half the time that it takes from uint8, with the same result."""
    import tensorflow as tf

    raw = tf.raw_ops
    batch = raw.ExpandDims(input=raw.Cast(x=pixels, DstT=tf.float32), axis=first)
    return raw.ResizeBilinear(images=batch, size=size, half_pixel_centers=True)


@functools.cache
def _constant(*values: int) -> Any:
    """A tensor made once: making one out of a list takes as long as turning a picture round."""
    import tensorflow as tf

    with tf.device("CPU:0"):
        return tf.constant(values)


def _upright_size(contents: bytes) -> tuple[int, int] | None:
    """Width and height of a gray or colour JPEG file that is not turned, read from its header; None for all else."""
    if not contents.startswith(b"\xff\xd8"):
        return None
    position = 2
    while position + 10 < len(contents):
        marker, length = struct.unpack_from(">HH", contents, position)
        if marker == 0xFFE1 and contents.startswith(b"Exif", position + 4):
            exif = Image.Exif()
            try:
                exif.load(contents[position + 4 : position + 2 + length])
            except Exception:  # a damaged block can raise anything; the general way says what is wrong with it
                return None
            if exif.get(0x0112, 1) != 1:
                return None
        if marker in (0xFFC0, 0xFFC1, 0xFFC2):  # baseline, extended, progressive
            height, width, components = struct.unpack_from(">HHB", contents, position + 5)
            return (width, height) if components in (1, 3) else None
        position += 2 + length
    return None
