"""Odd messages to `zoo serve` over gRPC, with honest ones between them."""

import random
import socket
from pathlib import Path

import grpc
import tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2

from tests.attack.mutations import damaged
from tests.attack.outcomes import Counts, state_of
from tests.export.requests import png
from tests.export.served import Server

SECONDS = 30
PREDICTION, MODEL = "/tensorflow.serving.PredictionService/", "/tensorflow.serving.ModelService/"
METHODS = (*(f"{PREDICTION}{name}" for name in ("Predict", "GetModelMetadata", "Classify")), f"{MODEL}GetModelStatus")
CLEAN = {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED", "UNIMPLEMENTED"}


def attack(directory: Path, count: int, seed: int) -> Counts:
    """Sends `count` messages to a server of its own on the export `directory`."""
    counts, before = Counts("gRPC requests"), state_of(directory)
    server = Server(directory, "--trust", "--max-body", "8", "--max-pixels", "0.5")
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        for index in range(count):
            chance = random.Random(f"{seed} grpc {index}")
            content = odd_message(chance)
            if chance.random() < 0.1:
                with socket.create_connection(("127.0.0.1", server.grpc_port)) as connection:
                    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + content[:4096])
            method = METHODS[0] if chance.random() < 0.8 else chance.choice(METHODS)
            try:
                channel.unary_unary(method)(content, timeout=SECONDS)
                code, words = "OK", ""
            except grpc.RpcError as error:
                code, words = error.code().name, error.details()
            if server.process.poll() is not None:
                counts.add("crashed", repr(content[:300]))
                break
            outcome = "clean" if code in CLEAN else "hung" if code == "DEADLINE_EXCEEDED" else "raw"
            counts.add(outcome, f"{code} {words} for {content[:300]!r}")
            if index % 25 == 24 and not honest(channel):
                counts.add("lost", f"after {index}")
    _, _, errors = server.stop()
    if errors:
        counts.add("raw", errors[-2000:])
    if state_of(directory) != before:
        counts.add("outside", "the export changed")
    return counts


def message(model: str, signature: str, **inputs) -> predict_pb2.PredictRequest:
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return request


def odd_message(chance: random.Random) -> bytes:
    picture = damaged(png(), chance) if chance.random() < 0.5 else png()
    request = chance.choice(
        (
            message("half_plus_three", "", x=[1.0]),
            message("stylise", "serve_bytes", image_bytes=[picture], style_weights=[[1.0, 0.0]], strength=[0.8]),
            message("echo", "", tag=[b"a"], signal=[[1]], sensor=[[[1.0]]]),
        )
    )
    tensor = request.inputs[chance.choice(sorted(request.inputs))]
    kind = chance.randrange(7)
    if kind == 0:
        tensor.dtype = chance.choice((*range(30), 100, 121, 2**31 - 1))
    elif kind == 1:
        tensor.tensor_shape.dim.add(size=chance.choice((-1, 0, 2, 2**31, 2**62)))
    elif kind == 2:
        tensor.tensor_shape.unknown_rank = True
        tensor.tensor_shape.ClearField("dim")
    elif kind == 3:
        tensor.tensor_content = chance.randbytes(chance.choice((0, 1, 4, 4096)))
    elif kind == 4:
        request.output_filter.append(chance.choice(("y", "", "nothing", "a" * 100_000)))
    elif kind == 5:
        request.model_spec.version.value = chance.choice((-1, 0, 1, 2**63 - 1))
    content = request.SerializeToString()
    if chance.random() < 0.1:
        content = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"]).SerializeToString()
    return damaged(content, chance) if chance.random() < 0.5 else content


def honest(channel: grpc.Channel) -> bool:
    content = message("half_plus_three", "", x=[1.0]).SerializeToString()
    answer = predict_pb2.PredictResponse.FromString(channel.unary_unary(METHODS[0])(content, timeout=SECONDS))
    return tf.make_ndarray(answer.outputs["y"]).tolist() == [3.5]
