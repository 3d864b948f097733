"""Frames over one socket of the loop; `send` may be called from any thread."""

import select
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Optional

from .errors import LeptonError
from .frames import Frame, FrameDecoder, FrameType, encode_head
from .loop import Loop
from .tensors import Array

#: Bytes that may wait for a peer that reads slowly before nothing more is read from it.
SEND_HIGH_WATER_BYTES = 16 * 2**20
#: Bodies up to this are cheaper to copy than to hand to the kernel one by one.
COPY_BODY_BYTES_MAX = 16 * 2**10
#: How long the model's thread waits for the kernel to take a large answer; then the rest is copied and leaves by itself.
SEND_PATIENCE_MS = 20
READ_BYTES = 256 * 2**10
#: Chunks of one connection read in a row before others have their turn.
READS_IN_A_ROW = 16
BUFFERS_PER_CALL = 512
SOCKET_BUFFER_BYTES = 4 * 2**20


class Connection:
    """One peer. A protocol error or the end of the peer closes it; `on_close` is called once, in the loop's thread."""

    #: Shared by all connections: only the loop's thread reads, and nothing keeps a view of it.
    _scratch = memoryview(bytearray(READ_BYTES))

    def __init__(self, loop: Loop, sock: socket.socket, number: int) -> None:
        self.number = number
        #: Infer frames that wait; kept by the queue.
        self.waiting = 0
        self.on_frame: Callable[[Frame], None] = lambda frame: None
        self.on_close: Callable[[], None] = lambda: None
        self._loop = loop
        self._socket = sock
        self._decoder = FrameDecoder()
        self._lock = threading.Lock()
        self._out: deque[memoryview] = deque()
        self._out_bytes = 0
        self._closed = False
        self._ending = False
        sock.setblocking(False)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER_BYTES)
        except OSError:
            pass
        loop.watch(sock, self._ready)

    def send(self, kind: FrameType, number: int, header: Any = None, body: Sequence[Array] = ()) -> None:
        """Whole frames in order, or nothing once it is closed. Nothing of `body` is read after the return."""
        body_bytes = sum(len(part) for part in body)
        head = encode_head(kind, number, header, body_bytes)
        if body_bytes <= COPY_BODY_BYTES_MAX:
            parts = [memoryview(b"".join((head, *(part.data for part in body))) if body_bytes else head)]
        else:
            parts = [memoryview(head), *(part.data for part in body if len(part))]
        with self._lock:
            if self._closed:
                return
            try:
                rest = parts if self._out else self._write(parts, 0 if self._loop.is_current else SEND_PATIENCE_MS)
            except OSError:
                self._loop.call_soon(self.close)
                return
            if rest:
                copies = [memoryview(bytes(part)) for part in rest]
                self._out.extend(copies)
                self._out_bytes += sum(len(part) for part in copies)
                self._loop.call_soon(self._watch)

    def end(self) -> None:
        """Sends what waits, then closes."""
        self._ending = True
        if not self._out:
            self.close()

    def close(self) -> None:
        """From the loop's thread."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._out.clear()
        self._loop.unwatch(self._socket)
        self._socket.close()
        self.on_close()

    def _write(self, parts: Sequence[memoryview], patience_ms: int) -> list[memoryview]:
        """Returns what the kernel did not take."""
        rest = list(parts)
        poll: Optional[select.poll] = None
        while rest:
            try:
                sent = self._socket.send(rest[0]) if len(rest) == 1 else self._socket.sendmsg(rest[:BUFFERS_PER_CALL])
            except BlockingIOError:
                if not patience_ms:
                    return rest
                if poll is None:
                    poll = select.poll()
                    poll.register(self._socket, select.POLLOUT)
                if not poll.poll(patience_ms):
                    return rest
                continue
            while rest and sent >= len(rest[0]):
                sent -= len(rest.pop(0))
            if sent:
                rest[0] = rest[0][sent:]
        return rest

    def _watch(self) -> None:
        if not self._closed:
            self._loop.watch(self._socket, self._ready, write=bool(self._out), read=self._out_bytes <= SEND_HIGH_WATER_BYTES)

    def _ready(self, events: int) -> None:
        try:
            if events & selectors.EVENT_WRITE:
                self._flush()
            if events & selectors.EVENT_READ and not self._closed:
                self._receive()
        except (OSError, LeptonError):
            self.close()

    def _flush(self) -> None:
        with self._lock:
            self._out = deque(self._write(list(self._out), 0))
            self._out_bytes = sum(len(part) for part in self._out)
            done = not self._out
        if done and self._ending:
            self.close()
        self._watch()

    def _receive(self) -> None:
        for _ in range(READS_IN_A_ROW):
            target = self._decoder.target()
            buffer = self._scratch if target is None else target
            try:
                count = self._socket.recv_into(buffer)
            except BlockingIOError:
                return
            if count == 0:
                self.close()
                return
            if target is not None:
                whole = self._decoder.received(count)
                frames = [whole] if whole else []
            else:
                frames = self._decoder.push(buffer[:count])
            for frame in frames:
                if self._closed:
                    return
                self.on_frame(frame)
            if self._closed or (target is None and count < READ_BYTES and self._decoder.target() is None):
                return
