"""A picture of any size by tiles, for `zoo apply --tile`."""

import contextlib
from pathlib import Path
from typing import Any


def tiled(
    runtime: Any,
    tile: int,
    out: Path,
    styles: tuple[str, ...],
    mask: Path | None,
    strength: float,
    preserve_color: bool,
    alone: bool,
) -> Any:
    """From a picture file to what the model makes of it and the transparency to write with it, both uint8.

    Maps that are needed again lie in files without names beside `out` meanwhile. `alone` shows the tiles of one picture.

    Raises:
        ValueError: as `transformed` in cli/transform.py, or the model cannot be run by tiles.
        OSError: there is no room.
    """
    from zoo.cli.inputs import constant_inputs, find_hole, read_mask
    from zoo.cli.progress import stages
    from zoo.cli.transform import keep_color, resized
    from zoo.export.tiling import run_by_tiles
    from zoo.training.pictures import read_pixels

    constants = constant_inputs(runtime.signature, styles, strength)
    hole = read_mask(runtime.signature, mask)
    channels = runtime.signature.inputs["image"].shape[-1]
    if channels not in (1, 3):
        raise ValueError(f"this model takes {channels} channels, which are not those of one picture")
    folder = next(parent for parent in out.absolute().parents if parent.is_dir())

    def transform(source: Path) -> tuple[Any, Any]:
        import numpy as np

        pixels = read_pixels(source)
        image, alpha = Image(pixels[..., :3], channels), pixels[..., 3:] / np.float32(255) if pixels.shape[2] == 4 else None
        pictures: dict[str, Any] = {"image": image}
        if "mask" in runtime.signature.inputs:
            pictures["mask"], alpha = find_hole(source, hole, alpha, pixels.shape)

        def finish(window: Any, values: Any) -> Any:
            return keep_color(image.color(window), values) if preserve_color else values

        with stages() if alone else contextlib.nullcontext() as progress:

            def report(done: int, total: int) -> None:
                if progress:
                    progress("tiles", done, total)

            result = run_by_tiles(runtime, pictures, constants, tile, folder, finish, report)
        array = result.array()
        result.close()
        if alpha is not None:
            alpha = np.round(255 * resized(alpha, array.shape)).astype("uint8")
        return array, alpha

    return transform


class Image:
    """8-bit pixels as a network takes them, window by window: float32 [h, w, channels] in [0, 1]."""

    def __init__(self, pixels: Any, channels: int) -> None:
        self.pixels, self.shape = pixels, (*pixels.shape[:2], channels)

    def color(self, window: Any) -> Any:
        return self.pixels[window].astype("float32") / 255

    def __getitem__(self, window: Any) -> Any:
        from zoo.common.luma import luma

        return self.color(window) if self.shape[2] == 3 else luma(self.color(window))
