"""Changes of size in floating point, which Pillow has for one channel at a time."""

import numpy as np
from PIL import Image


def resized(picture: np.ndarray, size: tuple[int, int], kind: Image.Resampling = Image.Resampling.LANCZOS) -> np.ndarray:
    """The picture [H, W, C] with `size` (height, width) in pixels: float32 in the picture's own range, not clipped."""
    height, width = size
    # One after the other: of 12 megapixels a channel takes 48 MB.
    channels = (np.ascontiguousarray(picture[..., number], np.float32) for number in range(picture.shape[2]))
    return np.stack([np.asarray(Image.fromarray(channel).resize((width, height), kind)) for channel in channels], axis=-1)
