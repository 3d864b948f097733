"""The worker's socket: the mirror of src/worker/worker-server.ts. All of it runs in the loop's thread.

connection ── hello ──▶ control: status now and on every change, ping, stop
                   └──▶ gateway: infer, cancel
"""

import hmac
import json
import os
import socket
from collections.abc import Callable
from itertools import count
from typing import Any, Optional

from .connection import Connection
from .errors import LeptonError, invalid
from .frames import Frame, FrameType
from .infer_queue import InferQueue, refuse
from .log import utc_now
from .loop import Loop

#: A connection that has not said hello by then is closed.
HELLO_TIMEOUT = 10.0
#: Most connections at once; control has one and every gateway one.
CONNECTIONS_MAX = 64
#: How long the last answers may take to leave after the work is done.
FLUSH = 0.5
STARTED_AT = utc_now()


class WorkerServer:
    """Answers hello, ping and stop from the first moment, and infer once `serve` gave it a queue."""

    def __init__(self, loop: Loop, path: str, token: str, replica: str, on_stop: Callable[[float, str], None], on_control: Callable[[int], None]) -> None:
        self._loop = loop
        self._path = path
        self._token = token
        self._replica = replica
        self._on_stop = on_stop
        self._on_control = on_control
        self._connections: set[Connection] = set()
        self._controls: set[Connection] = set()
        self._numbers = count(1)
        self._status: dict[str, Any] = {"phase": "loading", "reason": "Spawned", "message": "loading the model"}
        self._queue: Optional[InferQueue] = None
        self._draining = False
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    @property
    def controls(self) -> int:
        """How many control connections there are."""
        return len(self._controls)

    def listen(self) -> None:
        """In place of a socket file that a dead process left."""
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            pass
        self._listener.bind(self._path)
        self._listener.listen(CONNECTIONS_MAX)
        self._listener.setblocking(False)
        self._loop.watch(self._listener, self._accept)

    def set_status(self, status: dict[str, Any]) -> None:
        """Tells every control connection, now and when it connects."""
        self._status = status
        for control in self._controls:
            control.send(FrameType.status, 0, status)

    def serve(self, queue: InferQueue) -> None:
        """From now on infer frames are answered."""
        self._queue = queue

    def drain(self, grace: float, then: Callable[[bool], None]) -> None:
        """Finishes what was taken, at most `grace` seconds, closes everything, then says whether all was finished."""
        self._draining = True
        ended = False

        def end(finished: bool) -> None:
            nonlocal ended
            if ended:
                return
            ended = True
            self._stop_listening()
            for connection in list(self._connections):
                connection.end()
            self._when_closed(FLUSH, lambda: then(finished))

        self._loop.call_later(grace, lambda: end(False))
        if self._queue:
            self._queue.close(lambda: self._loop.call_soon(lambda: end(True)))
        else:
            end(True)

    def _when_closed(self, patience: float, then: Callable[[], None]) -> None:
        if self._connections and patience > 0:
            self._loop.call_later(0.01, lambda: self._when_closed(patience - 0.01, then))
        else:
            then()

    def _stop_listening(self) -> None:
        self._loop.unwatch(self._listener)
        self._listener.close()
        try:
            os.unlink(self._path)
        except OSError:
            pass

    def _accept(self, _events: int) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError:
            return
        if len(self._connections) >= CONNECTIONS_MAX:
            sock.close()
            return
        connection = Connection(self._loop, sock, next(self._numbers))
        self._connections.add(connection)
        timer = self._loop.call_later(HELLO_TIMEOUT, connection.close)

        def forget() -> None:
            timer.cancel()
            self._connections.discard(connection)

        def greet(frame: Frame) -> None:
            timer.cancel()
            self._greet(connection, frame)

        connection.on_close, connection.on_frame = forget, greet

    def _greet(self, connection: Connection, frame: Frame) -> None:
        hello = frame.header if isinstance(frame.header, dict) else {}
        role, token = hello.get("role"), hello.get("token")
        known = isinstance(token, str) and hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode())
        if frame.type is not FrameType.hello or not known or role not in ("control", "gateway"):
            connection.close()
            return
        answer = {"pid": os.getpid(), "instance": self._replica, "startedAt": STARTED_AT}
        connection.send(FrameType.helloAnswer, frame.id, {**answer, "stopping": True} if self._draining else answer)
        if role == "control":
            self._greet_control(connection)
        else:
            self._greet_gateway(connection)

    def _greet_control(self, connection: Connection) -> None:
        def closed() -> None:
            self._connections.discard(connection)
            self._controls.discard(connection)
            self._on_control(len(self._controls))

        connection.on_close = closed
        connection.on_frame = lambda frame: self._from_control(connection, frame)
        self._controls.add(connection)
        connection.send(FrameType.status, 0, self._status)
        self._on_control(len(self._controls))

    def _from_control(self, connection: Connection, frame: Frame) -> None:
        if frame.type is FrameType.ping:
            connection.send(FrameType.pong, frame.id)
        elif frame.type is not FrameType.stop:
            _refuse_type(connection, frame, "control")
        else:
            header = frame.header if isinstance(frame.header, dict) else {}
            grace = header.get("graceMs")
            if isinstance(grace, bool) or not isinstance(grace, (int, float)) or grace < 0:
                refuse(connection, frame.id, invalid(f"stop needs graceMs, a number ≥ 0, not {json.dumps(grace)}"))
            else:
                self._on_stop(min(grace, 1e9) / 1000, str(header.get("reason", "")))

    def _greet_gateway(self, connection: Connection) -> None:
        def closed() -> None:
            self._connections.discard(connection)
            if self._queue:
                self._queue.drop(connection)

        connection.on_close = closed
        connection.on_frame = lambda frame: self._from_gateway(connection, frame)

    def _from_gateway(self, connection: Connection, frame: Frame) -> None:
        if frame.type is FrameType.infer:
            if self._queue:
                self._queue.push(connection, frame)
            else:
                refuse(connection, frame.id, LeptonError("VERSION_NOT_READY", f"the worker is not ready: {self._status['message']}"))
        elif frame.type is FrameType.cancel:
            if self._queue:
                self._queue.cancel(connection, frame.id)
        elif frame.type is FrameType.ping:
            connection.send(FrameType.pong, frame.id)
        else:
            _refuse_type(connection, frame, "gateway")


def _refuse_type(connection: Connection, frame: Frame, role: str) -> None:
    refuse(connection, frame.id, invalid(f"a {role} connection takes no frame of type {int(frame.type)}"))
