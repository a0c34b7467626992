"""`zoo serve`: foreign clients, the one that comes with an export, and the command."""

import base64
import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.export.networks import batch
from tests.export.requests import decoded, png, request_for, saved_model
from tests.export.served import Server
from zoo.cli.main import app
from zoo.export.provenance import EDITED, WORDS
from zoo.export.serving import client

# Clients not written by us.


def test_curl(server, tmp_path):
    (tmp_path / "body.json").write_text(json.dumps(request_for(png())))
    url = f"{server.url}/v1/models/stylise:predict"
    json_body = ["-H", "Content-Type: application/json", "-d", f"@{tmp_path / 'body.json'}"]
    done = subprocess.run(["curl", "-sS", *json_body, url], capture_output=True, check=True, timeout=60)
    assert decoded(json.loads(done.stdout)["outputs"][0]).shape == (40, 30, 3)
    (tmp_path / "large").write_bytes(bytes(100 << 20))
    large = ["-H", "Content-Type: application/json", "--data-binary", f"@{tmp_path / 'large'}"]
    command = ["curl", "-sS", "-i", *large, url]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert b"413" in done.stdout.splitlines()[-5] or b"HTTP/1.1 413" in done.stdout


OVMS = """
import json, sys
import numpy as np
from ovmsclient import make_grpc_client, make_http_client
grpc_port, port, file = sys.argv[1:]
inputs = dict(np.load(file))
for client in (make_grpc_client(f"127.0.0.1:{grpc_port}"), make_http_client(f"127.0.0.1:{port}")):
    found = {"status": client.get_model_status("stylise", 2)}
    found["metadata"] = client.get_model_metadata("stylise", 2)
    found["sums"] = [float(np.sum(np.float32(client.predict(inputs, "stylise", number)))) for number in (1, 2)]
    found["errors"] = []
    for name, given in (("nope", inputs), ("stylise", {**inputs, "strength": np.float32([[1.0]])}), ("stylise", {})):
        try:
            client.predict(given, name, 1)
        except Exception as error:
            found["errors"].append(type(error).__name__)
    print(json.dumps(found))
"""


def test_ovmsclient_over_grpc_and_rest(server, serving_directory, tmp_path):
    inputs = batch(2, 24, 20)
    np.savez(tmp_path / "inputs.npz", **inputs)
    command = [sys.executable, "-c", OVMS, str(server.grpc_port), str(server.port), str(tmp_path / "inputs.npz")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    expected = [
        saved_model(serving_directory, number).signatures["serving_default"](**{k: tf.constant(v) for k, v in inputs.items()})
        for number in (1, 2)
    ]
    over_grpc, over_rest = [json.loads(line) for line in done.stdout.splitlines()]
    for answer in (over_grpc, over_rest):
        np.testing.assert_allclose(answer["sums"], [np.sum(e["output_image"]) for e in expected], rtol=1e-5)
        assert answer["status"] == {"2": {"state": "AVAILABLE", "error_code": 0, "error_message": ""}}
        assert answer["errors"] == ["ModelNotFoundError", "InvalidInputError", "InvalidInputError"]
    assert over_grpc["metadata"]["inputs"]["image"] == {"shape": [-1, -1, -1, 3], "dtype": "DT_FLOAT"}
    # Over REST the client knows only the form of its own server, and hands on that of TensorFlow Serving as it is.
    assert over_rest["metadata"] == server.get("/v1/models/stylise/versions/2/metadata")[1]


# The client that comes with the export.


def test_client_has_the_words_of_the_package():
    assert client.WORDS == WORDS


def run_client(directory, *arguments):
    command = [sys.executable, "-I", str(directory / "serving" / "client.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_client_sends_a_file_and_writes_a_file(server, serving_directory, tmp_path):
    (tmp_path / "photo.png").write_bytes(png())
    options = ("--style", "0", "--strength", 0.8, "--server", server.url, "--version-label", "stable")
    done = run_client(serving_directory, tmp_path / "photo.png", "--out", tmp_path / "out.png", *options)
    assert done.returncode == 0, done.stderr
    expected = server.predict("stylise", request_for(png()), "/versions/1")[1]["outputs"][0]
    with Image.open(tmp_path / "out.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), decoded(expected))
        assert picture.text == {"Description": WORDS[EDITED].format("stylise"), "DigitalSourceType": EDITED, "Model": "stylise"}
    done = run_client(serving_directory, tmp_path / "photo.png", "--out", tmp_path / "plain.png", *options, "--no-provenance")
    assert (tmp_path / "plain.png").read_bytes() == base64.b64decode(expected["b64"])


def test_client_says_what_is_wrong_in_one_line(server, serving_directory, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    here = ("--server", server.url)
    cases = [
        (("--out", tmp_path / "o.png", *here), "this model takes a picture: give a file"),
        ((tmp_path / "none.png", "--out", tmp_path / "o.png", *here), "No such file"),
        ((tmp_path / "text.png", "--out", tmp_path / "o.png", *here), "answered 400: image_bytes[0] is no JPEG or PNG file"),
        ((tmp_path / "text.png", "--out", tmp_path / "o.png", *here, "--model", "nope"), "answered 404: Servable not found"),
        (
            (tmp_path / "text.png", "--out", tmp_path / "o.png", "--server", "http://127.0.0.1:9"),
            "cannot reach http://127.0.0.1:9",
        ),
        ((tmp_path / "text.png", "--out", tmp_path / "text.png", *here), "exists"),
    ]
    for arguments, words in cases:
        done = run_client(serving_directory, *arguments)
        assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert not (tmp_path / "o.png").exists()


# The command.


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as caught:
        app(list(map(str, arguments)))
    lines = capsys.readouterr().err.strip().splitlines()
    assert caught.value.code == 2 and len(lines) == 1
    return lines[0]


def test_a_port_in_use_is_one_line(server, serving_directory, capsys):
    line = refused(capsys, "serve", serving_directory, "--port", server.port)
    assert f"cannot listen on 127.0.0.1:{server.port}: Address already in use; choose another --port" in line
    line = refused(capsys, "serve", serving_directory, "--trust", "--port", 0, "--grpc-port", server.grpc_port)
    assert f"cannot listen on 127.0.0.1:{server.grpc_port} (gRPC): the port is in use; choose another --grpc-port" in line


def test_a_directory_that_is_none_is_one_line(tmp_path, capsys):
    assert "no manifest.json; give a directory written by" in refused(capsys, "serve", tmp_path, "--port", 0)


def test_without_the_stubs_rest_still_works(serving_directory):
    running = Server(serving_directory, "--trust", code="sys.modules['tensorflow_serving'] = None")
    assert running.lines[0] == "gRPC is off: pip install --no-deps tensorflow-serving-api"
    assert running.predict("half_plus_three", {"instances": [1.0]})[0] == 200
    assert running.stop() == (0, "Stopped.\n", "")


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_a_missing_extra_is_one_line(serving_directory, package):
    code = (
        f"import sys; sys.modules[{package!r}] = None; from zoo.cli.main import app; app(['serve', {str(serving_directory)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"zoo serve needs {package}" in done.stderr and "pip install 'keras-image-zoo[serve]'" in done.stderr
