"""A real browser, the real runtime from the npm package, and a static file server, for the tests of the page."""

import contextlib
import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.export.npm import npm_package
from zoo.common.files import replacing
from zoo.export import web

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
]
# A GPU in software, for WebGPU; without them there is none.
GPU = [flag for flag in FLAGS if flag != "--disable-gpu"] + ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]
NO_GPU = "No available adapters."  # Chromium's remark where a page asks for a GPU and there is none


def missing(reason: str) -> None:
    """What a machine lacks skips the test, or fails it where a browser is required."""
    pytest.fail(reason) if os.environ.get("ZOO_REQUIRE_BROWSER") == "1" else pytest.skip(reason)


def chromium() -> str:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not program or not Path(program).is_file():
        missing("no Chromium; install it, or say where it is by CHROMIUM=PATH")
    return str(program)


def npm_runtime(cache: Path) -> Path:
    """The page's files out of the npm package, fetched once and then kept in `cache`; several processes may do so at once."""
    if all((cache / name).is_file() for name in web.RUNTIME):
        return cache
    with npm_package("onnxruntime-web", web.VERSION, missing) as archive:
        for name in web.RUNTIME:
            member = archive.extractfile(f"package/dist/{name}")
            assert member, f"{name} is not in the package"
            with replacing(cache / name) as temporary:
                temporary.write_bytes(member.read())
    return cache


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *unused):
        pass

    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")  # as a CDN does
        self.send_header("Cache-Control", "no-store")
        super().end_headers()


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[http.server.ThreadingHTTPServer]:
    """Python's own static server on a free port of this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
