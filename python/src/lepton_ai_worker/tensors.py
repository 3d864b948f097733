"""Tensors as numpy arrays, and as the bytes that go over the wire: row-major, little-endian."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import LeptonError, invalid
from .signature import element_count

Array = npt.NDArray[Any]

#: BF16 has no dtype in numpy: its bits stand in an array of uint16. BYTES is an object array of `bytes`.
DTYPES: Mapping[str, "np.dtype[Any]"] = {
    name: np.dtype(code)
    for name, code in {
        "BOOL": "?", "UINT8": "u1", "UINT16": "<u2", "UINT32": "<u4", "UINT64": "<u8", "INT8": "i1", "INT16": "<i2", "INT32": "<i4",
        "INT64": "<i8", "FP16": "<f2", "BF16": "<u2", "FP32": "<f4", "FP64": "<f8", "BYTES": "O",
    }.items()
}  # fmt: skip

#: The datatypes of numpy's own dtypes, little-endian.
DATATYPES: Mapping["np.dtype[Any]", str] = {dtype: name for name, dtype in DTYPES.items() if name not in ("BF16", "BYTES")}
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True)
class Tensor:
    """One tensor; the array's dtype is `DTYPES[datatype]`."""

    name: str
    datatype: str
    array: Array


def from_bytes(name: str, datatype: str, shape: Sequence[int], data: Array) -> Tensor:
    """A tensor over `data` (uint8), without a copy where alignment allows. The sizes have been checked, but for BYTES."""
    if datatype == "BYTES":
        return Tensor(name, datatype, _elements(name, shape, data))
    array = data.view(DTYPES["UINT8" if datatype == "BOOL" else datatype]).reshape(shape)
    if datatype == "BOOL":
        array = (array != 0) if array.size and array.max() > 1 else array.view(np.bool_)
    return Tensor(name, datatype, array if array.flags.aligned else array.copy())


def _elements(name: str, shape: Sequence[int], data: Array) -> Array:
    raw, count = data.tobytes(), element_count(shape)
    disagree = f"tensor {_quoted(name)}: {len(raw)} bytes are not {count} length-prefixed elements"
    # Each element takes at least its four length bytes, so the count is bounded by the data before anything is allocated.
    if count * 4 > len(raw):
        raise invalid(disagree)
    elements = np.empty(count, dtype=object)
    at = 0
    for index in range(count):
        if at + 4 > len(raw):
            raise invalid(disagree)
        start = at + 4
        at = start + _LENGTH.unpack_from(raw, at)[0]
        if at > len(raw):
            raise invalid(disagree)
        elements[index] = raw[start:at]
    if at != len(raw):
        raise invalid(disagree)
    return elements.reshape(shape)


def to_bytes(tensor: Tensor) -> Array:
    """The tensor's bytes as a flat uint8 array, a view of the tensor's own where that is possible."""
    if tensor.datatype == "BYTES":
        parts: list[bytes] = []
        for element in tensor.array.reshape(-1):
            parts += (_LENGTH.pack(len(element)), element)
        return np.frombuffer(b"".join(parts), dtype=np.uint8)
    array = np.asarray(tensor.array, dtype=DTYPES[tensor.datatype], order="C")
    return array.reshape(-1).view(np.uint8)


def from_array(name: str, array: Array) -> Tensor:
    """The tensor that an array of any usual dtype stands for; texts become UTF-8. Raises MODEL_ERROR for dtypes that have no datatype."""
    dtype = array.dtype.newbyteorder("<") if array.dtype.byteorder == ">" else array.dtype
    datatype = DATATYPES.get(dtype)
    if datatype:
        return Tensor(name, datatype, array)
    if array.dtype.kind in "OUS":
        return Tensor(name, "BYTES", _byte_objects(name, array))
    if array.dtype.name == "bfloat16":
        return Tensor(name, "BF16", array.view(np.uint16))
    raise LeptonError("MODEL_ERROR", f"output {_quoted(name)} has dtype {array.dtype}, for which the protocol has no datatype")


def _byte_objects(name: str, array: Array) -> Array:
    elements = np.empty(array.size, dtype=object)
    for index, value in enumerate(array.reshape(-1).tolist()):
        if isinstance(value, str):
            elements[index] = value.encode("utf-8", "surrogateescape")
        elif isinstance(value, (bytes, bytearray, memoryview)):
            elements[index] = bytes(value)
        else:
            raise LeptonError("MODEL_ERROR", f"output {_quoted(name)} holds {type(value).__name__} {str(value)[:80]!r}, which is neither text nor bytes nor a number of one datatype")
    return elements.reshape(array.shape)


def bfloat16_to_float32(bits: Array) -> Array:
    """The numbers that BF16 bits stand for."""
    return np.asarray((bits.astype(np.uint32) << np.uint32(16)).view(np.float32)).reshape(bits.shape)


def float32_to_bfloat16(values: Array) -> Array:
    """Rounded to nearest, ties to even; NaN stays NaN."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32).reshape(np.shape(values))
    rounded = ((bits + (np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))) >> np.uint32(16)).astype(np.uint16)
    nan = ((bits >> np.uint32(16)) | np.uint32(0x40)).astype(np.uint16)
    return np.asarray(np.where(np.isnan(values), nan, rounded))


def readable(tensor: Tensor, text: bool = False) -> Array:
    """What user code and numpy-based libraries take: numbers, BF16 as float32, BYTES as `bytes`, or as `str` where `text`."""
    if tensor.datatype == "BF16":
        return bfloat16_to_float32(tensor.array)
    if tensor.datatype == "BYTES" and text:
        decoded = np.empty(tensor.array.size, dtype=object)
        for index, element in enumerate(tensor.array.reshape(-1)):
            try:
                decoded[index] = element.decode("utf-8")
            except UnicodeDecodeError as error:
                raise invalid(f"input {_quoted(tensor.name)}: element {index} is not UTF-8 text ({error.reason} at byte {error.start})") from None
        return decoded.reshape(tensor.array.shape)
    return tensor.array


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
