"""The metadata of pictures that the command writes, and the option that leaves it out."""

from pathlib import Path
from typing import Any

import click

provenance_option = click.option(
    "--no-provenance",
    "marked",
    flag_value=False,
    default=True,
    type=bool,
    help="Leave out the metadata that says that the picture was made, and by which model.",
)


def provenance_of(what: str, signature: Any, marked: bool) -> dict[str, str] | None:
    """What a picture made by WHAT says of itself; None unless it is to be marked.

    An exported file knows its name and its weights; anything else goes by its own name. `signature` is None for what has no file.
    """
    if not marked:
        return None
    from export.metadata import read
    from export.provenance import COMPOSITE, EDITED, provenance, source_type

    if signature is None:
        return provenance(COMPOSITE if what == "compositor" else EDITED, {"model": what})
    path = Path(what)
    if not path.exists():
        return provenance(source_type(signature), {"model": what})
    folder = path.name == "model.keras" or (path.name.isdigit() and path.is_dir())  # a run's or an export's; a version
    return provenance(source_type(signature), {"model": path.resolve().parent.name if folder else path.stem, **read(path)})
