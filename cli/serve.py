"""`zoo serve`: a local preview of what TensorFlow Serving will serve."""

import contextlib
import os
from pathlib import Path

import click

from zoo.cli.printable import printable


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--port", default=8501, show_default=True, type=click.IntRange(0, 65535), help="For REST and the page; 0: any.")
@click.option("--grpc-port", default=8500, show_default=True, type=click.IntRange(0, 65535), help="For gRPC; 0: any.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; there is no password.")
@click.option("--max-requests", default=128, show_default=True, type=click.IntRange(1), help="That wait or run; more get 503.")
@click.option("--max-body", default=32, show_default=True, type=click.IntRange(1, 1024), metavar="MB", help="Of one request.")
@click.option(
    "--max-pixels", default=4.0, show_default=True, type=click.FloatRange(0.01), metavar="MILLIONS", help="Of one request."
)
@click.option("--trust", is_flag=True, help="Serve SavedModels too that the manifest does not list; they can write files.")
def serve(
    directory: Path,
    port: int,
    grpc_port: int,
    host: str,
    max_requests: int,
    max_body: int,
    max_pixels: float,
    trust: bool,
) -> None:
    """Serves the export DIR on this machine: TensorFlow Serving's REST paths and gRPC, and a page to try the model.

    For production use TensorFlow Serving itself, with the files in DIR/serving.

    Example: zoo serve exports/wave
    """
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its C++ part writes to the terminal
    try:
        from zoo.export.serving.server import serve as run
    except ModuleNotFoundError as error:
        raise ValueError(f"zoo serve needs {error.name}: pip install 'keras-image-zoo[serve]'") from error
    from zoo.cli.quiet import import_tensorflow
    from zoo.export.serving.preview import WAITING_BYTES, Limits

    import_tensorflow()
    limits = Limits(max_requests, max(WAITING_BYTES, max_body << 20), max_body << 20, int(max_pixels * 1e6))
    with contextlib.suppress(KeyboardInterrupt):
        run(directory, host, port, grpc_port, limits, lambda line: click.echo(printable(line)), trust)
    click.echo("Stopped.")
