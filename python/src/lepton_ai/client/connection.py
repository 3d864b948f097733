"""One socket of the synchronous client: a request out, its answer in."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Sequence
from typing import Any, Optional, cast

import numpy as np

from ..errors import ServerUnreachableError
from .http_message import HEAD_BYTES_MAX, Address, Head, chunk_size, parse_head
from .result import Array, body_memory

_BUFFERS_MAX = 64
#: How old a time limit that the kernel was given may be, seconds: so much later than the deadline it may end.
_LIMIT_AGE_MAX = 0.05
_END = b"\r\n\r\n"


class Connection:
    """Raises TimeoutError at the deadline (time.monotonic), OSError or EOFError when it breaks.

    The socket blocks, and the kernel keeps the time limits: a socket of Python's with a timeout is polled before each call, and gives
    a large answer away piece by piece.
    """

    def __init__(self, address: Address, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        plain = socket.create_connection((address.host, address.port), timeout=left)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._secure = address.secure
        self._socket = _secured(plain, address) if address.secure else plain
        if not self._secure:
            self._socket.settimeout(None)
        self._limited_at = -_LIMIT_AGE_MAX
        # Received and not yet read: from start to end.
        self._buffer = bytearray(HEAD_BYTES_MAX)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0

    def close(self) -> None:
        """Never raises."""
        try:
            self._socket.close()
        except OSError:
            pass

    def exchange(self, parts: Sequence[memoryview], deadline: float) -> tuple[Head, Array]:
        """Sends a request and reads its answer. `Head.keeps` is False of one that came before all was sent."""
        refused = self._send(list(parts), deadline)
        try:
            self._limit(socket.SO_RCVTIMEO, deadline)
            head = self._head(deadline)
            while head.status == 100:
                head = self._head(deadline)
            body = self._body(head, deadline)
        except (OSError, EOFError):
            if refused:
                raise refused from None
            raise
        return (Head(head.status, {**head.headers, "connection": "close"}) if refused else head), body

    def _send(self, parts: list[memoryview], deadline: float) -> Optional[OSError]:
        """The error of a server that takes no more; it may have answered why."""
        try:
            self._limit(socket.SO_SNDTIMEO, deadline)
            if self._secure:
                for part in parts:
                    self._socket.sendall(part)
                return None
            while True:
                sent = self._socket.sendmsg(parts[:_BUFFERS_MAX])
                while parts and sent >= parts[0].nbytes:
                    sent -= parts.pop(0).nbytes
                if not parts:
                    return None
                parts[0] = parts[0][sent:]
                self._limit(socket.SO_SNDTIMEO, deadline)
        except BlockingIOError:
            raise TimeoutError from None
        except (BrokenPipeError, ConnectionResetError) as error:
            return error

    def _head(self, deadline: float) -> Head:
        return parse_head(self._until(_END, deadline))

    def _body(self, head: Head, deadline: float) -> Array:
        length = head.length
        if length is not None:
            return self._exactly(body_memory(head, length), deadline)
        return self._chunks(deadline) if "chunked" in head.headers.get("transfer-encoding", "") else self._rest(deadline)

    def _until(self, mark: bytes, deadline: float) -> bytes:
        while (at := self._buffer.find(mark, self._start, self._end)) < 0:
            if not self._fill(deadline):
                raise EOFError("the server closed the connection")
        found = bytes(self._view[self._start : at])
        self._start = at + len(mark)
        return found

    def _fill(self, deadline: float) -> int:
        """Receives once, behind what is there; 0 at the end of the connection."""
        if self._start == self._end:
            self._start = self._end = 0
        elif self._end == len(self._buffer):
            if not self._start:
                raise ServerUnreachableError("the server's answer has no end of its head")
            rest = bytes(self._view[self._start : self._end])
            self._start, self._end = 0, len(rest)
            self._view[: self._end] = rest
        count = self._receive(self._view[self._end :], deadline, 0)
        self._end += count
        return count

    def _exactly(self, body: Array, deadline: float) -> Array:
        size = body.size
        view = memoryview(cast(Any, body))
        at = min(size, self._end - self._start)
        view[:at] = self._view[self._start : self._start + at]
        self._start += at
        while at < size:
            count = self._receive(view[at:], deadline, socket.MSG_WAITALL)
            if not count:
                raise EOFError("the server closed the connection in the middle of its answer")
            at += count
        return body

    def _chunks(self, deadline: float) -> Array:
        parts = []
        while size := chunk_size(self._until(b"\r\n", deadline)):
            parts.append(self._exactly(np.empty(size, dtype=np.uint8), deadline).tobytes())
            self._until(b"\r\n", deadline)
        while self._until(b"\r\n", deadline):
            pass  # Trailers.
        return _joined(parts)

    def _rest(self, deadline: float) -> Array:
        parts = [bytes(self._view[self._start : self._end])]
        self._start = self._end = 0
        while self._fill(deadline):
            parts.append(bytes(self._view[: self._end]))
            self._start = self._end = 0
        return _joined(parts)

    def _receive(self, into: memoryview, deadline: float, flags: int) -> int:
        if time.monotonic() - self._limited_at > _LIMIT_AGE_MAX:
            self._limit(socket.SO_RCVTIMEO, deadline)
        try:
            return self._socket.recv_into(into) if self._secure else self._socket.recv_into(into, 0, flags)
        except BlockingIOError:
            raise TimeoutError from None

    def _limit(self, option: int, deadline: float) -> None:
        self._limited_at = time.monotonic()
        left = deadline - self._limited_at
        if left <= 0:
            raise TimeoutError
        if self._secure:
            self._socket.settimeout(left)
        else:
            self._socket.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", int(left), max(1, int(left % 1 * 1e6))))


def _secured(plain: socket.socket, address: Address) -> socket.socket:
    import ssl

    return ssl.create_default_context().wrap_socket(plain, server_hostname=address.host)


def _joined(parts: Sequence[bytes]) -> Array:
    return np.frombuffer(bytearray().join(parts), dtype=np.uint8)
