"""`zoo serve` among people who mean it harm: everybody else goes on being answered."""

import concurrent.futures
import json
import socket
import threading
import time
import urllib.error
import urllib.request

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from tests.export.networks import generator, pictures
from tests.export.requests import b64, png, request_for
from tests.export.served import Server, wait_until
from zoo.export.export import export_model
from zoo.export.serving import connections
from zoo.export.serving.cost import Growth, pixels_of
from zoo.export.serving.errors import ServingError
from zoo.export.serving.gate import Gate
from zoo.roles import Photograph, Result, Signature

GOOD = {"instances": [1.0]}
SMALL = json.dumps(GOOD).encode()
METHOD = "/tensorflow.serving.PredictionService/Predict"


def post(server, headers, body=SMALL, model="half_plus_three"):
    request = urllib.request.Request(f"{server.url}/v1/models/{model}:predict", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def timed(server):
    """Seconds until a small request is answered."""
    start = time.monotonic()
    assert server.predict("half_plus_three", GOOD)[:2] == (200, {"predictions": [3.5]})
    return time.monotonic() - start


# Item 9: what waits, and what costs.


def test_idle_connections_lock_nobody_out(server):
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(connections.MOST + 100)]
    try:
        for connection in idle[::2]:
            try:
                connection.sendall(b"POST /v1/models/half_plus_three:predict HTTP/1.1\r\nHost: localhost\r\n")
            except OSError:  # closed already, to let others in
                continue
        assert timed(server) < 10
        wait_until(lambda: all(closed(connection) for connection in idle), 30)
    finally:
        for connection in idle:
            connection.close()


def closed(connection):
    connection.settimeout(0.01)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_grpc_connections_have_a_bound_and_make_room(server):
    """Their number had none: each one that said nothing took a file of the server's."""
    idle = [socket.create_connection(("127.0.0.1", server.grpc_port)) for _ in range(connections.MOST + 50)]
    try:
        time.sleep(1)
        assert sum(closed(connection) for connection in idle) >= 50
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "half_plus_three"
        request.inputs["x"].CopyFrom(tf.make_tensor_proto([1.0]))
        with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
            call = channel.unary_unary(METHOD)
            assert call(request.SerializeToString(), timeout=20, wait_for_ready=True)  # the silent are let go after 5 s
    finally:
        for connection in idle:
            connection.close()


def test_bodies_that_do_not_come_take_no_place(server):
    """More of them than requests may wait or run."""
    head = b"POST /v1/models/half_plus_three:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
    try:
        for connection in slow:
            connection.sendall(head)
        assert timed(server) < 10
        slow[0].settimeout(30)
        assert slow[0].recv(12) == b"HTTP/1.1 408"
    finally:
        for connection in slow:
            connection.close()


EXPENSIVE = {
    "empty rows": (b'{"instances": [' + b"{}," * 2_600_000 + b"{}]}", "more than 2,000,000 values"),
    "tiny pictures": (json.dumps(request_for(*[png(1, 1)] * 15_000)).encode(), "15,000 examples; this server takes at most"),
    "a picture in JSON": (json.dumps({"inputs": {"image": [[[[0] * 3] * 800] * 800]}}).encode(), "more than 2,000,000 values"),
}


@pytest.mark.parametrize("case", EXPENSIVE)
def test_what_costs_too_much_is_refused_and_the_others_go_on(server, case):
    body, words = EXPENSIVE[case]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        large = [pool.submit(post, server, {"Content-Type": "application/json"}, body, "stylise") for _ in range(4)]
        waits = [timed(server) for _ in range(10)]
    for status, answer in (each.result() for each in large):
        assert status in (400, 503) and (words in answer["error"] or "busy" in answer["error"])
    assert max(waits) < 5


