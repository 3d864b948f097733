"""Tensors in the Open Inference Protocol's JSON form ({name, datatype, shape, data}, data flat or nested)."""

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any

import numpy as np

from .errors import invalid
from .signature import DATATYPE_BYTES, FLOATS, element_count, shape_text
from .tensors import DTYPES, Array, Tensor, float32_to_bfloat16, readable

_NOT_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_NOT_FINITE_NAMES = {str(number): name for name, number in _NOT_FINITE.items()}
_BITS = {"UINT8": 8, "UINT16": 16, "UINT32": 32, "UINT64": 64, "INT8": 8, "INT16": 16, "INT32": 32, "INT64": 64}


def tensor_from_json(value: Any) -> Tensor:
    """Raises INVALID_ARGUMENT with what is wrong. Numbers that JSON lacks stand as "NaN", "Infinity", "-Infinity"."""
    named = value if isinstance(value, dict) else {}
    name, datatype, shape, data = named.get("name"), named.get("datatype"), named.get("shape"), named.get("data")
    if not isinstance(name, str) or not isinstance(datatype, str) or datatype not in DATATYPE_BYTES or not isinstance(shape, list) or not isinstance(data, list):
        raise invalid(f"tensor {json.dumps(name)} needs name, datatype, shape and data")
    flat = list(flatten(data))
    count = element_count(shape, name)
    if len(flat) != count:
        raise invalid(f"tensor {name} has {len(flat)} elements, its shape [{shape_text(shape)}] {count}")
    return Tensor(name, datatype, _array(name, datatype, flat).reshape(shape))


def flatten(value: Any) -> Iterator[Any]:
    """What lists and tuples of any depth hold, in order; anything else is itself."""
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from flatten(part)
    else:
        yield value


def tensor_to_json(tensor: Tensor) -> dict[str, Any]:
    """What `tensor_from_json` reads, data flat. Raises UnicodeDecodeError for BYTES that are no UTF-8 text."""
    data = readable(tensor).reshape(-1).tolist()
    if tensor.datatype == "BYTES":
        data = [each.decode("utf-8") for each in data]
    elif tensor.datatype in FLOATS:
        data = [each if isfinite(each) else _NOT_FINITE_NAMES[str(each)] for each in data]
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.array.shape), "data": data}


def _array(name: str, datatype: str, values: list[Any]) -> Array:
    checked = [_element(name, datatype, value) for value in values]
    if datatype == "BYTES":
        elements = np.empty(len(checked), dtype=object)
        elements[:] = checked
        return elements
    if datatype in FLOATS:
        numbers = np.array(checked, dtype=np.float64)
        with np.errstate(over="ignore"):
            return float32_to_bfloat16(numbers.astype(np.float32)) if datatype == "BF16" else numbers.astype(DTYPES[datatype])
    return np.array(checked, dtype=DTYPES[datatype])


def _element(name: str, datatype: str, value: Any) -> Any:
    if datatype == "BYTES":
        if isinstance(value, str):
            return value.encode("utf-8", "replace")
    elif datatype == "BOOL":
        if isinstance(value, bool) or value in (0, 1):
            return bool(value)
    elif datatype in FLOATS:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        if isinstance(value, str) and value in _NOT_FINITE:
            return _NOT_FINITE[value]
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value):
        bits, signed = _BITS[datatype], datatype.startswith("I")
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1)) if signed else (0, 2**bits)
        if low <= value < high:
            return int(value)
    raise invalid(f"tensor {name} holds {json.dumps(value, default=str)[:100]}, which is not of its datatype")

