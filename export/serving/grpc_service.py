"""TensorFlow Serving's gRPC services Predict, GetModelMetadata and GetModelStatus, on tensorflow-serving-api's stubs."""

import logging
import math
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
import numpy as np
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, predict_pb2

from zoo.export.quiet import quiet
from zoo.export.serving.connections import MOST
from zoo.export.serving.errors import ServingError, invalid
from zoo.export.serving.json_tensors import DEEPEST
from zoo.export.serving.models import Version
from zoo.export.serving.preview import Preview, Work

SERVICES = {
    "tensorflow.serving.PredictionService": {
        "Predict": predict_pb2.PredictRequest,
        "GetModelMetadata": get_model_metadata_pb2.GetModelMetadataRequest,
        **dict.fromkeys(("Classify", "Regress", "MultiInference")),
    },
    "tensorflow.serving.ModelService": {
        "GetModelStatus": get_model_status_pb2.GetModelStatusRequest,
        "HandleReloadConfigRequest": None,
    },
}


class Services:
    """The methods of both services, from bytes to bytes; their names are the protocol's."""

    def __init__(self, preview: Preview) -> None:
        self.preview = preview

    async def Predict(self, request: bytes) -> bytes:
        with self.preview.gate.ticket() as ticket:
            ticket.hold(len(request))
            return await self.preview.answered(len(request), lambda: self._work(request))

    def _work(self, content: bytes) -> Work:
        request = parsed(predict_pb2.PredictRequest, content)
        version = self.preview.models.find(*_where(request.model_spec))
        name = request.model_spec.signature_name
        version.check_names(name, request.inputs)
        if unknown := sorted(set(request.output_filter) - set(version.signature(name).outputs)):
            raise invalid(f"output tensor alias not found in signature: {unknown[0]}")
        types = {key: info.dtype for key, info in version.signature(name).inputs.items()}
        most = self.preview.limits.body_bytes
        inputs = {key: _array(key, tensor, types[key], most) for key, tensor in request.inputs.items()}
        filters = list(request.output_filter)
        return Work(version, name, inputs, lambda outputs: _response(version, name, outputs, filters))

    async def GetModelStatus(self, content: bytes) -> bytes:
        request = parsed(get_model_status_pb2.GetModelStatusRequest, content)
        response = get_model_status_pb2.GetModelStatusResponse()
        for number in self.preview.models.status(*_where(request.model_spec)):
            available = get_model_status_pb2.ModelVersionStatus.State.AVAILABLE
            response.model_version_status.add(version=number, state=available).status.SetInParent()
        return response.SerializeToString()

    async def GetModelMetadata(self, content: bytes) -> bytes:
        request = parsed(get_model_metadata_pb2.GetModelMetadataRequest, content)
        if list(request.metadata_field) != ["signature_def"]:
            raise invalid("metadata_field: only signature_def is there")
        version = self.preview.models.find(*_where(request.model_spec))
        signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=version.signatures)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        _fill(response.model_spec, version, "")
        response.metadata["signature_def"].Pack(signatures)
        return response.SerializeToString()

    async def _unsupported(self, content: bytes) -> bytes:
        raise ServingError("UNIMPLEMENTED", "this model has no signature for that; call Predict")

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        """Given the bytes as they came: what cannot be decoded is then ours to refuse, and no failure of the server's."""
        return [
            grpc.method_handlers_generic_handler(
                service,
                {
                    name: grpc.unary_unary_rpc_method_handler(_answering(getattr(self, name) if kind else self._unsupported))
                    for name, kind in methods.items()
                },
            )
            for service, methods in SERVICES.items()
        ]


def _answering(method: Callable[[bytes], Awaitable[bytes]]) -> Callable[[bytes, Any], Awaitable[bytes]]:
    async def answer(content: bytes, context: Any) -> bytes:
        try:
            return await method(content)
        except ServingError as error:
            await context.abort(grpc.StatusCode[error.code], error.message)
        except Exception:
            logging.getLogger(__name__).exception("a request failed")
            await context.abort(grpc.StatusCode.INTERNAL, "the server failed on this request; its terminal shows where")
        return b""

    return answer


def parsed(kind: Any, content: bytes) -> Any:
    """The message. Raises ServingError for bytes that are none."""
    try:
        return kind.FromString(content)
    except DecodeError:
        raise invalid(f"these bytes are no {kind.DESCRIPTOR.name}") from None


def _response(version: Version, signature: str, outputs: dict[str, np.ndarray], names: list[str]) -> bytes:
    import tensorflow as tf

    response = predict_pb2.PredictResponse()
    _fill(response.model_spec, version, signature or "serving_default")
    for name in names or outputs:
        response.outputs[name].CopyFrom(tf.make_tensor_proto(outputs[name]))
    return response.SerializeToString()


def _where(spec: Any) -> tuple[str, int | None, str | None]:
    if not spec.name:
        raise invalid("Missing ModelSpec")
    choice = spec.WhichOneof("version_choice")
    number = spec.version.value if choice == "version" else None
    return spec.name, number, spec.version_label if choice == "version_label" else None


def _fill(spec: Any, version: Version, signature: str) -> None:
    spec.name, spec.signature_name, spec.version.value = version.model, signature, version.number


def _array(name: str, tensor: Any, dtype: int, most: int) -> np.ndarray:
    """The tensor's values. A message may hold one value for all of a tensor, so that a small one can name a huge shape."""
    import tensorflow as tf

    if tensor.dtype != dtype:
        raise invalid(f"input {name} is {_type_name(tensor.dtype)}; the signature takes {_type_name(dtype)}")
    sides = [axis.size for axis in tensor.tensor_shape.dim]
    if any(side < 0 for side in sides) or len(sides) > DEEPEST:
        raise invalid(f"input {name} has no shape that a tensor can have")
    if math.prod(sides) > most:
        raise invalid(f"input {name} has more than {most:,} elements")
    try:
        return tf.make_ndarray(tensor)
    except (TypeError, ValueError, IndexError) as error:
        raise invalid(f"input {name} is no tensor: {' '.join(str(error).split())[:200]}") from None


def _type_name(number: int) -> str:
    import tensorflow as tf

    try:
        return tf.dtypes.as_dtype(number).name
    except TypeError:
        return f"of the unknown type {number}"


async def start(preview: Preview, host: str, port: int) -> tuple[Any, int]:
    """A running server on this event loop and its port, chosen by the system where 0 is given.

    Raises OSError where the port is taken.
    """
    options = [
        ("grpc.so_reuseport", 0),  # otherwise a second server takes the port without a word, and half of the requests
        ("grpc.max_receive_message_length", preview.limits.body_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_concurrent_streams", preview.limits.requests),
        ("grpc.max_allowed_incoming_connections", MOST),  # more are closed as they come
        # Who connects and says nothing, or sends half of a request, is let go.
        ("grpc.server_handshake_timeout_ms", 5_000),
        ("grpc.max_connection_idle_ms", 30_000),
        ("grpc.max_connection_age_ms", 120_000),
        ("grpc.max_connection_age_grace_ms", 30_000),
    ]
    server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers(Services(preview).handlers())
    try:
        with quiet():
            chosen = server.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except RuntimeError as error:
        raise OSError(f"cannot listen on {host}:{port} (gRPC): the port is in use; choose another --grpc-port") from error
    await server.start()
    return server, chosen
