"""Frames between our processes: the layout of src/wire/frame.ts, tested by protocol/frames.json.

    u32 length | u8 version | u8 type | u16 0 | u32 id | u32 headerLength | header: UTF-8 JSON | body

`length` counts everything after itself; all numbers are little-endian.
"""

import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Optional

import numpy as np

from .errors import LeptonError, invalid
from .tensors import Array

FRAME_VERSION = 1
HEAD = struct.Struct("<IBBHII")
HEAD_BYTES = HEAD.size
#: Most bytes of one frame: 1 GiB.
FRAME_BYTES_MAX = 2**30
#: Most bytes of a frame's JSON header.
FRAME_JSON_BYTES_MAX = 64 * 2**20
#: Bodies of frames from this size on are received straight into memory of their own.
LARGE_FRAME_BYTES = 64 * 2**10


class FrameType(IntEnum):
    """The types of src/wire/frame.ts."""

    hello = 1
    helloAnswer = 2
    status = 3
    infer = 4
    inferResult = 5
    failure = 6
    ping = 7
    pong = 8
    stop = 9
    routingTable = 10
    routingAck = 11
    demand = 12
    replicaTrouble = 13
    cancel = 14
    call = 15
    callAnswer = 16
    wake = 17


_TYPES = {int(kind): kind for kind in FrameType}
_EMPTY = np.empty(0, dtype=np.uint8)


@dataclass(frozen=True)
class Frame:
    """One frame. The body (uint8) is memory of its own, writable, and starts aligned."""

    type: FrameType
    id: int
    header: Any
    body: Array


def encode_head(kind: FrameType, number: int, header: Any = None, body_bytes: int = 0) -> bytes:
    """The fixed part and the JSON header; the body follows as it is."""
    # As JavaScript writes it, so that both sides give the same bytes.
    text = b"" if header is None else json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    return HEAD.pack(HEAD_BYTES - 4 + len(text) + body_bytes, FRAME_VERSION, kind, 0, number, len(text)) + text


class FrameDecoder:
    """Cuts a byte stream into frames.

    Raises INVALID_ARGUMENT on a wrong version, type or JSON and TOO_LARGE over the limit; the stream then has no point
    to resume at. While a large body is due, `target()` is where to receive it, and `received(n)` says how much came.
    """

    def __init__(self, bytes_max: int = FRAME_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._partial = bytearray()
        self._needed = 4
        self._large: Optional[Frame] = None
        self._filled = 0

    def target(self) -> Optional[memoryview]:
        """The rest of the large body under way, or None."""
        return self._large.body.data[self._filled :] if self._large else None

    def received(self, count: int) -> Optional[Frame]:
        """Counts bytes that were received into `target()`; returns the frame that is whole with them."""
        self._filled += count
        large = self._large
        if large is None or self._filled < len(large.body):
            return None
        self._large, self._filled = None, 0
        return large

    def push(self, chunk: memoryview) -> list[Frame]:
        """The frames that are whole with these bytes; `chunk` may be reused afterwards."""
        frames: list[Frame] = []
        while self._large is not None and len(chunk):
            chunk = self._fill_large(chunk, frames)
        if not len(chunk):
            return frames
        if not self._partial:
            rest = self._cut(chunk, frames)
            self._partial += rest
            return frames
        self._partial += chunk
        if len(self._partial) < self._needed:
            return frames
        joined, self._partial = self._partial, bytearray()
        self._partial += self._cut(memoryview(joined), frames)
        return frames

    def _fill_large(self, chunk: memoryview, frames: list[Frame]) -> memoryview:
        target = self.target()
        assert target is not None
        count = min(len(target), len(chunk))
        target[:count] = chunk[:count]
        whole = self.received(count)
        if whole:
            frames.append(whole)
        return chunk[count:]

    def _cut(self, buffer: memoryview, frames: list[Frame]) -> memoryview:
        """Returns what is not yet a frame, and sets how much must be there before another look makes sense."""
        while len(buffer) >= 4:
            if len(buffer) < HEAD_BYTES:
                self._check_length(int.from_bytes(buffer[:4], "little"))
                self._needed = HEAD_BYTES
                return buffer
            # A peer that speaks something else is refused at its first bytes, not when "its frame" is complete.
            length, version, kind, _, number, json_bytes = HEAD.unpack_from(buffer)
            total = 4 + self._check_length(length)
            body_at = self._check_head(version, kind, json_bytes, total)
            if len(buffer) < (body_at if total >= LARGE_FRAME_BYTES else total):
                self._needed = body_at if total >= LARGE_FRAME_BYTES else total
                return buffer
            body = np.empty(total - body_at, dtype=np.uint8) if total > body_at else _EMPTY
            frame = Frame(_TYPES[kind], number, _parse_json(buffer[HEAD_BYTES:body_at]), body)
            if len(buffer) >= total:
                body.data[:] = buffer[body_at:total]
                frames.append(frame)
                buffer = buffer[total:]
                continue
            self._large = frame
            buffer = self._fill_large(buffer[body_at:], frames)
        self._needed = 4
        return buffer

    def _check_length(self, length: int) -> int:
        if length < HEAD_BYTES - 4:
            raise invalid(f"frame length {length} is shorter than a frame's head")
        if length > self._bytes_max:
            raise LeptonError("TOO_LARGE", f"frame of {length} bytes is over the limit of {self._bytes_max}")
        return length

    @staticmethod
    def _check_head(version: int, kind: int, json_bytes: int, total: int) -> int:
        if version != FRAME_VERSION:
            raise invalid(f"frame version {version} is not {FRAME_VERSION}")
        if kind not in _TYPES:
            raise invalid(f"frame type {kind} is unknown")
        body_at = HEAD_BYTES + json_bytes
        if body_at > total or json_bytes > FRAME_JSON_BYTES_MAX:
            raise invalid(f"frame header of {json_bytes} bytes does not fit its frame")
        return body_at


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _parse_json(raw: memoryview) -> Any:
    if not len(raw):
        return None
    try:
        return json.loads(bytes(raw).decode("utf-8", "replace"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise invalid("frame header is not JSON") from error
