"""`zoo serve` over gRPC: what REST gives, in TensorFlow Serving's own messages."""

import base64
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)

from tests.export.requests import png, request_for
from zoo.export.serving.warmup import FILE


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
