"""Pixels of files that Pillow does not read as a person sees them: CMYK with a colour profile, 16 bits a channel, no range."""

import contextlib
import io
from typing import Any

import numpy as np
from PIL import Image, ImageFile, ImageOps

# Pillow has no mode of 16 bits a channel. Read a second time in the other byte order, it keeps the low bytes instead.
_LOW_BYTES = {"RGB;16B": "RGB;16L", "RGB;16L": "RGB;16B", "RGBA;16B": "RGBA;16L", "RGBA;16L": "RGBA;16B", "LA;16B": "RGBA"}


def refuse_rangeless(image: Image.Image) -> None:
    """Raises ValueError for pixels that are floats, or whole numbers of 32 bits."""
    if image.mode == "F" or (image.mode == "I" and image.format != "PNG"):
        raise ValueError(f"{image.mode} pixels have no agreed range; save it with 8 or 16 bits a channel")


def from_cmyk(image: Image.Image) -> Image.Image:
    """RGB by the file's colour profile where it has a sound one, else by the plain formula."""
    if profile := image.info.get("icc_profile"):
        from PIL import ImageCms

        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if converted is not None:
                return converted
    return image.convert("RGB")


def has_low_bytes(image: ImageFile.ImageFile) -> bool:
    """Whether it has several channels of 16 bits, of which Pillow would keep the high bytes only."""
    return bool(image.tile) and isinstance(raw := _raw_mode(image), str) and raw in _LOW_BYTES


def sixteen_bits(image: ImageFile.ImageFile, second: ImageFile.ImageFile) -> np.ndarray:
    """[H, W, 2, 3 or 4] float32 of the whole numbers 0 to 65535, turned as EXIF says; both are the file, newly opened."""
    raw = _raw_mode(image)
    second.tile = [
        tile._replace(args=(_LOW_BYTES[raw], *tile.args[1:]) if isinstance(tile.args, tuple) else _LOW_BYTES[raw])
        for tile in second.tile
    ]
    low = np.asarray(ImageOps.exif_transpose(second)).astype(np.float32)
    if raw == "LA;16B":  # the four bytes of a pixel, as they lie in the file
        return low[..., ::2] * 256 + low[..., 1::2]
    return np.asarray(ImageOps.exif_transpose(image)).astype(np.float32) * 256 + low


def _raw_mode(image: ImageFile.ImageFile) -> Any:
    arguments = image.tile[0].args
    return arguments[0] if isinstance(arguments, tuple) else arguments
