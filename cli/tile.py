"""A picture of any size by tiles: where `zoo apply --tile` asks for it, and where a picture is large."""

import contextlib
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo import roles
from zoo.cli.inputs import Asked

LARGE = 2_000_000  # pixels of the result beyond which it is computed by tiles; as many take about a gigabyte at once
TILE = 512  # pixels of the result


def tiled_where_large(runtime: Any, out: Path, asked: Asked, preserve_color: bool, sources: Sequence[Path]) -> Any:
    """As `transformed` in cli/transform.py, and by tiles for a picture that is large, if the model can be run so."""
    from zoo.cli.transform import transformed

    whole = transformed(runtime, asked, preserve_color, sources)
    photograph, result = runtime.signature.input(roles.Photograph), runtime.signature.output(roles.Result)
    if photograph is None or not runtime.signature.free_size:
        return whole
    tile = max(TILE // result.scale, 128)
    # Made when the first large picture comes: it reads the style and the mask once more.
    by_tiles = functools.cache(lambda: tiled(runtime, tile, out, asked, preserve_color, alone=len(sources) == 1))

    def transform(source: Path) -> tuple[Any, Any]:
        if pixels(source) * result.scale**2 > LARGE:
            from zoo.export.tiling import NoTiles  # needs Keras, which a small picture through a file does not

            with contextlib.suppress(NoTiles):
                return by_tiles()(source)
        return whole(source)

    return transform


def pixels(source: Path) -> int:
    """Of a picture file, from its header; 0 where it has none, which whoever reads it will say."""
    from PIL import Image as PILImage

    try:
        with PILImage.open(source) as image:
            return image.width * image.height
    except (OSError, ValueError, SyntaxError, PILImage.DecompressionBombError):
        return 0


def tiled(
    runtime: Any,
    tile: int,
    out: Path,
    asked: Asked,
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
    from zoo.training.pictures import read_pixels

    signature = runtime.signature
    constants = constant_inputs(signature, asked)
    hole = read_mask(signature, asked.mask)
    photograph, mask = signature.input(roles.Photograph), signature.input(roles.HoleMask)
    if photograph is None:
        raise ValueError(f"--tile is for models of one picture; this one takes {', '.join(signature.inputs)}")
    folder = next(parent for parent in out.absolute().parents if parent.is_dir())

    def transform(source: Path) -> tuple[Any, Any]:
        import numpy as np

        from zoo.export.tiling import run_by_tiles

        pixels = read_pixels(source)
        image = Image(pixels[..., :3], photograph.channels)
        alpha = pixels[..., 3:] / np.float32(255) if pixels.shape[2] == 4 else None
        pictures: dict[str, Any] = {photograph.name: image}
        if mask:
            pictures[mask.name], alpha = find_hole(source, hole, alpha, pixels.shape)

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
