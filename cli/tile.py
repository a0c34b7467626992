"""A picture of any size by tiles: where `zoo apply --tile` asks for it, and where a picture is large."""

import contextlib
import functools
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zoo import roles
from zoo.cli.inputs import Asked

LARGE = 2_000_000  # pixels of the result beyond which it is computed by tiles; as many take about a gigabyte at once
TILE = 512  # pixels of the result
BYTES = 750  # a pixel in one pass: what cyclegan/wave takes, 546, and room; painters take 250, adain/any 170
CONTAINER = Path("/sys/fs/cgroup")


def tiled_where_large(
    runtime: Any, out: Path, asked: Asked, preserve_color: bool, sources: Sequence[Path], side: int | None, alone: bool
) -> Any:
    """As `files_transformed` in cli/transform.py, and by tiles for a picture that is large, if the model can be run so."""
    from zoo.cli.transform import files_transformed

    whole = files_transformed(runtime, asked, preserve_color, sources, side)
    photograph, result = runtime.signature.input(roles.Photograph), runtime.signature.output(roles.Result)
    if photograph is None or not runtime.signature.free_size:
        return whole
    tile = max(TILE // result.scale, 128)
    # Made when the first large picture comes: it reads the style and the mask once more.
    by_tiles = functools.cache(lambda: tiled(runtime, tile, out, asked, preserve_color, alone=alone, side=side))

    def transform(source: Path) -> tuple[Any, Any]:
        if pixels(source, side) * result.scale**2 > LARGE:
            from zoo.export.tiling import NoTiles

            with contextlib.suppress(NoTiles):  # then in one pass, in what memory there is
                return by_tiles()(source)
        return whole(source)

    return transform


def pixels(source: Path, side: int | None) -> int:
    """Of a picture file reduced to `side`, from its header; 0 where it has none, which whoever reads it will say."""
    from zoo.cli.photo import learn_heif
    from zoo.training.pictures import opened

    try:
        learn_heif(source)
        with opened(source) as image:
            share = min(1.0, (side or image.width + image.height) / max(image.size))
            return round(image.width * share) * round(image.height * share)
    except (OSError, ValueError):
        return 0


def tiled(
    runtime: Any,
    tile: int,
    out: Path,
    asked: Asked,
    preserve_color: bool,
    alone: bool,
    side: int | None = None,
) -> Any:
    """From a picture file to what the model makes of it and the transparency to write with it, both uint8; or both uint16.

    Maps that are needed again lie in files without names beside `out` meanwhile. `alone` shows the tiles of one picture. Colours
    and `side` are as `files_transformed` has them.

    Raises:
        ValueError: as `files_transformed` in cli/transform.py, or the model cannot be run by tiles.
        OSError: there is no room.
    """
    from zoo.cli.inputs import constant_inputs, find_hole, read_mask
    from zoo.cli.photo import read_array, reduced
    from zoo.cli.progress import stages
    from zoo.cli.transform import is_styled, keep_color, resized, space_of
    from zoo.cli.underpainting import painted_over, scale_of, underpainted

    signature = runtime.signature
    constants = constant_inputs(signature, asked)
    scale = scale_of(signature, asked)
    hole = read_mask(signature, asked.mask, side)
    photograph, mask = signature.input(roles.Photograph), signature.input(roles.HoleMask)
    if photograph is None:
        raise ValueError(f"--tile is for models of one picture; this one takes {', '.join(signature.inputs)}")
    folder = next(parent for parent in out.absolute().parents if parent.is_dir())
    runners = [runtime]

    def transform(source: Path) -> tuple[Any, Any]:
        import numpy as np

        from zoo.export.tiling import NoTiles, run_by_tiles

        pixels, facts = read_array(source, warn=True)
        pixels = reduced(pixels, side)
        space = space_of(signature, facts.profile, constants, preserve_color)
        image = Image(pixels[..., :3], photograph.channels, space)
        alpha = pixels[..., 3:] / np.float32(np.iinfo(pixels.dtype).max) if pixels.shape[2] == 4 else None
        dtype = "uint8" if is_styled(signature) else pixels.dtype.name
        pictures: dict[str, Any] = {photograph.name: image}
        if mask:
            pictures[mask.name], alpha = find_hole(source, hole, alpha, pixels.shape)

        def finish(window: Any, values: Any) -> Any:
            values = keep_color(image.color(window), values) if preserve_color else values
            return space.written(values, image.stored(window)) if space.profile else values

        with stages() if alone else contextlib.nullcontext() as progress:

            def report(done: int, total: int) -> None:
                if progress:
                    progress("tiles", done, total)

            def run(runtime: Any) -> Any:
                shown, said = pictures, constants
                if scale is not None:

                    def paint(small: Any) -> Any:
                        painting = run_by_tiles(runtime, {photograph.name: small}, constants, tile, folder, dtype="uint16")
                        values = painting.array() / np.float32(np.iinfo("uint16").max)
                        painting.close()
                        return values

                    everything = (slice(None), slice(None))
                    shown = {photograph.name: underpainted(paint, image[everything], scale)}
                    said = painted_over(signature, constants)
                return run_by_tiles(runtime, shown, said, tile, folder, finish, report, dtype)

            try:
                result = run(runners[-1])
            except NoTiles:
                if len(runners) > 1 or not (keras := in_parts(source, runtime, image)):
                    raise
                runners.append(keras)  # and the next picture's too
                result = run(keras)
        array = result.array()
        result.close()
        if alpha is not None:
            alpha = np.round(np.iinfo(dtype).max * resized(alpha, array.shape)).astype(dtype)
        return array, alpha

    return transform


def in_parts(source: Path, runtime: Any, image: "Image") -> Any:
    """The network in Keras, which takes it apart; None for a file that is no shipped weight, or where one pass will do.

    Raises:
        ValueError: there is no Keras, and not the memory for one pass.
    """
    from zoo.cli.runtime import taken_apart

    try:
        return taken_apart(runtime)
    except ModuleNotFoundError:
        needed = BYTES * image.shape[0] * image.shape[1]
        if needed < available_memory():
            return None
        raise ValueError(
            f"{source}: in one pass it takes {needed / 1e9:.1f} GB, more than is free; the whole package computes it in parts: "
            "pip install keras-image-zoo, or --resize 1600"
        ) from None


def available_memory() -> int:
    """Bytes that this process can have before anything is moved to disk or ended; half of the machine's where nothing says so."""
    with contextlib.suppress(OSError):
        free = re.search(r"^MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text(), re.M)
        if free:
            limits = [int(free[1]) * 1024]
            with contextlib.suppress(OSError, ValueError):  # a container's; it may be "max"
                limits.append(int((CONTAINER / "memory.max").read_text()) - int((CONTAINER / "memory.current").read_text()))
            return min(limits)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


class Image:
    """Pixels of 8 or 16 bits as a network takes them, window by window: float32 [h, w, channels] in [0, 1]."""

    def __init__(self, pixels: Any, channels: int, space: Any) -> None:
        self.pixels, self.space, self.shape = pixels, space, (*pixels.shape[:2], channels)

    def stored(self, window: Any) -> Any:
        import numpy as np

        return self.pixels[window].astype("float32") / np.float32(np.iinfo(self.pixels.dtype).max)

    def color(self, window: Any) -> Any:
        return self.space.seen(self.stored(window))

    def __getitem__(self, window: Any) -> Any:
        from zoo.common.luma import luma

        return self.color(window) if self.shape[2] == 3 else luma(self.color(window))
