"""Tensors as JSON, the way TensorFlow Serving's REST interface reads and writes them: by row or by column, bytes as base64."""

import base64
import binascii
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from zoo.export.serving.errors import invalid

ROW, COLUMN = "predictions", "outputs"
BINARY_SUFFIX = "_bytes"  # outputs of such a name are written as base64
MOST_VALUES = 2_000_000  # in one body: Python reads and writes them all at one go, while everybody waits
DEEPEST = 8  # axes of a tensor
PART_VALUES = 10_000  # written at one go
FLOAT_MAX = float(np.finfo("float32").max)


def read_body(body: bytes) -> dict[str, Any]:
    """The JSON object of a request. Raises ServingError."""
    if not body.strip():
        raise invalid("JSON Parse error: The document is empty")
    if sum(body.count(mark) for mark in (b",", b"[", b"{")) > MOST_VALUES:
        raise invalid(f"more than {MOST_VALUES:,} values; send files (the signature serve_bytes), or use gRPC")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError too
        where = f" at offset: {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise invalid(f"JSON Parse error: Invalid value{where}") from None
    if not isinstance(document, dict):
        raise invalid(f"JSON Value: {_shown(document)} Is not object")
    if not isinstance(document.get("signature_name", ""), str):
        raise invalid("JSON Value not formatted correctly. 'signature_name' key must be a string value.")
    return document


def read_tensors(
    document: Mapping[str, Any], wanted: Mapping[str, str], optional: Collection[str] = ()
) -> tuple[dict[str, np.ndarray], str]:
    """The inputs of a request and the form of its answer, ROW or COLUMN.

    `wanted` holds the types of the signature's inputs: a NumPy name, or "string"; those of `optional` may be left out, from all
    rows alike. Raises ServingError.
    """
    if "instances" in document and "inputs" in document:
        raise invalid("Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist")
    if "instances" in document:
        return _from_rows(document["instances"], wanted, optional), ROW
    if "inputs" in document:
        return _from_columns(document["inputs"], wanted, optional), COLUMN
    raise invalid("Missing 'inputs' or 'instances' key")


def named_inputs(document: Mapping[str, Any]) -> set[str]:
    """The names of the inputs in a request; nothing where it names none."""
    inputs = document.get("inputs", document.get("instances"))
    first = inputs[0] if isinstance(inputs, list) and inputs else inputs
    return set(first) if _is_row(first) else set()


def _from_columns(inputs: Any, wanted: Mapping[str, str], optional: Collection[str]) -> dict[str, np.ndarray]:
    if not isinstance(inputs, dict) or _is_base64(inputs):
        inputs = {_only(wanted, optional, "inputs is a plain value/list, but expecting an object"): inputs}
    for name in wanted:
        if name not in inputs and name not in optional:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
    return {name: _tensor(inputs[name], dtype) for name, dtype in wanted.items() if name in inputs}


def _only(wanted: Mapping[str, str], optional: Collection[str], reason: str) -> str:
    """The one input that a request must name."""
    needed = [name for name in wanted if name not in optional] or list(wanted)
    if len(needed) > 1:
        raise invalid(f"{reason} as multiple input tensors required")
    return needed[0]


def _from_rows(instances: Any, wanted: Mapping[str, str], optional: Collection[str]) -> dict[str, np.ndarray]:
    if not isinstance(instances, list):
        raise invalid("Expecting 'instances' to be a list/array")
    if not instances:
        raise invalid("No values in 'instances' array")
    rows = instances
    if not _is_row(instances[0]):
        only = _only(wanted, optional, "instances is a plain list, but expecting list of objects")
        for index, row in enumerate(instances):
            if _is_row(row):
                raise invalid(f"Expecting value/list but got object at item {index} of input list")
        rows = [{only: row} for row in instances]
    names = set(rows[0])
    for index, row in enumerate(rows):
        if not _is_row(row):
            raise invalid(f"Expecting object but got list at item {index} of input list")
        if set(row) != names or not set(wanted) - set(optional) <= names <= set(wanted):
            keys = ",".join(sorted(wanted))
            raise invalid(f"Failed to process element: {index} of 'instances' list. Keys must be equal to: {keys}")
    return {name: _tensor([row[name] for row in rows], dtype) for name, dtype in wanted.items() if name in names}


def _is_row(value: Any) -> bool:
    return isinstance(value, dict) and not _is_base64(value)


def _is_base64(value: Any) -> bool:
    return isinstance(value, dict) and list(value) == ["b64"] and isinstance(value["b64"], str)