def test_small_requests_do_not_wait_for_large_ones(server):
    large = request_for(*[png(300, 300)] * 5)  # nearly all that this server takes
    server.predict("stylise", request_for(png(20, 20)))
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        start = time.monotonic()
        waiting = [pool.submit(server.predict, "stylise", large) for _ in range(6)]
        time.sleep(0.1)
        assert server.predict("stylise", request_for(png(20, 20)))[0] == 200
        small = time.monotonic() - start
        assert {each.result()[0] for each in waiting} <= {200, 503}
        assert small < time.monotonic() - start


def test_memory_comes_back(server):
    def resident():
        with open(f"/proc/{server.process.pid}/statm") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * 4096 >> 20

    body = json.dumps({"inputs": {"x": [0.5] * 1_500_000}}).encode()
    post(server, {"Content-Type": "application/json"}, body)
    before = resident()
    for _ in range(6):
        post(server, {"Content-Type": "application/json"}, body)
    assert resident() < before + 60


def test_a_generator_is_bounded_by_what_it_makes(tmp_path):
    export_model(generator(), tmp_path / "g", name="g", formats=("savedmodel",), precisions=("float32",), pictures=pictures())
    server = Server(tmp_path / "g", "--max-pixels", "0.1")
    try:
        latents = {"inputs": {"latent": [[0.0] * 8] * 4000, "label": [[1.0, 0.0, 0.0]] * 4000}}
        status, answer, _ = server.predict("g", latents)
        assert status == 400 and "4,000 examples; this server takes at most 24 in one request" in answer["error"]
        few = {name: rows[:20] for name, rows in latents["inputs"].items()}
        assert server.predict("g", {"inputs": few})[0] == 200
    finally:
        server.stop()


def test_what_a_model_enlarges_is_counted_as_it_comes_out():
    growth = Growth(Signature.of([Photograph()], [Result(scale=4)]))
    assert pixels_of({"image": np.zeros((1, 100, 100, 3))}, growth, 200_000) == (160_000, 160_000)
    with pytest.raises(ServingError, match="the answer would hold 360,000 pixels"):
        pixels_of({"image": np.zeros((1, 150, 150, 3))}, growth, 200_000)


def test_an_answer_that_nobody_reads_holds_no_place(server):
    body = json.dumps({"signature_name": "serving_default", **columns(200, 200)}).encode()
    head = f"POST /v1/models/stylise:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    silent = []
    for _ in range(70):  # more than may wait or run
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        silent.append(connection)
    senders = [threading.Thread(target=connection.sendall, args=(head + body,)) for connection in silent]
    for sender in senders:
        sender.start()
    try:
        assert timed(server) < 20
    finally:
        for sender in senders:
            sender.join(30)
        for connection in silent:
            connection.close()


def columns(height, width):
    return {"inputs": {"image": [[[[0.5] * 3] * width] * height], "style_weights": [[1, 0]], "strength": [1]}}


def test_the_largest_transfer_makes_room():
    """The limit on bytes keeps out who wants the most of them, not who comes last."""
    import asyncio

    async def scene():
        gate = Gate(10, 1000)
        with gate.ticket() as large, gate.ticket() as small:
            large.hold(900)
            with pytest.raises(TimeoutError):
                async with large.moving():
                    small.hold(200)
                    await asyncio.sleep(5)
            assert (gate.held, small.held) == (200, 200)
            with pytest.raises(ServingError, match="the server is busy"):
                large.hold(900)
        assert gate.held == 0

    asyncio.run(scene())


# Item 10: pages of other websites.


def test_only_json_from_here_is_taken(server):
    own = f"http://127.0.0.1:{server.port}"
    assert post(server, {"Content-Type": "application/json; charset=utf-8"})[0] == 200
    assert post(server, {"Content-Type": "application/json", "Origin": own})[0] == 200
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        status, answer = post(server, {"Content-Type": kind})
        assert status == 415 and "a request is application/json" in answer["error"]
    for origin in ("http://attacker.example", "null", "https://127.0.0.1", f"{own}.attacker.example"):
        status, answer = post(server, {"Content-Type": "application/json", "Origin": origin})
        assert status == 403 and answer == {"error": "pages of other websites are not answered"}


