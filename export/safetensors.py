"""Weights in the safetensors format: a header of JSON, then the numbers, and no code. Twenty lines in place of a dependency."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

TYPES = {
    "float32": "F32",
    "float16": "F16",
    "float64": "F64",
    "int64": "I64",
    "int32": "I32",
    "uint32": "U32",
    "uint8": "U8",
    "bool": "BOOL",
}


def write(path: Path, variables: Iterable[Any], facts: Mapping[str, str]) -> None:
    """Writes Keras variables by their paths. Raises ValueError where two have the same path."""
    header: dict[str, Any] = {"__metadata__": dict(facts)}
    content, end = [], 0
    for variable in variables:
        values = np.ascontiguousarray(variable.numpy())
        if variable.path in header:
            raise ValueError(f"two weights are called {variable.path}; give their layers names of their own")
        begin, end = end, end + values.nbytes
        header[variable.path] = {"dtype": TYPES[values.dtype.name], "shape": values.shape, "data_offsets": [begin, end]}
        content.append(values.astype(values.dtype.newbyteorder("<")).tobytes())
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(b"".join([len(text).to_bytes(8, "little"), text, *content]))
