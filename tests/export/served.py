"""A directory to serve, with TensorFlow Serving's own documented examples in it, and a server as its users start it."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import tensorflow as tf

from tests.export.networks import pictures, stylise
from zoo.export.export import export_model
from zoo.export.serving.releases import add_version

ROOT = Path(__file__).parents[2]


class HalfPlusThree(tf.Module):
    """The model of TensorFlow Serving's documentation."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def serve(self, x):
        return {"y": 0.5 * x + 3.0}


class Echo(tf.Module):
    """Three named inputs, as in the documentation's example of both formats, given back with one of them as bytes."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="tag"),
            tf.TensorSpec([None, None], tf.int32, name="signal"),
            tf.TensorSpec([None, None, None], tf.float32, name="sensor"),
        ]
    )
    def serve(self, tag, signal, sensor):
        return {"tag": tag, "signal": signal, "sensor": sensor, "tag_bytes": tag}


def make_directory(root: Path) -> Path:
    """An export with a second version rolled in, and the documentation's models beside it."""
    for name, width in (("first", 16), ("second", 8)):
        network = stylise(width)
        export_model(network, root / name, name="stylise", formats=("savedmodel",), precisions=("float32",), pictures=pictures())
    assert add_version(root / "first", root / "second") == 2
    entries = ""
    for name, number, module in (("half_plus_three", 123, HalfPlusThree()), ("echo", 1, Echo())):
        path = root / "first" / "savedmodel" / name / str(number)
        tf.saved_model.save(module, str(path), signatures=module.serve)
        entries += f"config {{ name: '{name}' base_path: '/models/{name}' model_platform: 'tensorflow' }}  # the newest\n"
    config = root / "first" / "serving" / "models.config"
    config.write_text(f"{config.read_text()}\nmodel_config_list {{ {entries} }}\n")
    return root / "first"


class Server:
    """`zoo serve` in a process of its own."""

    def __init__(self, directory: Path, *options: str, code: str = "") -> None:
        arguments = ["serve", str(directory), "--port", "0", "--grpc-port", "0", *options]
        program = f"import sys; {code}\nfrom zoo.cli.main import app\napp({arguments!r})"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
        self.process = subprocess.Popen([sys.executable, "-c", program], **pipes)
        self.lines: list[str] = []
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if match := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                self.port = int(match.group(1))
                break
        else:
            raise AssertionError(self.process.communicate()[1])
        grpc = re.search(r"gRPC: 127\.0\.0\.1:(\d+)", "\n".join(self.lines))
        self.grpc_port = grpc and int(grpc.group(1))
        self.url = f"http://127.0.0.1:{self.port}"

    def get(self, path: str):
        return fetch(self.url + path)

    def predict(self, model: str, body, where: str = ""):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return fetch(f"{self.url}/v1/models/{model}{where}:predict", data)

    def peak_memory(self) -> int:
        """The most that the process has held, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) >> 10

    def stop(self) -> tuple[int, str, str]:
        """Ctrl-C; the exit code, and what was still printed."""
        self.process.send_signal(signal.SIGINT)
        try:
            output, errors = self.process.communicate(timeout=30)
        finally:
            self.process.kill()
        return self.process.returncode, output, errors


def fetch(url: str, data: bytes | None = None, timeout: float = 120):
    """Status, JSON (or text) and headers of an answer."""
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with contextlib.ExitStack() as stack:
        try:
            response = stack.enter_context(urllib.request.urlopen(request, timeout=timeout))
        except urllib.error.HTTPError as error:
            response = stack.enter_context(error)
        body = response.read().decode()
        kind = response.headers.get_content_type()
        return response.status, json.loads(body) if kind == "application/json" else body, response.headers


def wait_until(true, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
