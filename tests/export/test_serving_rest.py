"""`zoo serve` over REST: TensorFlow Serving's documented cases, crowds, and bad requests."""

import io
import json
import socket
import struct
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.protobuf import saved_model_pb2

from tests.export.requests import b64, decoded, png, request_for, saved_model
from tests.export.served import fetch, wait_until

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


def test_what_has_a_default_may_be_left_out(server, serving_directory):
    everything = {"style_weights": [[0.5, 0.5]], "strength": [1.0]}
    _, full, _ = server.predict("stylise", request_for(png(), **everything))
    for body in (
        {"signature_name": "serve_bytes", "instances": [{"image_bytes": b64(png())}]},
        {"instances": [{"image_bytes": b64(png())}]},  # TensorFlow Serving itself wants the signature's name
        {"instances": [b64(png())], "signature_name": "serve_bytes"},
    ):
        status, answer, _ = server.predict("stylise", body)
        assert status == 200, answer
        np.testing.assert_array_equal(decoded(answer["predictions"][0]), decoded(full["outputs"][0]))
    status, answer, _ = server.predict("stylise", {"inputs": {"image_bytes": [b64(png())], "strength": [0.0]}})
    np.testing.assert_array_equal(decoded(answer["outputs"][0]), np.asarray(Image.open(io.BytesIO(png()))))
    status, answer, _ = server.predict("stylise", {"instances": [{"strength": 1.0}]})
    assert status == 400 and "image" in answer["error"]


def test_defaults_lie_in_the_saved_model_where_tensorflow_serving_looks(serving_directory):
    stored = saved_model_pb2.SavedModel.FromString((serving_directory / "savedmodel/stylise/1/saved_model.pb").read_bytes())
    definitions = stored.meta_graphs[0].signature_def
    for name in ("serving_default", "serve_bytes"):
        defaults = {key: tf.make_ndarray(proto).tolist() for key, proto in definitions[name].defaults.items()}
        assert defaults == {"strength": [1.0], "style_weights": [[0.5, 0.5]]}
    # TensorFlow Serving feeds them as they are: one for the whole batch.
    image = tf.constant(np.random.default_rng(0).random((3, 24, 40, 3), np.float32))
    function = saved_model(serving_directory, 1).signatures["serving_default"]
    once = function(image=image, strength=tf.constant([1.0]), style_weights=tf.constant([[0.5, 0.5]]))
    each = function(image=image, strength=tf.ones(3), style_weights=tf.fill([3, 2], 0.5))
    np.testing.assert_array_equal(once["output_image"], each["output_image"])


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
