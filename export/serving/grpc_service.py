"""TensorFlow Serving's gRPC services Predict, GetModelMetadata and GetModelStatus, on tensorflow-serving-api's stubs."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import grpc
import numpy as np
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from zoo.export.quiet import quiet
from zoo.export.serving.errors import ServingError, invalid
from zoo.export.serving.models import Version
from zoo.export.serving.preview import Preview

THREADS = 8  # each can hold one received message while it waits for the model
T = TypeVar("T")


class Services(prediction_service_pb2_grpc.PredictionServiceServicer, model_service_pb2_grpc.ModelServiceServicer):
    """The methods of both services; their names are the protocol's."""

    def __init__(self, preview: Preview) -> None:
        self.preview = preview

    def Predict(self, request: Any, context: grpc.ServicerContext) -> Any:
        def answer() -> Any:
            with self.preview.gate.admitted() as ticket:
                ticket.hold(request.ByteSize())
                return self.preview.worker.submit(self._predict, request).result()

        return _answered(context, answer)

    def _predict(self, request: Any) -> Any:
        import tensorflow as tf

        version = self.preview.models.find(*_where(request.model_spec))
        version.check_names(request.model_spec.signature_name, request.inputs)
        inputs = {name: _array(name, tensor, self.preview.limits.body_bytes) for name, tensor in request.inputs.items()}
        outputs = version.predict(request.model_spec.signature_name, inputs, self.preview.limits.max_pixels)
        if unknown := sorted(set(request.output_filter) - set(outputs)):
            raise invalid(f"output tensor alias not found in signature: {unknown[0]}")
        response = predict_pb2.PredictResponse()
        _fill(response.model_spec, version, request.model_spec.signature_name or "serving_default")
        for name in request.output_filter or outputs:
            response.outputs[name].CopyFrom(tf.make_tensor_proto(outputs[name]))
        return response

    def GetModelStatus(self, request: Any, context: grpc.ServicerContext) -> Any:
        def answer() -> Any:
            response = get_model_status_pb2.GetModelStatusResponse()
            for number in self.preview.models.status(*_where(request.model_spec)):
                available = get_model_status_pb2.ModelVersionStatus.State.AVAILABLE
                response.model_version_status.add(version=number, state=available).status.SetInParent()
            return response

        return _answered(context, answer)

    def GetModelMetadata(self, request: Any, context: grpc.ServicerContext) -> Any:
        def answer() -> Any:
            if list(request.metadata_field) != ["signature_def"]:
                raise invalid("metadata_field: only signature_def is there")
            version = self.preview.models.find(*_where(request.model_spec))
            signatures = get_model_metadata_pb2.SignatureDefMap(signature_def=version.signatures)
            response = get_model_metadata_pb2.GetModelMetadataResponse()
            _fill(response.model_spec, version, "")
            response.metadata["signature_def"].Pack(signatures)
            return response

        return _answered(context, answer)

    def _unsupported(self, request: Any, context: grpc.ServicerContext) -> None:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "this model has no signature for that; call Predict")

    Classify = Regress = MultiInference = HandleReloadConfigRequest = _unsupported


def _answered(context: grpc.ServicerContext, answer: Callable[[], T]) -> T | None:
    try:
        return answer()
    except ServingError as error:
        context.abort(grpc.StatusCode[error.code], error.message)
    return None


def _where(spec: Any) -> tuple[str, int | None, str | None]:
    if not spec.name:
        raise invalid("Missing ModelSpec")
    choice = spec.WhichOneof("version_choice")
    number = spec.version.value if choice == "version" else None
    return spec.name, number, spec.version_label if choice == "version_label" else None


def _fill(spec: Any, version: Version, signature: str) -> None:
    spec.name, spec.signature_name, spec.version.value = version.model, signature, version.number


def _array(name: str, tensor: Any, most: int) -> np.ndarray:
    """The tensor's values. A message may hold one value for all of a tensor, so that a small one can name a huge shape."""
    import tensorflow as tf

    if math.prod(axis.size for axis in tensor.tensor_shape.dim) > most:
        raise invalid(f"input {name} has more than {most:,} elements")
    try:
        return tf.make_ndarray(tensor)
    except (TypeError, ValueError) as error:
        raise invalid(f"input {name} is no tensor: {' '.join(str(error).split())}") from None


def start(preview: Preview, host: str, port: int) -> tuple[grpc.Server, int]:
    """A running server and its port, chosen by the system where 0 is given. Raises OSError where the port is taken."""
    options = [
        ("grpc.so_reuseport", 0),  # otherwise a second server takes the port without a word, and half of the requests
        ("grpc.max_receive_message_length", preview.limits.body_bytes),
        ("grpc.max_send_message_length", -1),
    ]
    server = grpc.server(ThreadPoolExecutor(THREADS, "grpc"), options=options, maximum_concurrent_rpcs=preview.limits.requests)
    services = Services(preview)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(services, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(services, server)
    try:
        with quiet():
            chosen = server.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except RuntimeError as error:
        raise OSError(f"cannot listen on {host}:{port} (gRPC): the port is in use; choose another --grpc-port") from error
    server.start()
    return server, chosen
