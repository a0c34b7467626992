"""Painting one picture by optimisation, for `zoo apply FAMILY` of a family that does."""

from pathlib import Path
from typing import Any

import click

from zoo.cli.printable import printable


def painter(family: str, styles: tuple[str, ...], mask: Path | None, settings: tuple[str, ...], preserve_color: bool) -> Any:
    """A function from a picture [H, W, 3] to the painted one [H', W', 3], whose long side is at most `size` (512 unless set).

    Raises:
        ValueError: no style, a style or mask that cannot be read, or a wrong setting.
    """
    from zoo.cli.quiet import keras_on_tensorflow

    keras_on_tensorflow()
    from zoo.cli.settings import parse_settings
    from zoo.training.optimise import optimise_picture
    from zoo.training.pictures import read_picture, read_style

    config, taken, _ = parse_settings(family, settings)
    if taken:
        raise ValueError("give the styles by --style PICTURE and the mask by --mask")
    if not styles:
        raise ValueError(f"{family} paints in the style of a picture: --style PICTURE, once or more")
    pictures = [read_style(style) for style in styles]
    painted = None if mask is None else read_picture(mask).rgb.mean(axis=-1, keepdims=True)
    size = config.pop("size", 512)
    if preserve_color:
        config["preserve_color"] = "luminance"

    def paint(picture: Any) -> Any:
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("painting")

            def report(done: int, total: int, terms: dict[str, float]) -> None:
                losses = ", ".join(f"{name} {value:.3g}" for name, value in terms.items())
                progress.update(task, completed=done, total=total, description=losses)

            long_side = min(size, max(picture.shape[:2]))
            result, curve = optimise_picture(
                picture, pictures, size=long_side, mask=painted, callback=report, family=family, **config
            )
        last = ", ".join(f"{name} {value:.3g}" for name, value in curve[-1].items())
        click.echo(printable(f"{len(curve)} iterations, at the end: {last}"), err=True)
        return result

    return paint
