"""`zoo release`: a second version rolled in beside the first."""

from pathlib import Path

import click

from zoo.cli.printable import printable


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--add", "new", type=click.Path(path_type=Path), metavar="EXPORT", help="Its SavedModel becomes DIR's next version."
)
@click.option("--stable", type=click.IntRange(1), metavar="VERSION", help="Moves the label stable, forwards or back.")
def release(directory: Path, new: Path | None, stable: int | None) -> None:
    """Changes what TensorFlow Serving serves from the export DIR while it runs; it looks every 30 seconds.

    --add serves another export's model as the next version, labelled canary; --stable gives a version to everybody who asks
    for the label stable.

    \b
    Example: zoo release exports/wave --add exports/wave2
             zoo release exports/wave --stable 2
    """
    if (new is None) == (stable is None):
        raise click.UsageError("give --add EXPORT or --stable VERSION", click.get_current_context())
    from zoo.export.serving.releases import add_version, make_stable

    if new is not None:
        number = add_version(directory, new)
        click.echo(printable(f"{directory} serves version {number} as canary; to give it to everybody:"))
        click.echo(printable(f"zoo release {directory} --stable {number}"))
    elif stable is not None:
        make_stable(directory, stable)
        click.echo(printable(f"{directory} serves version {stable} as stable"))
