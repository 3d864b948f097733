"""The asyncio client."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Optional, Union

import numpy as np

from ..errors import InvalidArgumentError, LeptonError
from ..platform_process import connect
from .exchange import ANSWER_MARGIN, Options, deadline_error, feedback_request, get_request, infer_request, infer_result, json_answer, retry_wait, unreachable
from .feedback import feedback_entry
from .http_message import HEAD_BYTES_MAX, Address, Head, chunk_size, model_path, parse_head
from .result import Array, InferenceResult, body_memory
from .signature import Signatures
from .tensors import Encoded, encode

if TYPE_CHECKING:
    from .grpc import AsyncGrpcTransport

_IDLE_MAX = 64

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class AsyncClient:
    """As `Client`, for asyncio: any number of inferences at once, over HTTP each on a connection of its own from a pool."""

    def __init__(self, url: Optional[str] = None, *, headers: Optional[Mapping[str, str]] = None, timeout: float = 60.0, retries: int = 2, protocol: Literal["http", "grpc"] = "http", check: bool = True) -> None:
        self._timeout = timeout
        self._retries = retries
        self._check = check
        self._signatures = Signatures()
        if protocol == "grpc":
            from .grpc import AsyncGrpcTransport

            self._transport: Union[AsyncGrpcTransport, AsyncHttpTransport] = AsyncGrpcTransport(url, dict(headers or {}))
        elif protocol == "http":
            self._transport = AsyncHttpTransport(Address.of(connect(url)), dict(headers or {}))
        else:
            raise InvalidArgumentError(f"protocol {protocol!r} is neither http nor grpc")

    async def infer(
        self, service: str, inputs: Mapping[str, Any], version: Optional[str] = None, *, outputs: Optional[Sequence[str]] = None, headers: Optional[Mapping[str, str]] = None,
        parameters: Optional[Mapping[str, Union[str, int, float, bool]]] = None, timeout: Optional[float] = None, priority: Optional[int] = None, request_id: Optional[str] = None,
    ) -> InferenceResult:  # fmt: skip
        """See `Client.infer`."""
        seconds = self._timeout if timeout is None else timeout
        options = Options(version, outputs, headers, parameters, seconds, priority, request_id)
        encoded = encode(inputs)
        if self._check:
            await self._refuse_unlike(service, version, encoded)
        deadline = time.monotonic() + seconds
        for attempt in range(self._retries + 1):
            try:
                return await self._transport.infer(service, encoded, options, deadline + ANSWER_MARGIN)
            except LeptonError as error:
                wait = retry_wait(error, attempt, self._retries, deadline - time.monotonic())
                if wait is None:
                    raise
                await asyncio.sleep(wait)
        raise AssertionError

    async def metadata(self, service: str, version: Optional[str] = None) -> dict[str, Any]:
        """See `Client.metadata`."""
        return await self._transport.metadata(service, version, time.monotonic() + self._timeout)

    async def ready(self, service: str, version: Optional[str] = None) -> bool:
        """See `Client.ready`."""
        return await self._transport.ready(service, version, time.monotonic() + self._timeout)

    async def feedback(self, prediction_id: str, *, reward: Optional[float] = None, label: Any = None, correct: Optional[bool] = None, comment: Optional[str] = None, metadata: Optional[Mapping[str, Any]] = None, id: Optional[str] = None) -> dict[str, Any]:
        """See `Client.feedback`."""
        entry = feedback_entry(prediction_id, reward, label, correct, comment, metadata, id)
        return await self._transport.feedback(entry, time.monotonic() + self._timeout)

    async def close(self) -> None:
        """Closes the connections that are open and idle."""
        await self._transport.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def _refuse_unlike(self, service: str, version: Optional[str], inputs: Sequence[Encoded]) -> None:
        if self._signatures.fits(service, version, inputs):
            return
        asking = self._signatures.check(service, version, inputs)
        try:
            about = next(asking)
            while True:
                about = asking.send(await self.metadata(service, about))
        except StopIteration:
            return


class AsyncHttpTransport:
    """A pool of kept connections to one server."""

    def __init__(self, address: Address, headers: Mapping[str, str]) -> None:
        self._address = address
        self._headers = headers
        self._idle: list[_Streams] = []

    async def infer(self, service: str, inputs: Sequence[Encoded], options: Options, deadline: float) -> InferenceResult:
        """One attempt."""
        return infer_result(*await self._exchange(infer_request(self._address, service, inputs, options, self._headers), deadline, options.timeout))

    async def metadata(self, service: str, version: Optional[str], deadline: float) -> dict[str, Any]:
        """The protocol's own."""
        return json_answer(*await self._get(model_path(self._address.base, service, version), deadline))

    async def ready(self, service: str, version: Optional[str], deadline: float) -> bool:
        """By status."""
        return (await self._get(model_path(self._address.base, service, version, "/ready"), deadline))[0].status == 200

    async def feedback(self, entry: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        """POST /v2/feedback."""
        return json_answer(*await self._exchange(feedback_request(self._address, entry, self._headers), deadline, None))

    async def close(self) -> None:
        """The idle ones."""
        idle, self._idle = self._idle, []
        for _, writer in idle:
            writer.close()

    async def _get(self, path: str, deadline: float) -> tuple[Head, Array]:
        return await self._exchange(get_request(self._address, path, self._headers), deadline, None)

    async def _exchange(self, parts: Sequence[memoryview], deadline: float, timeout: Optional[float]) -> tuple[Head, Array]:
        try:
            return await asyncio.wait_for(self._attempts(parts), max(0.0, deadline - time.monotonic()))
        except (TimeoutError, asyncio.TimeoutError):
            raise deadline_error(timeout) from None

    async def _attempts(self, parts: Sequence[memoryview]) -> tuple[Head, Array]:
        while True:
            kept = self._idle.pop() if self._idle else None
            streams = kept
            try:
                streams = streams or await asyncio.open_connection(self._address.host, self._address.port, limit=HEAD_BYTES_MAX, ssl=ssl.create_default_context() if self._address.secure else None)
                head, body = await _talk(streams, parts)
            except (OSError, EOFError, asyncio.LimitOverrunError) as error:
                if streams:
                    streams[1].close()
                # A kept connection may be closed in the moment of its reuse; inference may be asked twice.
                if kept:
                    continue
                raise unreachable(self._address, error) from None
            except BaseException:
                if streams:
                    streams[1].close()
                raise
            if head.keeps and head.length is not None and len(self._idle) < _IDLE_MAX:
                self._idle.append(streams)
            else:
                streams[1].close()
            return head, body


async def _talk(streams: _Streams, parts: Sequence[memoryview]) -> tuple[Head, Array]:
    reader, writer = streams
    writer.writelines(parts)
    await writer.drain()
    head = parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
    while head.status == 100:
        head = parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
    length = head.length
    if length is not None:
        data = await reader.readexactly(length)
    elif "chunked" in head.headers.get("transfer-encoding", ""):
        data = await _chunks(reader)
    else:
        data = await reader.read()
    body = body_memory(head, len(data))
    body[:] = np.frombuffer(data, dtype=np.uint8)
    return head, body


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := chunk_size((await reader.readuntil(b"\r\n"))[:-2]):
        parts.append(await reader.readexactly(size))
        await reader.readuntil(b"\r\n")
    await reader.readuntil(b"\r\n")
    return b"".join(parts)
