"""Training in processes of its own: one, or the workers of a cluster on this machine."""

import json
import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from typing import Any


def free_addresses(count: int) -> list[str]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for free in sockets:
            free.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{free.getsockname()[1]}" for free in sockets]


def tf_config(addresses: list[str], index: int) -> str:
    return json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}})


def start(options: Any, module: str = "tests.training.tiny", **environment: str) -> subprocess.Popen[str]:
    """A module of the tests with `options` as its argument."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TF_CPP_MIN_LOG_LEVEL": "3"} | environment
    command = [sys.executable, "-m", module, json.dumps(options, default=str)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def start_workers(*options: Any, module: str = "tests.training.tiny") -> list[subprocess.Popen[str]]:
    """A process for each of the `options`, as the workers of one cluster."""
    addresses = free_addresses(len(options))
    return [start(each, module, TF_CONFIG=tf_config(addresses, index)) for index, each in enumerate(options)]


def finish(process: subprocess.Popen[str], code: int = 0) -> str:
    """What the process printed; it has to end with `code`."""
    printed, errors = process.communicate(timeout=600)
    assert process.returncode == code, errors
    return printed
