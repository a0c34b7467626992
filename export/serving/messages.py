"""The messages that describe a model, as plain values with protobuf's field names: status and metadata."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo.export.serving.errors import invalid
from zoo.export.serving.models import Version


def status(numbers: Sequence[int]) -> dict[str, Any]:
    """A GetModelStatusResponse. What does not load stops the server, so that every version there is is available."""
    return {
        "model_version_status": [
            {"version": str(number), "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
            for number in numbers
        ]
    }


def metadata(version: Version) -> dict[str, Any]:
    """A GetModelMetadataResponse with the only field that TensorFlow Serving has, the signatures."""
    from google.protobuf.json_format import MessageToDict

    signatures = {
        name: MessageToDict(signature, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
        for name, signature in sorted(version.signatures.items())
    }
    return {
        "model_spec": {"name": version.model, "signature_name": "", "version": str(version.number)},
        "metadata": {"signature_def": {"signature_def": signatures}},
    }


def numpy_type(info: Any) -> str:
    """The type of a TensorInfo: the name of a NumPy type, or "string"."""
    import tensorflow as tf

    try:
        dtype = tf.dtypes.as_dtype(info.dtype)
        return "string" if dtype == tf.string else np.dtype(dtype.as_numpy_dtype).name
    except TypeError:  # a resource, a variant
        raise invalid(f"input {info.name} is of a type that JSON cannot hold") from None
