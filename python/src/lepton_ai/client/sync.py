"""The synchronous client."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Optional, Union

from ..errors import InvalidArgumentError, LeptonError
from ..platform_process import connect
from .connection import Connection
from .exchange import ANSWER_MARGIN, Options, deadline_error, feedback_request, get_request, infer_request, infer_result, json_answer, retry_wait, unreachable
from .feedback import feedback_entry
from .http_message import Address, Head, model_path
from .result import Array, InferenceResult
from .signature import Signatures
from .tensors import Encoded, encode

if TYPE_CHECKING:
    from .grpc import GrpcTransport

_IDLE_MAX = 16


class Client:
    """Asks services: `client.infer("my-service", {"x": array})`. Safe to use from several threads; connections stay open.

    `url` as in `connect`. `headers` go with every request, for example the one that traffic is sticky by. `timeout`: seconds for each
    inference, also the deadline that the server keeps. `retries`: how often more an inference is asked that could not be answered now (503),
    after the server's Retry-After. `protocol`: "http" (binary tensors) or "grpc" (needs `lepton-ai[grpc]`; `url` is then host:port, or as in `connect`).
    """

    def __init__(self, url: Optional[str] = None, *, headers: Optional[Mapping[str, str]] = None, timeout: float = 60.0, retries: int = 2, protocol: Literal["http", "grpc"] = "http", check: bool = True) -> None:
        self._timeout = timeout
        self._retries = retries
        self._check = check
        self._signatures = Signatures()
        if protocol == "grpc":
            from .grpc import GrpcTransport

            self._transport: Union[GrpcTransport, HttpTransport] = GrpcTransport(url, dict(headers or {}))
        elif protocol == "http":
            self._transport = HttpTransport(Address.of(connect(url)), dict(headers or {}))
        else:
            raise InvalidArgumentError(f"protocol {protocol!r} is neither http nor grpc")

    def infer(
        self, service: str, inputs: Mapping[str, Any], version: Optional[str] = None, *, outputs: Optional[Sequence[str]] = None, headers: Optional[Mapping[str, str]] = None,
        parameters: Optional[Mapping[str, Union[str, int, float, bool]]] = None, timeout: Optional[float] = None, priority: Optional[int] = None, request_id: Optional[str] = None,
    ) -> InferenceResult:  # fmt: skip
        """One inference. Outputs are numpy arrays over the answer's own memory; BF16 comes as float32, BYTES as objects of `bytes`.

        `version`: a version or label; without one the service's traffic policy chooses. `outputs`: those wanted, else all. `timeout`:
        seconds. `priority`: 1 is the most urgent. Raises InvalidArgumentError before sending where datatype or shape do not fit;
        otherwise the typed error of the server's code, DeadlineExceededError or ServerUnreachableError.
        """
        seconds = self._timeout if timeout is None else timeout
        options = Options(version, outputs, headers, parameters, seconds, priority, request_id)
        encoded = encode(inputs)
        if self._check:
            self._refuse_unlike(service, version, encoded)
        deadline = time.monotonic() + seconds
        for attempt in range(self._retries + 1):
            try:
                return self._transport.infer(service, encoded, options, deadline + ANSWER_MARGIN)
            except LeptonError as error:
                wait = retry_wait(error, attempt, self._retries, deadline - time.monotonic())
                if wait is None:
                    raise
                time.sleep(wait)
        raise AssertionError

    def metadata(self, service: str, version: Optional[str] = None) -> dict[str, Any]:
        """Name, versions, inputs and outputs of a service, or of one version."""
        return self._transport.metadata(service, version, time.monotonic() + self._timeout)

    def ready(self, service: str, version: Optional[str] = None) -> bool:
        """Whether it can answer now."""
        return self._transport.ready(service, version, time.monotonic() + self._timeout)

    def feedback(self, prediction_id: str, *, reward: Optional[float] = None, label: Any = None, correct: Optional[bool] = None, comment: Optional[str] = None, metadata: Optional[Mapping[str, Any]] = None, id: Optional[str] = None) -> dict[str, Any]:
        """What was found out about an answer: joined to the version that gave it. Returns service, version and whether it was known already."""
        entry = feedback_entry(prediction_id, reward, label, correct, comment, metadata, id)
        return self._transport.feedback(entry, time.monotonic() + self._timeout)

    def close(self) -> None:
        """Closes the connections that are open and idle."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _refuse_unlike(self, service: str, version: Optional[str], inputs: Sequence[Encoded]) -> None:
        if self._signatures.fits(service, version, inputs):
            return
        asking = self._signatures.check(service, version, inputs)
        try:
            about = next(asking)
            while True:
                about = asking.send(self.metadata(service, about))
        except StopIteration:
            return


class HttpTransport:
    """A pool of kept connections to one server."""

    def __init__(self, address: Address, headers: Mapping[str, str]) -> None:
        self._address = address
        self._headers = headers
        self._forget_connections()

    def _forget_connections(self) -> None:
        self._process = os.getpid()
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    def infer(self, service: str, inputs: Sequence[Encoded], options: Options, deadline: float) -> InferenceResult:
        """One attempt."""
        head, body = self._exchange(infer_request(self._address, service, inputs, options, self._headers), deadline, options.timeout)
        return infer_result(head, body)

    def metadata(self, service: str, version: Optional[str], deadline: float) -> dict[str, Any]:
        """The protocol's own."""
        return json_answer(*self._get(model_path(self._address.base, service, version), deadline))

    def ready(self, service: str, version: Optional[str], deadline: float) -> bool:
        """By status."""
        return self._get(model_path(self._address.base, service, version, "/ready"), deadline)[0].status == 200

    def feedback(self, entry: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        """POST /v2/feedback."""
        return json_answer(*self._exchange(feedback_request(self._address, entry, self._headers), deadline, None))

    def close(self) -> None:
        """The idle ones."""
        self._forget_the_parents()
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _forget_the_parents(self) -> None:
        """In a forked process the connections are the parent's, and so are the lock's holders."""
        if self._process != os.getpid():
            self._forget_connections()

    def _get(self, path: str, deadline: float) -> tuple[Head, Array]:
        return self._exchange(get_request(self._address, path, self._headers), deadline, None)

    def _exchange(self, parts: Sequence[memoryview], deadline: float, timeout: Optional[float]) -> tuple[Head, Array]:
        self._forget_the_parents()
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            kept = connection is not None
            try:
                connection = connection or Connection(self._address, deadline)
                head, body = connection.exchange(parts, deadline)
            except TimeoutError:
                if connection:
                    connection.close()
                raise deadline_error(timeout) from None
            except (OSError, EOFError) as error:
                if connection:
                    connection.close()
                # A kept connection may be closed in the moment of its reuse; inference may be asked twice.
                if kept:
                    continue
                raise unreachable(self._address, error) from None
            except BaseException:
                if connection:
                    connection.close()
                raise
            self._keep(connection, head)
            return head, body

    def _keep(self, connection: Connection, head: Head) -> None:
        with self._lock:
            if head.keeps and head.length is not None and len(self._idle) < _IDLE_MAX:
                self._idle.append(connection)
                return
        connection.close()
