"""`zoo apply` on a video: frame after frame, with its times and its sound."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from zoo.cli.inputs import Asked
from zoo.cli.printable import printable


def apply_video(
    runtime: Any,
    source: Path,
    out: Path,
    asked: Asked,
    preserve_color: bool,
    metadata: dict[str, str] | None,
) -> None:
    """Writes what the model makes of the video `source` to the video `out`.

    Raises:
        ValueError: as `transformed` in cli/transform.py, or the video cannot be read or written.
        OSError: there is no room.
    """
    import numpy as np

    from zoo.cli.inputs import constant_inputs, read_mask
    from zoo.cli.progress import rated
    from zoo.cli.transform import frames_of, run_on
    from zoo.training.pictures import Picture
    from zoo.training.video import neighbours, transform_video

    if not source.exists():
        raise ValueError(f"{source} does not exist")
    if out.exists():
        raise ValueError(f"{out} exists; remove it or choose another --out")
    constants = constant_inputs(runtime.signature, asked)
    hole = read_mask(runtime.signature, asked.mask)

    def transform(frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        for stack in neighbours(frames, frames_of(runtime.signature)):
            picture = Picture(stack.astype("float32") / 255)
            result, _ = run_on(runtime, source, picture, constants, hole, preserve_color)
            yield np.round(255 * np.clip(np.repeat(result, 3 // result.shape[-1], axis=-1), 0, 1)).astype("uint8")

    started = time.monotonic()
    with rated("frame") as report:
        comment = (metadata or {}).get("Description", "")
        count, rate = transform_video(source, out, transform, report=report, comment=comment)
    speed = count / (time.monotonic() - started)
    click.echo(printable(f"{out}: {count} frames at {rate:.4g} a second, computed at {speed:.3g} a second"))
