"""`zoo sbom`: what is installed, for who has to answer for it."""

from pathlib import Path

import click

from zoo.cli.printable import printable


@click.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write; it must not exist.")
def sbom(out: Path) -> None:
    """Writes a bill of material (CycloneDX, JSON) of this package and all that it needs, as installed here.

    An export has its own, sbom.cdx.json, where the extra [sbom] is installed.

    Example: zoo sbom --out sbom.cdx.json
    """
    if out.exists():
        raise ValueError(f"{out} exists; remove it or choose another --out")
    from zoo.common.files import replacing
    from zoo.export.bill import environment_bill

    bill = environment_bill()
    with replacing(out, overwrite=False) as temporary:
        temporary.write_text(bill, encoding="utf-8")
    click.echo(printable(str(out)))