# Item 11: no failure of the server's own.


BAD_BODIES = {
    "deep": b'{"inputs": ' + b"[" * 900 + b"1" + b"]" * 900 + b"}",
    "deep rows": b'{"instances": ' + b"[" * 900 + b"]" * 900 + b"}",
    "deep object": b'{"inputs": {"x": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}}",
    "deep document": b"[" * 900 + b"]" * 900,
    "deep name": b'{"signature_name": ' + b"[" * 900 + b"]" * 900 + b"}",
    "half of a pair": b'{"signature_name": "\\ud800", "inputs": [1]}',
    "many digits": b'{"inputs": [' + b"9" * 5000 + b"]}",
    "a large number": b'{"inputs": [1' + b"0" * 400 + b"]}",
    "a scalar": b'{"inputs": 3}',
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_an_odd_body_is_400(server, case):
    status, answer = post(server, {"Content-Type": "application/json"}, BAD_BODIES[case])
    assert status == 400 and list(answer) == ["error"] and len(answer["error"]) < 200


@pytest.mark.parametrize("tag", ['"\\udc80"', '{"b64": "gICA"}'])
def test_text_that_is_none_is_400(server, tag):
    body = b'{"inputs": {"tag": [%s], "signal": [[1]], "sensor": [[[1]]]}}' % tag.encode()
    status, answer = post(server, {"Content-Type": "application/json"}, body, "echo")
    assert status == 400 and "no text" in answer["error"]


def tensor(dtype, sides=(1,), **fields):
    proto = tf.make_tensor_proto([1.0])
    proto.dtype = dtype
    proto.tensor_shape.ClearField("dim")
    for side in sides:
        proto.tensor_shape.dim.add(size=side)
    return proto


@pytest.mark.parametrize(
    ("dtype", "sides", "words"),
    [
        (20, (1,), "input x is resource; the signature takes float32"),
        (21, (1,), "input x is variant; the signature takes float32"),
        (0, (1,), "input x is of the unknown type 0; the signature takes float32"),
        (1, (-1, -1), "no shape that a tensor can have"),
        (1, (1 << 62, 1 << 62), "more than"),
        (1, (1,) * 300, "no shape that a tensor can have"),
    ],
)
def test_tensors_that_are_none_are_invalid_over_grpc(server, dtype, sides, words):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "half_plus_three"
    request.inputs["x"].CopyFrom(tensor(dtype, sides))
    assert refused(server, request.SerializeToString()) == ("INVALID_ARGUMENT", words)


@pytest.mark.parametrize("content", [b"\xff" * 20, b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x03\x0a\x01\xff", b"\x0b" * 5000])
def test_bytes_that_are_no_message_are_invalid_over_grpc(server, content):
    assert refused(server, content) == ("INVALID_ARGUMENT", "no PredictRequest")


def refused(server, content):
    """The code of the refusal, and as much of its words as the test compares."""
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary(METHOD)(content, timeout=60)
        return caught.value.code().name, Words(caught.value.details())


class Words(str):
    """Equal to any part of itself."""

    def __eq__(self, part):
        return part in str(self)

    __hash__ = str.__hash__


def test_what_is_no_http_in_the_middle_of_an_answer_ends_the_connection_only(server):
    body = json.dumps(request_for(png(200, 200))).encode()
    head = f"POST /v1/models/stylise:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(head + body + b"\x00\x01 no request\r\n\r\n")
        connection.settimeout(30)
        while connection.recv(1 << 16):
            pass
    assert timed(server) < 10


def test_a_picture_that_is_none_does_not_end_the_others(server):
    bodies = [request_for(png()), {"inputs": {"image_bytes": [b64(b"\x89PNG\r\n\x1a\n" + bytes(100))]}}]
    assert [server.predict("stylise", body)[0] for body in bodies] == [200, 400]
