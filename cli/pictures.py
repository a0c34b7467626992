"""Whatever a person gives as a picture."""

from pathlib import Path
from typing import Any


def in_srgb(source: Path, side: int | None = None) -> Any:
    """A picture file as a `Picture` in sRGB, whatever its profile; with no side longer than `side`."""
    import numpy as np

    from zoo.cli.photo import as_floats, read_array, reduced
    from zoo.training.pictures import Picture

    pixels, facts = read_array(source)
    rgb, alpha = as_floats(reduced(pixels, side))
    return Picture(np.clip(facts.profile.to_srgb(rgb), 0, 1) if facts.profile else rgb, alpha)


def as_picture(picture: Any) -> Any:
    """A file, a PIL picture or an array as a `Picture`: float32 `rgb` [H, W, 3] in [0, 1], and `alpha` [H, W, 1] or None.

    Raises:
        ValueError: an array of another shape or type, or with values beyond [0, 1].
        FileNotFoundError, OSError: a file that is not there or cannot be read.
    """
    import numpy as np
    from PIL import Image, ImageOps

    from zoo.training.pictures import Picture

    if isinstance(picture, str | Path):
        return in_srgb(Path(picture))
    if isinstance(picture, Image.Image):
        upright = ImageOps.exif_transpose(picture)
        picture = upright.convert("RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB")
    array = np.asarray(picture)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[-1] not in (1, 3, 4) or 0 in array.shape:
        first = " (channels come last)" if array.ndim == 3 and array.shape[0] in (1, 3, 4) else ""
        raise ValueError(f"a picture is an array [H, W], [H, W, 1], [H, W, 3] or [H, W, 4], not {list(array.shape)}{first}")
    if array.dtype == np.uint8:
        array = array.astype("float32") / np.float32(255)
    elif not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"a picture is uint8, or float in [0, 1], not {array.dtype}")
    if not (array.min() >= -0.01 and array.max() <= 1.01):  # noise may lead a little beyond; what is no number fails too
        raise ValueError(
            f"a picture's values lie in [0, 1], not in [{array.min():.4g}, {array.max():.4g}]; divide by 255, or give uint8"
        )
    array = array.astype("float32")
    rgb, alpha = (array, None) if array.shape[-1] in (1, 3) else (array[..., :3], array[..., 3:])
    return Picture(np.repeat(rgb, 3, axis=-1) if rgb.shape[-1] == 1 else rgb, alpha)
