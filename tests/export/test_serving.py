"""`zoo serve` in a process of its own: TensorFlow Serving's documented cases, foreign clients, crowds, and bad requests."""

import base64
import io
import json
import socket
import struct
import subprocess
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)

from cli.main import app
from export.provenance import EDITED, WORDS
from export.serving import client
from export.serving.warmup import FILE
from tests.export.networks import batch
from tests.export.served import Server, fetch, wait_until
from tests.models import sample


def png(height=40, width=30, seed=0):
    pixels = (sample("astronaut", 400)[seed : seed + height, :width] * 255).astype("uint8")
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def b64(data):
    return {"b64": base64.b64encode(data).decode()}


def request_for(*pictures, **changed):
    """A request for stylise's serve_bytes, in columns."""
    count = len(pictures)
    inputs = {"image_bytes": [b64(p) for p in pictures], "style_weights": [[1.0, 0.0]] * count, "strength": [0.8] * count}
    return {"signature_name": "serve_bytes", "inputs": {**inputs, **changed}}


def decoded(value):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(value["b64"]))))


def saved_model(directory, number):
    return tf.saved_model.load(str(directory / "savedmodel" / "stylise" / str(number)))


# The documented behaviour of TensorFlow Serving's REST interface (g3doc/api_rest.md).


