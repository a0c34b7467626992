"""Runs the preview: REST and the page on uvicorn, gRPC beside it, until Ctrl-C."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import uvicorn

from zoo.export.serving.connections import configuration
from zoo.export.serving.preview import Limits, Preview, open_preview
from zoo.export.serving.rest import application

GRPC_MISSING = "gRPC is off: pip install --no-deps tensorflow-serving-api"
SHUTDOWN_SECONDS = 10  # for requests that are being answered


def serve(
    directory: Path, host: str, port: int, grpc_port: int, limits: Limits, announce: Callable[[str], Any], trust: bool
) -> None:
    """Serves an export until the process is told to stop; `announce` is given a line for what is ready, or is not.

    A port of 0 is chosen by the system. Raises FileNotFoundError, ValueError or OSError (a port in use) of one line.
    """
    listening = _listen(host, port)
    with contextlib.closing(listening):
        preview = open_preview(directory, limits, trust)
        try:
            with contextlib.closing(asyncio.new_event_loop()) as loop:
                loop.run_until_complete(_serve(preview, listening, host, grpc_port, announce))
        finally:
            preview.close()


async def _serve(preview: Preview, listening: socket.socket, host: str, grpc_port: int, announce: Callable[[str], Any]) -> None:
    async with _grpc(preview, host, grpc_port, announce):
        name = f"[{host}]" if ":" in host else host
        announce(f"{preview.manifest.model}: http://{name}:{listening.getsockname()[1]}/")
        config = configuration(application(preview, host), SHUTDOWN_SECONDS)
        await uvicorn.Server(config).serve(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """Before the model is loaded, so that a port in use is told at once."""
    listening = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except (OSError, OverflowError) as error:
        if listening is not None:
            listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise OSError(f"cannot listen on {host}:{port}: {reason}; choose another --port or --host") from error
    return listening


@contextlib.asynccontextmanager
async def _grpc(preview: Preview, host: str, port: int, announce: Callable[[str], Any]) -> AsyncIterator[None]:
    try:
        from zoo.export.serving import grpc_service
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("tensorflow_serving"):
            raise
        announce(GRPC_MISSING)
        yield
        return
    server, chosen = await grpc_service.start(preview, host, port)
    announce(f"gRPC: {host}:{chosen}")
    try:
        yield
    finally:
        await server.stop(SHUTDOWN_SECONDS)
