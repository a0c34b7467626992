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

certificate_option = click.option(
    "--c2pa",
    "certificate",
    metavar="CERT",
    type=click.Path(path_type=Path),
    help="Sign this (Content Credentials) with a certificate, PEM, with those that vouch for it behind it.",
)
key_option = click.option(
    "--c2pa-key", metavar="KEY", type=click.Path(path_type=Path), help="The certificate's private key, PEM."
)


def credentials_of(certificate: Path | None, key: Path | None, marked: bool) -> Any:
    """What to sign pictures with; None where nothing was asked for. Raises ValueError."""
    if not certificate and not key:
        return None
    if not certificate or not key:
        raise ValueError("--c2pa CERT and --c2pa-key KEY go together")
    if not marked:
        raise ValueError("--c2pa signs what --no-provenance leaves out; leave one out")
    from zoo.export.credentials import read_credentials

    return read_credentials(certificate, key)


def provenance_of(what: str, runtime: Any, marked: bool, untrained: str = "") -> dict[str, str] | None:
    """What a picture made by WHAT says of itself; None unless it is to be marked.

    An exported file knows its name and its weights; anything else goes by its own name. `runtime` is None for
    what has no file, whose use `untrained` says.
    """
    if not marked:
        return None
    from zoo.export.provenance import COMPOSITE, EDITED, provenance, source_type

    if runtime is None:
        return provenance({"compose": COMPOSITE}.get(untrained, EDITED), {"model": what})
    path, kind = Path(what), source_type(runtime.signature)
    if not path.exists():
        return provenance(kind, {"model": what})
    folder = path.name == "model.keras" or (path.name.isdigit() and path.is_dir())  # a run's or an export's; a version
    return provenance(kind, {"model": path.resolve().parent.name if folder else path.stem, **runtime.facts})