def _tensor(value: Any, dtype: str) -> np.ndarray:
    """A nested list as an array; its shape is that of its first elements, and every other must agree."""
    shape: list[int] = []
    first = value
    while isinstance(first, list):
        if len(shape) == DEEPEST:
            raise invalid(f"a tensor has at most {DEEPEST} axes")
        shape.append(len(first))
        first = first[0] if first else None
    flat: list[Any] = []
    _flatten(value, 0, tuple(shape), dtype, flat)
    if dtype == "string":
        array = np.empty(len(flat), object)
        array[:] = flat
        return array.reshape(shape)
    try:
        array = np.array(flat, np.dtype(dtype) if dtype.startswith("int") else "float64")
    except OverflowError:
        raise invalid(f"JSON Value: a number too large for its type, which is expected to be: {dtype}") from None
    if array.dtype == "float64" and np.any(np.isfinite(array) & (np.abs(array) > FLOAT_MAX)):
        raise invalid("Cannot convert JSON value to float without loss of precision.")
    return array.astype(dtype).reshape(shape)


def _flatten(value: Any, level: int, shape: tuple[int, ...], dtype: str, flat: list[Any]) -> None:
    if level == len(shape):
        flat.append(_leaf(value, dtype))
    elif not isinstance(value, list) or len(value) != shape[level]:
        size = f"size: {len(value)}" if isinstance(value, list) else f"value: {_shown(value)}"
        raise invalid(f"Encountered list at unexpected {size} at level: {level} expected size: {shape[level]}")
    elif level == len(shape) - 1 and dtype != "string" and {type(leaf) for leaf in value} <= _NUMBERS[dtype.startswith("int")]:
        flat += value
    else:
        for part in value:
            _flatten(part, level + 1, shape, dtype, flat)


_NUMBERS: dict[bool, set[type]] = {False: {int, float}, True: {int}}


def _leaf(value: Any, dtype: str) -> Any:
    if isinstance(value, list):
        raise invalid("Encountered list at unexpected level")
    if dtype == "string" and _is_base64(value):
        text = "".join(value["b64"].split())  # line breaks and missing padding are allowed, as in TensorFlow Serving
        padding = "" if text.endswith("=") else "=" * (-len(text) % 4)
        try:
            return base64.b64decode(text + padding, validate=True)
        except (binascii.Error, ValueError):
            raise invalid("Unable to base64 decode") from None
    if dtype == "string" and isinstance(value, str):
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise invalid("JSON Value: a string with half of a surrogate pair is no text") from None
    if dtype != "string" and type(value) in _NUMBERS[dtype.startswith("int")]:
        return value
    expected = dtype.removesuffix("32") if dtype == "float32" else dtype
    raise invalid(f"JSON Value: {_shown(value)} is not of expected type: {expected}")


def _shown(value: Any) -> str:
    if isinstance(value, list | dict):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"
    text = json.dumps(value[:60] if isinstance(value, str) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def write_tensors(outputs: Mapping[str, np.ndarray], form: str) -> bytes:
    """The body of an answer. A single output has no name; bytes are base64 where the name says so. Raises ServingError."""
    if sum(array.size for array in outputs.values() if array.dtype != object) > MOST_VALUES:
        raise invalid("the answer is too large for JSON; ask over gRPC, or with the signature serve_bytes")
    texts = {name: _texts(name, array) for name, array in outputs.items()}
    if len(texts) == 1:
        answer = _joined(*texts.values())
    elif form == ROW:
        answer = _joined([_object(dict(zip(texts, row, strict=True))) for row in zip(*texts.values(), strict=True)])
    else:
        answer = _object({name: _joined(rows) for name, rows in texts.items()})
    return _object({form: answer}).encode()


def _texts(name: str, array: np.ndarray) -> list[str]:
    """The JSON of every example."""
    if array.dtype != object:
        return [_numbers(example) for example in array]
    if name.endswith(BINARY_SUFFIX):
        return [f'{{"b64": "{base64.b64encode(value).decode()}"}}' for value in array]
    try:
        return [json.dumps(value.decode()) for value in array]
    except (UnicodeDecodeError, AttributeError):
        raise invalid(f"output {name} is no text; ask over gRPC") from None


def _numbers(array: np.ndarray) -> str:
    """Part by part where it is large, since other threads stand still while Python writes a list."""
    return _joined(map(_numbers, array)) if array.ndim > 1 and array.size > PART_VALUES else json.dumps(array.tolist())


def _joined(texts: Iterable[str]) -> str:
    return f"[{', '.join(texts)}]"


def _object(texts: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{json.dumps(name)}: {text}' for name, text in texts.items())}}}"
