"""The asyncio client."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from typing import Any, Optional, Union

import numpy as np

from ..errors import InvalidArgumentError, LeptonError, ServerUnreachableError
from ..platform_process import connect
from .exchange import ANSWER_MARGIN, Options, deadline_error, infer_request, infer_result, raise_for, retry_wait
from .http_message import HEAD_BYTES_MAX, Address, Head, chunk_size, model_path, parse_head, request_bytes
from .result import Array, InferenceResult, body_memory
from .signature import Signatures
from .tensors import Encoded, encode

_IDLE_MAX = 64

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class AsyncClient:
    """As `Client`, for asyncio: any number of inferences at once, each on a connection of its own from a pool."""

    def __init__(self, url: Optional[str] = None, *, headers: Optional[Mapping[str, str]] = None, timeout: float = 60.0, retries: int = 2, check: bool = True) -> None:
        self._address = Address.of(connect(url))
        self._headers = dict(headers or {})
        self._timeout = timeout
        self._retries = retries
        self._check = check
        self._signatures = Signatures()
        self._idle: list[_Streams] = []

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
                head, body = await self._exchange(infer_request(self._address, service, encoded, options, self._headers), deadline + ANSWER_MARGIN, seconds)
                return infer_result(head, body)
            except LeptonError as error:
                wait = retry_wait(error, attempt, self._retries, deadline - time.monotonic())
                if wait is None:
                    raise
                await asyncio.sleep(wait)
        raise AssertionError

    async def metadata(self, service: str, version: Optional[str] = None) -> dict[str, Any]:
        """See `Client.metadata`."""
        head, body = await self._get(model_path(self._address.base, service, version))
        raise_for(head, body)
        found: dict[str, Any] = json.loads(body.tobytes())
        return found

    async def ready(self, service: str, version: Optional[str] = None) -> bool:
        """See `Client.ready`."""
        return (await self._get(model_path(self._address.base, service, version, "/ready")))[0].status == 200

    async def feedback(self, prediction_id: str, **content: Any) -> dict[str, Any]:
        """See `Client.feedback`."""
        body = json.dumps({"prediction_id": prediction_id, **{name: value for name, value in content.items() if value is not None}}).encode()
        request = request_bytes("POST", f"{self._address.base}/v2/feedback", self._address, {**self._headers, "content-type": "application/json"}, len(body))
        head, answer = await self._exchange([memoryview(request), memoryview(body)], time.monotonic() + self._timeout, self._timeout)
        raise_for(head, answer)
        receipt: dict[str, Any] = json.loads(answer.tobytes())
        return receipt

    async def close(self) -> None:
        """Closes the connections that are open and idle."""
        idle, self._idle = self._idle, []
        for _, writer in idle:
            writer.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def _refuse_unlike(self, service: str, version: Optional[str], inputs: Sequence[Encoded]) -> None:
        known = self._signatures
        if known.knows(service, version) and not known.fault(service, version, inputs):
            return
        known.forget(service)
        known.learn(service, version, await self.metadata(service, version))
        fault = known.fault(service, version, inputs)
        if not fault:
            return
        if version is None:
            for each in known.versions(service, None):
                known.learn(service, each, await self.metadata(service, each))
                if not known.fault(service, each, inputs):
                    return
        raise InvalidArgumentError(fault)

    async def _get(self, path: str) -> tuple[Head, Array]:
        return await self._exchange([memoryview(request_bytes("GET", path, self._address, self._headers, 0))], time.monotonic() + self._timeout, self._timeout)

    async def _exchange(self, parts: Sequence[memoryview], deadline: float, timeout: float) -> tuple[Head, Array]:
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
                raise ServerUnreachableError(f"no answer from {self._address.host}:{self._address.port} ({error or type(error).__name__}); is it running? lepton-ai status") from None
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
