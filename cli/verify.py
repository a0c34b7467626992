"""`zoo verify`: runs an export's files again."""

from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--images", default="samples:", show_default=True, metavar="SOURCE", help="Real pictures to compare the files on.")
@click.option("--gpu", is_flag=True, help="Run the LiteRT files of fixed sizes on LiteRT's GPU path too.")
@click.option("--key", metavar="PUB", type=click.Path(path_type=Path), help="A public key (PEM): refuses what it did not sign.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest.")
def verify(directory: Path, images: str, gpu: bool, key: Path | None, as_json: bool) -> None:
    """Runs every file of the export DIR again in its own runtime against the Keras model.

    A file that was altered or is missing has failed, and is named; so is one of the page, the phone sources and what serves.

    --gpu takes any Vulkan device, also one in software; docs/deployment.md names some.

    Exit code 1 if a file has failed.

    Example: zoo verify exports/wave --images folder:photos
    """
    if key:
        from zoo.export import signing

        signing.check(directory, key)  # before anything of it is run
    from zoo.cli.progress import stages
    from zoo.cli.quiet import keras_on_tensorflow
    from zoo.cli.table import finish

    keras_on_tensorflow()
    from zoo.export.export import verify_directory

    with stages() as progress:
        manifest = verify_directory(directory, verification_pictures(images), progress, on_gpu=gpu)
    finish(manifest, directory, as_json)


def verification_pictures(source: str, count: int = 8) -> list[Any]:
    """The first pictures of a source, float32 [H, W, 3] in [0, 1].

    Raises:
        ValueError: fewer than `count` pictures.
    """
    import numpy as np

    from zoo.training.sources import open_source

    opened = open_source(source)
    if len(opened) < count:
        raise ValueError(f"--images {source} holds {len(opened)} pictures; parity is measured on at least {count}")
    return [np.asarray(opened.picture(i), "float32") / 255 for i in range(count)]