def test_documented_status(server):
    status, answer, headers = server.get("/v1/models/half_plus_three")
    assert status == 200 and headers["Content-Type"] == "application/json"
    available = {"version": "123", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert answer == {"model_version_status": [available]}


def test_documented_predict_in_rows_and_columns(server):
    assert server.predict("half_plus_three", {"instances": [1.0, 2.0, 5.0]})[:2] == (200, {"predictions": [3.5, 4.0, 5.5]})
    assert server.predict("half_plus_three", {"inputs": [1.0, 2.0, 5.0]})[:2] == (200, {"outputs": [3.5, 4.0, 5.5]})
    body = {"signature_name": "serving_default", "instances": [1]}
    assert server.predict("half_plus_three", body, "/versions/123")[:2] == (200, {"predictions": [3.5]})


def test_documented_unknown_model(server):
    answer = server.predict("half", {"instances": [1.0, 5.0]})
    assert answer[:2] == (404, {"error": "Servable not found for request: Latest(half)"})
    answer = server.predict("half_plus_three", {"instances": [1.0]}, "/versions/5")
    assert answer[:2] == (404, {"error": "Servable not found for request: Specific(half_plus_three, 5)"})


TAGS, SIGNALS = ["foo", "bar"], [[1, 2, 3, 4, 5], [3, 4, 1, 2, 5]]
SENSORS = [[[1, 2], [3, 4]], [[4, 5], [6, 8]]]


def test_documented_example_with_several_inputs(server):
    rows = [{"tag": t, "signal": s, "sensor": x} for t, s, x in zip(TAGS, SIGNALS, SENSORS, strict=True)]
    tag_bytes = [b64(b"foo"), b64(b"bar")]
    expected = [{**row, "tag_bytes": encoded} for row, encoded in zip(rows, tag_bytes, strict=True)]
    assert server.predict("echo", {"instances": rows})[:2] == (200, {"predictions": expected})
    columns = {"tag": TAGS, "signal": SIGNALS, "sensor": SENSORS}
    assert server.predict("echo", {"inputs": columns})[:2] == (200, {"outputs": {**columns, "tag_bytes": tag_bytes}})


def test_documented_binary_and_unusual_numbers(server):
    body = b'{"inputs": {"tag": [{"b64": "aW1h\\nZ2U"}], "signal": [[1]], "sensor": [[[NaN, -Infinity, 1e-3]]]}}'
    status, answer, _ = server.predict("echo", body)
    assert status == 200 and answer["outputs"]["tag"] == ["image"]
    np.testing.assert_array_equal(np.float32(answer["outputs"]["sensor"]), np.float32([[[np.nan, -np.inf, 1e-3]]]))


def test_versions_and_labels(server, serving_directory):
    answers = {where: server.predict("stylise", request_for(png()), where)[1] for where in ("", "/versions/1", "/versions/2")}
    assert answers[""] == answers["/versions/2"] != answers["/versions/1"]
    assert server.predict("stylise", request_for(png()), "/labels/stable")[1] == answers["/versions/1"]
    assert server.predict("stylise", request_for(png()), "/labels/canary")[1] == answers["/versions/2"]
    status, answer, _ = server.get("/v1/models/stylise")
    assert status == 200 and [state["version"] for state in answer["model_version_status"]] == ["2", "1"]
    assert [s["version"] for s in server.get("/v1/models/stylise/labels/stable")[1]["model_version_status"]] == ["1"]


def test_metadata(server):
    status, answer, _ = server.get("/v1/models/half_plus_three/versions/123/metadata")
    assert status == 200 and answer["model_spec"] == {"name": "half_plus_three", "signature_name": "", "version": "123"}
    signature = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    shape = {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}
    assert {key: signature["inputs"]["x"][key] for key in ("dtype", "tensor_shape")} == {
        "dtype": "DT_FLOAT",
        "tensor_shape": shape,
    }
    assert signature["inputs"]["x"]["name"] == "serving_default_x:0"


BAD_BODIES = {
    "empty": (b"", "JSON Parse error: The document is empty"),
    "no JSON": (b"instances = [1, 2]", "JSON Parse error: Invalid value"),
    "cut JSON": (b'{"instances": [1.0, ', "JSON Parse error"),
    "no UTF-8": (b'{"instances": ["\xff\xfe"]}', "JSON Parse error"),
    "too deep": (b'{"instances": ' + b"[" * 100_000, "JSON Parse error"),
    "no object": (b"[1]", "Is not object"),
    "no inputs": (b"{}", "Missing 'inputs' or 'instances' key"),
    "both": (b'{"inputs": [1], "instances": [1]}', "only one of 'inputs' or 'instances' keys"),
    "no list": (b'{"instances": 1}', "Expecting 'instances' to be a list/array"),
    "no rows": (b'{"instances": []}', "No values in 'instances' array"),
    "strings": (b'{"instances": ["x", "y"]}', "not of expected type: float"),
    "booleans": (b'{"instances": [true]}', "not of expected type: float"),
    "null": (b'{"instances": [null]}', "not of expected type: float"),
    "too large": (b'{"instances": [1e39]}', "without loss of precision"),
    "ragged": (b'{"inputs": [[1, 2], [3]]}', "unexpected size: 1 at level: 1 expected size: 2"),
    "wrong shape": (b'{"inputs": [[1, 2]]}', "input x has shape [1, 2]; the signature takes [?]"),
    "mixed": (b'{"instances": [1, {"x": 2}]}', "Expecting value/list but got object at item 1"),
    "wrong name": (b'{"instances": [{"z": 1}]}', "Keys must be equal to: x"),
    "missing name": (b'{"inputs": {"z": [1]}}', "Missing named input: x in 'inputs' object."),
    "signature": (b'{"signature_name": "nope", "inputs": [1]}', 'Serving signature name: "nope" not found'),
    "hidden": (b'{"signature_name": "__saved_model_init_op", "inputs": [1]}', "not found in signature def"),
    "signature type": (b'{"signature_name": 100}', "'signature_name' key must be a string value."),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_is_refused_with_the_documented_words(server, case):
    body, words = BAD_BODIES[case]
    status, answer, _ = server.predict("half_plus_three", body)
    assert status == 400 and list(answer) == ["error"] and words in answer["error"] and "\n" not in answer["error"]


BAD_PATHS = [
    ("GET", "/v1/foo", 400, "Malformed request: GET /v1/foo"),
    ("POST", "/v1/foo", 400, "Malformed request: POST /v1/foo"),
    ("GET", "/v1/models", 400, "Missing model name in request."),
    ("POST", "/v1/models", 400, "Malformed request"),
    ("GET", "/v1/models/foo:predict", 400, "Malformed request"),
    ("POST", "/v1/models/foo/version/50:predict", 400, "Malformed request"),
    ("POST", "/v1/models/foo/versions/HELLO:predict", 400, "Malformed request"),
    ("POST", "/v1/models/foo/versions/50/labels/x:predict", 400, "Malformed request"),
    ("POST", f"/v1/models/foo/versions/{2**64}:predict", 400, "Failed to convert version"),
    ("POST", f"/v1/models/foo/versions/{'9' * 5000}:predict", 400, "Failed to convert version"),
    ("POST", "/v1/models/half_plus_three:regress", 501, "no signature to regress"),
    ("POST", "/v1/models/stylise/labels/nope:predict", 400, "Unrecognized servable version label: nope"),
    ("GET", "/v1/models/stylise/labels/nope", 400, "Unrecognized servable version label: nope"),
    ("GET", "/v1/models/foo", 404, "Could not find any versions of model foo"),
    ("GET", "/v1/models/stylise/versions/7", 404, "Could not find version 7 of model stylise"),
    ("GET", "/v1/models/foo/metadata", 404, "Servable not found for request: Latest(foo)"),
]


@pytest.mark.parametrize(("method", "path", "code", "words"), BAD_PATHS)
def test_a_bad_path_is_refused_with_the_documented_words(server, method, path, code, words):
    status, answer, _ = fetch(server.url + path, b"{}" if method == "POST" else None)
    assert status == code and words in answer["error"]


# Pictures.


def test_pictures_of_different_sizes_come_back_as_png(server, serving_directory):
    pictures = [png(40, 30), png(21, 33, 5)]
    status, answer, _ = server.predict("stylise", request_for(*pictures), "/versions/1")
    assert status == 200
    default = saved_model(serving_directory, 1).signatures["serving_default"]
    for picture, result in zip(pictures, answer["outputs"], strict=True):
        image = tf.constant(np.asarray(Image.open(io.BytesIO(picture)), "float32")[None] / 255)
        expected = default(image=image, style_weights=tf.constant([[1.0, 0.0]]), strength=tf.constant([0.8]))["output_image"][0]
        np.testing.assert_allclose(decoded(result) / 255, expected, atol=0.51 / 255)


def bomb(side=30_000):
    """A PNG file of a few hundred bytes that would fill gigabytes."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(1000))),
        (b"IEND", b""),
    ]
    packed = (struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


BAD_PICTURES = {
    "text": (b"this is no picture at all", "image_bytes[0] is no JPEG or PNG file"),
    "empty": (b"", "image_bytes[0] is no JPEG or PNG file"),
    "cut": (png()[:300], "PNG"),
    "bomb": (bomb(), "image_bytes[0] has far too many pixels"),
    "large": (bomb(1000), "image_bytes holds 1,000,000 pixels; this server takes at most 500,000"),
}


@pytest.mark.parametrize("case", BAD_PICTURES)
def test_a_bad_picture_is_refused(server, case):
    picture, words = BAD_PICTURES[case]
    status, answer, _ = server.predict("stylise", request_for(picture))
    assert status == 400 and words in answer["error"] and "\n" not in answer["error"]


def test_bad_inputs_of_pictures_are_refused(server):
    cases = [
        (request_for(png(), image_bytes=[{"b64": "no base64!"}]), "Unable to base64 decode"),
        (
            request_for(png(), strength=[0.1, 0.2]),
            "every input needs as many examples; there are 1 of image_bytes, 2 of strength",
        ),
        (request_for(png(), style_weights=[[1.0]]), "input style_weights has shape [1, 1]; the signature takes [?, 2]"),
        ({"inputs": {"image": [], "style_weights": [], "strength": []}}, "none of it empty"),
        ({"inputs": {"image": [[[[0.5]]]], "style_weights": [[1, 0]], "strength": [1]}}, "the signature takes [?, ?, ?, 3]"),
    ]
    for body, words in cases:
        status, answer, _ = server.predict("stylise", body)
        assert status == 400 and words in answer["error"]


def test_a_body_of_100_megabytes_is_refused_and_not_kept(server):
    before = server.peak_memory()
    status, answer, _ = server.predict("stylise", bytes(100 << 20))
    assert (status, answer) == (413, {"error": "a request may hold 8 MB; this one is larger"})
    head = b"POST /v1/models/stylise:predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:  # of a length that is not told beforehand
        connection.sendall(head)
        for _ in range(20):
            connection.sendall(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    assert server.peak_memory() < before + 60


def test_connections_that_are_cut_leave_no_trace(server):
    head = b"POST /v1/models/stylise:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" + b'{"inputs'
    for _ in range(100):  # more than may wait at once
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head)
    wait_until(lambda: server.predict("half_plus_three", {"instances": [1.0]})[0] == 200)


def test_only_this_machine_is_answered(server):
    for host, status in (("localhost", b"200"), ("127.0.0.1:80", b"200"), ("attacker.example", b"400")):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(b"GET /v1/models/echo HTTP/1.1\r\nConnection: close\r\nHost: " + host.encode() + b"\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 " + status


# Many at once.


def test_64_clients_at_once(server):
    good = json.dumps(request_for(png(160, 120))).encode()
    bad = json.dumps(request_for(b"no picture")).encode()
    server.predict("stylise", good)
    before = server.peak_memory()
    start = threading.Barrier(64)

    def client(index):
        start.wait()
        return [server.predict("stylise", bad if (index + turn) % 4 == 0 else good)[:2] for turn in range(3)]

    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(client, range(64)))
    assert {answer[turn][0] for i, answer in enumerate(answers) for turn in range(3) if (i + turn) % 4} == {200}
    assert {answer[turn][0] for i, answer in enumerate(answers) for turn in range(3) if not (i + turn) % 4} == {400}
    assert len({json.dumps(a[t][1]) for i, a in enumerate(answers) for t in range(3) if (i + t) % 4}) == 1
    assert server.peak_memory() < before + 100


def test_64_clients_at_once_over_grpc(channel):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    good = bytes_request(png(160, 120))

    def client(index):
        try:
            return (
                stub.Predict(bytes_request(b"no picture") if index % 4 == 0 else good).outputs["output_image_bytes"].string_val[0]
            )
        except grpc.RpcError as error:
            return error.code()

    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(client, range(64)))
    assert {answer for index, answer in enumerate(answers) if index % 4 == 0} == {grpc.StatusCode.INVALID_ARGUMENT}
    assert {answer for index, answer in enumerate(answers) if index % 4} == {
        stub.Predict(good).outputs["output_image_bytes"].string_val[0]
    }


def test_past_the_limit_there_is_a_clear_answer(server):
    body = json.dumps(request_for(png(200, 200))).encode()
    start = threading.Barrier(160)

    def client(_):
        start.wait()
        return server.predict("stylise", body)

    with ThreadPoolExecutor(160) as pool:
        answers = list(pool.map(client, range(160)))
    refused = [answer for answer in answers if answer[0] != 200]
    assert len(answers) - len(refused) >= 64 and refused
    for status, answer, headers in refused:
        assert status == 503 and headers["Retry-After"] == "1"
        assert answer == {"error": "the server is busy: 64 requests wait or run already; try again in 1 s"}
    assert server.predict("half_plus_three", {"instances": [1.0]})[0] == 200


# Clients not written by us.


def test_curl(server, tmp_path):
    (tmp_path / "body.json").write_text(json.dumps(request_for(png())))
    url = f"{server.url}/v1/models/stylise:predict"
    done = subprocess.run(["curl", "-sS", "-d", f"@{tmp_path / 'body.json'}", url], capture_output=True, check=True, timeout=60)
    assert decoded(json.loads(done.stdout)["outputs"][0]).shape == (40, 30, 3)
    (tmp_path / "large").write_bytes(bytes(100 << 20))
    command = ["curl", "-sS", "-i", "--data-binary", f"@{tmp_path / 'large'}", url]
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
    for found in (over_grpc, over_rest):
        np.testing.assert_allclose(found["sums"], [np.sum(e["output_image"]) for e in expected], rtol=1e-5)
        assert found["status"] == {"2": {"state": "AVAILABLE", "error_code": 0, "error_message": ""}}
        assert found["errors"] == ["ModelNotFoundError", "InvalidInputError", "InvalidInputError"]
    assert over_grpc["metadata"]["inputs"]["image"] == {"shape": [-1, -1, -1, 3], "dtype": "DT_FLOAT"}
    # Over REST the client knows only the form of its own server, and hands on that of TensorFlow Serving as it is.
    assert over_rest["metadata"] == server.get("/v1/models/stylise/versions/2/metadata")[1]


@pytest.fixture(scope="module")
def channel(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        yield channel


def predict_request(signature="serve_bytes", **inputs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "stylise", signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


def bytes_request(picture, **changed):
    return predict_request(**{"image_bytes": [picture], "style_weights": [[1.0, 0.0]], "strength": [0.8], **changed})


def test_grpc_gives_what_rest_gives(server, channel):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    request = bytes_request(png())
    for label, number in (("stable", 1), ("canary", 2)):
        request.model_spec.version_label = label
        response = stub.Predict(request)
        assert (response.model_spec.name, response.model_spec.version.value) == ("stylise", number)
        over_rest = server.predict("stylise", request_for(png()), f"/versions/{number}")[1]["outputs"]
        assert tf.make_ndarray(response.outputs["output_image_bytes"]).tolist() == [base64.b64decode(over_rest[0]["b64"])]


def test_grpc_status_and_metadata(channel):
    status = get_model_status_pb2.GetModelStatusRequest()
    status.model_spec.name = "stylise"
    states = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(status).model_version_status
    available = get_model_status_pb2.ModelVersionStatus.State.AVAILABLE
    assert [(state.version, state.state) for state in states] == [(2, available), (1, available)]
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "stylise"
    response = prediction_service_pb2_grpc.PredictionServiceStub(channel).GetModelMetadata(request)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert set(signatures.signature_def["serve_bytes"].inputs) == {"image_bytes", "strength", "style_weights"}


def test_grpc_refuses_what_is_wrong(channel):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    unknown, version, label = bytes_request(png()), bytes_request(png()), bytes_request(png())
    unknown.model_spec.name, version.model_spec.version.value, label.model_spec.version_label = "nope", 9, "nope"
    broken = bytes_request(png())
    broken.inputs["strength"].ClearField("float_val")
    broken.inputs["strength"].tensor_content = b"123"
    huge = predict_request("serving_default", image=[0.5], style_weights=[[1.0, 0.0]], strength=[0.8])
    for size in (1, 50_000, 50_000, 3):
        huge.inputs["image"].tensor_shape.dim.add(size=size)
    del huge.inputs["image"].tensor_shape.dim[0]
    cases = [
        (huge, grpc.StatusCode.INVALID_ARGUMENT, "input image has more than 8,388,608 elements"),
        (unknown, grpc.StatusCode.NOT_FOUND, "Servable not found for request: Latest(nope)"),
        (version, grpc.StatusCode.NOT_FOUND, "Specific(stylise, 9)"),
        (label, grpc.StatusCode.INVALID_ARGUMENT, "Unrecognized servable version label: nope"),
        (predict_request("nope", x=[1]), grpc.StatusCode.INVALID_ARGUMENT, "not found in signature def"),
        (
            bytes_request(png(), strength=[1]),
            grpc.StatusCode.INVALID_ARGUMENT,
            "input strength is int32; the signature takes float32",
        ),
        (bytes_request(png(), more=[1.0]), grpc.StatusCode.INVALID_ARGUMENT, "Sent extra: {more}"),
        (bytes_request(b"text"), grpc.StatusCode.INVALID_ARGUMENT, "is no JPEG or PNG file"),
        (broken, grpc.StatusCode.INVALID_ARGUMENT, "input strength is no tensor"),
        (bytes_request(bytes(9 << 20)), grpc.StatusCode.RESOURCE_EXHAUSTED, "larger than max"),
    ]
    for request, code, words in cases:
        with pytest.raises(grpc.RpcError) as caught:
            stub.Predict(request)
        assert caught.value.code() == code and words in caught.value.details()


def test_warm_up_records_run(channel, serving_directory):
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(serving_directory / "savedmodel" / "stylise" / "1" / FILE))
    ]
    assert [log.predict_log.request.model_spec.signature_name for log in logs] == ["serve_bytes", "serving_default"]
    for log in logs:
        assert stub.Predict(log.predict_log.request).outputs


# The client that comes with the export.


def test_client_has_the_words_of_the_package():
    assert client.WORDS == WORDS


def run_client(directory, *arguments):
    command = [sys.executable, "-I", str(directory / "serving" / "client.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_client_sends_a_file_and_writes_a_file(server, serving_directory, tmp_path):
    (tmp_path / "photo.png").write_bytes(png())
    options = ("--strength", 0.8, "--server", server.url, "--version-label", "stable")
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
    line = refused(capsys, "serve", serving_directory, "--port", 0, "--grpc-port", server.grpc_port)
    assert f"cannot listen on 127.0.0.1:{server.grpc_port} (gRPC): the port is in use; choose another --grpc-port" in line


def test_a_directory_that_is_none_is_one_line(tmp_path, capsys):
    assert "no manifest.json; give a directory written by" in refused(capsys, "serve", tmp_path, "--port", 0)


def test_without_the_stubs_rest_still_works(serving_directory):
    running = Server(serving_directory, code="sys.modules['tensorflow_serving'] = None")
    assert running.lines[0] == "gRPC is off: pip install --no-deps tensorflow-serving-api"
    assert running.predict("half_plus_three", {"instances": [1.0]})[0] == 200
    assert running.stop() == (0, "Stopped.\n", "")


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_a_missing_extra_is_one_line(serving_directory, package):
    code = f"import sys; sys.modules[{package!r}] = None; from cli.main import app; app(['serve', {str(serving_directory)!r}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"zoo serve needs {package}" in done.stderr and "pip install 'keras-image-zoo[serve]'" in done.stderr
