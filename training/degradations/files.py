"""What files do to pictures: 8 bits a value, JPEG's blocks and thinned colours, WebP's smears."""

import io

import numpy as np
from PIL import Image

SUBSAMPLING = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}  # as Pillow's JPEG writer counts them


def to_bytes(picture: np.ndarray) -> np.ndarray:
    """Pixels in [0, 1], clipped and rounded to uint8."""
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def jpeg(picture: np.ndarray, quality: float, subsampling: str = "4:2:0", shift: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Writes the picture as a JPEG file, and reads it.

    Args:
        picture: float32 [H, W, 1 or 3] in [0, 1].
        quality: 1 to 95 as libjpeg counts it, rounded; up to 100 it still makes a difference.
        subsampling: of the colours: "4:4:4", "4:2:2" or "4:2:0".
        shift: where in its first block of 16 pixels the picture begins, down and right, each 0 to 15: that of a picture that was
            cut out of a larger one.

    Returns:
        float32, the same shape, in [0, 1].
    """
    top, left = shift
    pixels = to_bytes(picture)
    padded = np.pad(pixels, ((top, 0), (left, 0), (0, 0)), mode="symmetric") if top or left else pixels
    return _through_file(padded, "JPEG", quality=round(quality), subsampling=SUBSAMPLING[subsampling])[top:, left:]


def webp(picture: np.ndarray, quality: float) -> np.ndarray:
    """Writes the picture as a lossy WebP file of quality 0 to 100, rounded, and reads it; float32 in [0, 1]."""
    gray = picture.shape[-1] == 1
    pixels = _through_file(np.repeat(to_bytes(picture), 3 if gray else 1, axis=-1), "WEBP", quality=round(quality), method=2)
    return pixels.mean(axis=-1, keepdims=True) if gray else pixels


def _through_file(pixels: np.ndarray, kind: str, **settings: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, kind, **settings)
    with Image.open(file) as image:
        return np.asarray(image).reshape(pixels.shape) / np.float32(255)
