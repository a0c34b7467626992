"""Which file is to be taken where."""

import pytest

from zoo.export.manifest import Artifact, Parity
from zoo.export.recommendation import PLACES, reason, recommended


def artifact(form, precision, shape="dynamic", passed=True, latency=1.0):
    parity = Parity(0.0, 60.0, 1.0, 8, 50.0, passed)
    return Artifact(
        path=f"{form}/x-{shape}-{precision}", format=form, precision=precision, shape=shape, bytes=1, sha256="", parity=parity,
        latency_ms=latency, gpu_ready=False, notes="",
    )  # fmt: skip


def chosen(*artifacts):
    return {place: file.path for place, file in recommended(artifacts).items()}


def test_a_phone_takes_the_fixed_float16_file_a_server_the_savedmodel_a_page_the_shortest():
    files = [
        artifact(form, precision, shape)
        for form in ("savedmodel", "litert", "onnx", "web")
        for precision in ("float32", "float16", "dynamic_int8")
        for shape in ("dynamic", "256x256")
    ]
    assert chosen(*files) == {
        "phone": "litert/x-256x256-float16",
        "server": "savedmodel/x-dynamic-float32",
        "browser": "web/x-dynamic-dynamic_int8",
        "desktop": "onnx/x-dynamic-float32",
    }


def test_what_failed_is_never_recommended_and_what_is_missing_has_no_card():
    files = [artifact("litert", "float16", passed=False), artifact("litert", "dynamic_int8"), artifact("litert", "float32")]
    assert chosen(*files) == {
        "phone": "litert/x-dynamic-dynamic_int8",
        "desktop": "litert/x-dynamic-float32",
    }
    assert chosen() == {}


def test_of_equals_the_faster():
    files = [artifact("litert", "float16", size, latency=time) for size, time in (("512x512", 40.0), ("256x256", float("nan")))]
    assert chosen(*files) == {"phone": "litert/x-512x512-float16"}


def test_an_onnx_file_behind_a_server_is_not_called_the_saved_model():
    assert "signatures" in reason("server", artifact("savedmodel", "float32"))
    assert reason("server", artifact("onnx", "float32")) == "For servers that run ONNX."


@pytest.mark.parametrize("place", PLACES)
def test_every_reason_is_of_a_file_that_can_be_chosen(place):
    assert set(PLACES[place].why) <= set(PLACES[place].choices)
