"""Protocol buffers by hand, for the few messages of the protocol: no descriptor is registered, so nothing clashes with other clients'."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any, Union

from ..errors import ServerUnreachableError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; negative numbers as 64 bits of two's complement."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(field: int, value: Union[str, bytes, memoryview]) -> bytes:
    """A string, bytes or message."""
    data = value.encode() if isinstance(value, str) else bytes(value)
    return varint(field << 3 | _BYTES) + varint(len(data)) + data


def packed(field: int, values: tuple[int, ...]) -> bytes:
    """Repeated numbers."""
    return text(field, b"".join(map(varint, values))) if values else b""


def double(field: int, value: float) -> bytes:
    """A double, 64 bits."""
    return varint(field << 3 | _FIXED64) + struct.pack("<d", value)


def bit(field: int, value: bool) -> bytes:
    """True or false."""
    return varint(field << 3) + varint(int(value))


def parameters(field: int, values: Mapping[str, Any]) -> bytes:
    """map<string, InferParameter>."""
    return b"".join(text(field, text(1, name) + text(2, _parameter(value))) for name, value in values.items())


def _parameter(value: Any) -> bytes:
    if isinstance(value, bool):
        return bit(1, value)
    if isinstance(value, int):
        return varint(2 << 3) + varint(value)
    if isinstance(value, float):
        return double(4, value)
    return text(3, str(value))


def fields(data: memoryview) -> Iterator[tuple[int, Any]]:
    """Field numbers with their values: whole numbers, or a view of the bytes."""
    at, end = 0, len(data)
    try:
        while at < end:
            key, at = _read_varint(data, at)
            kind = key & 7
            if kind == _VARINT:
                value, at = _read_varint(data, at)
                yield key >> 3, value
            elif kind == _BYTES:
                size, at = _read_varint(data, at)
                if at + size > end:
                    raise IndexError
                yield key >> 3, data[at : at + size]
                at += size
            elif kind in (_FIXED64, _FIXED32):
                size = 8 if kind == _FIXED64 else 4
                yield key >> 3, data[at : at + size]
                at += size
            else:
                raise IndexError
    except IndexError:
        raise ServerUnreachableError("the server's answer cannot be read: it is no protocol buffer") from None


def _read_varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise IndexError


def numbers(value: Any) -> list[int]:
    """A repeated int64, packed or one of them."""
    if isinstance(value, int):
        return [_signed(value)]
    found, at = [], 0
    while at < len(value):
        number, at = _read_varint(value, at)
        found.append(_signed(number))
    return found


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def string(value: memoryview) -> str:
    """UTF-8."""
    return bytes(value).decode("utf-8", "replace")
