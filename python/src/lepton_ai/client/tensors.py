"""Requests and answers of the binary tensor extension."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Optional, Union, cast

import numpy as np

from lepton_ai_worker.errors import LeptonError as WorkerError
from lepton_ai_worker.tensors import DTYPES, bfloat16_to_float32, from_array, from_bytes, to_bytes

from ..errors import InvalidArgumentError, ServerUnreachableError
from .result import Array

#: Numbers that need no conversion: their bytes go out as they lie.
_PLAIN = {dtype: name for name, dtype in DTYPES.items() if name not in ("BF16", "BYTES")}

Parameters = tuple[tuple[str, Union[str, int, float, bool]], ...]


class Encoded(NamedTuple):
    """One input as it goes out."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: memoryview


def encode(inputs: Mapping[str, Any]) -> list[Encoded]:
    """Arrays (or what numpy makes arrays of) as bytes; contiguous little-endian numbers are not copied."""
    if not inputs:
        raise InvalidArgumentError("inputs is empty; give {name: array}")
    return [_encode(name, value) for name, value in inputs.items()]


def _encode(name: str, value: Any) -> Encoded:
    array = value if type(value) is np.ndarray else _array(name, value)
    datatype = _PLAIN.get(array.dtype)
    if datatype is None or not array.flags.c_contiguous:
        try:
            tensor = from_array(name, np.ascontiguousarray(array).reshape(array.shape))
        except WorkerError:
            raise InvalidArgumentError(f"input {name!r} {_unknown(array)}") from None
        return Encoded(name, tensor.datatype, array.shape, _view(to_bytes(tensor)))
    if not array.size:
        return Encoded(name, datatype, array.shape, memoryview(b""))
    return Encoded(name, datatype, array.shape, _view(array.reshape(-1).view(np.uint8)))


def _array(name: str, value: Any) -> Array:
    if isinstance(value, np.ma.MaskedArray):
        raise InvalidArgumentError(f"input {name!r} has a mask, which the protocol lacks; give its .filled(value)")
    try:
        return np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InvalidArgumentError(f"input {name!r} is a {type(value).__name__} of which numpy makes no array: {error}") from None


def _unknown(array: Array) -> str:
    other = next((each for each in array.reshape(-1).tolist() if not isinstance(each, (str, bytes, bytearray, memoryview))), None) if array.dtype.kind == "O" else None
    held = f" and holds {type(other).__name__} {str(other)[:80]!r}; texts and bytes can stand in it, numbers need a dtype of their own" if array.dtype.kind == "O" else ", for which the protocol has no datatype"
    return f"has dtype {array.dtype}{held}"


def _view(array: Array) -> memoryview:
    # numpy's own type does not tell before Python 3.12 that it is a buffer.
    return memoryview(cast(Any, array))


@lru_cache(maxsize=256)
def request_head(described: tuple[tuple[str, str, tuple[int, ...], int], ...], outputs: Optional[tuple[str, ...]], parameters: Parameters, request_id: Optional[str]) -> bytes:
    """The JSON before the tensors. Requests of one form share it."""
    message: dict[str, Any] = {
        "parameters": dict(parameters) if outputs else {**dict(parameters), "binary_data_output": True},
        "inputs": [{"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": size}} for name, datatype, shape, size in described],
    }
    if request_id is not None:
        message["id"] = request_id
    if outputs:
        message["outputs"] = [{"name": name, "parameters": {"binary_data": True}} for name in outputs]
    return json.dumps(message, separators=(",", ":")).encode()


def describe(inputs: Sequence[Encoded]) -> tuple[tuple[str, str, tuple[int, ...], int], ...]:
    """What `request_head` is made of."""
    return tuple((each.name, each.datatype, each.shape, each.data.nbytes) for each in inputs)


def decode(body: Array, head_bytes: int) -> tuple[dict[str, Array], str]:
    """Outputs, as views of the answer's bytes, and the version that the body names."""
    try:
        message = json.loads(body[:head_bytes].tobytes())
        offset, outputs = head_bytes, {}
        for output in message.get("outputs", ()):
            size = output.get("parameters", {}).get("binary_data_size")
            if size is None:
                outputs[output["name"]] = _from_json(output)
                continue
            if offset + size > body.size:
                raise ValueError("it is shorter than it says")
            outputs[output["name"]] = array_of(output["name"], output["datatype"], output["shape"], body[offset : offset + size])
            offset += size
        return outputs, str(message.get("model_version", ""))
    except (ValueError, KeyError, TypeError) as error:
        raise ServerUnreachableError(f"the server's answer cannot be read: {error}") from None


def array_of(name: str, datatype: str, shape: Sequence[int], data: Array) -> Array:
    """A tensor's bytes as an array; BF16 as float32, BYTES as an object array of `bytes`."""
    if datatype != "BYTES" and data.size != math.prod(shape) * DTYPES[datatype].itemsize:
        raise ValueError(f"output {name} has {data.size} bytes, its shape {list(shape)} of {datatype} other many")
    tensor = from_bytes(name, datatype, shape, data)
    return bfloat16_to_float32(tensor.array) if datatype == "BF16" else tensor.array


def _from_json(output: Mapping[str, Any]) -> Array:
    shape: tuple[int, ...] = tuple(output["shape"])
    if output["datatype"] == "BYTES":
        array = np.empty(len(output["data"]), dtype=object)
        array[:] = [each.encode() for each in output["data"]]
        return array.reshape(shape)
    dtype = np.dtype(np.float32) if output["datatype"] == "BF16" else DTYPES[output["datatype"]]
    return np.array(output["data"], dtype=dtype).reshape(shape)
