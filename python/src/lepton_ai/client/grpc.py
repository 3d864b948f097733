"""The protocol over gRPC, with grpcio as the transport; blocking and for asyncio."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ..errors import NotFoundError
from .exchange import Options
from .grpc_messages import CHANNEL_OPTIONS, Answer, Call, Notes, error_from_call, feedback_call, grpc_module, infer_call, metadata_call, ready_call, target_of
from .result import InferenceResult
from .tensors import Encoded


class GrpcTransport:
    """One channel. `address` is host:port; without one the local platform's."""

    def __init__(self, address: Optional[str], headers: Mapping[str, str]) -> None:
        self._grpc = grpc_module()
        self._headers = headers
        self._target = target_of(address)
        self._channel = self._grpc.insecure_channel(self._target, CHANNEL_OPTIONS)
        self._methods: dict[str, Any] = {}

    def infer(self, service: str, inputs: Sequence[Encoded], options: Options, deadline: float) -> InferenceResult:
        """One attempt."""
        return self._run(infer_call(service, inputs, options), deadline, options.headers)

    def metadata(self, service: str, version: Optional[str], deadline: float) -> dict[str, Any]:
        """In the REST API's form."""
        return self._run(metadata_call(service, version), deadline)

    def ready(self, service: str, version: Optional[str], deadline: float) -> bool:
        """ModelReady."""
        try:
            return self._run(ready_call(service, version), deadline)
        except NotFoundError:
            return False

    def feedback(self, entry: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        """lepton.v1.Feedback/Send."""
        return self._run(feedback_call(entry), deadline)

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()

    def _run(self, call: Call[Answer], deadline: float, headers: Optional[Mapping[str, str]] = None) -> Answer:
        method = self._methods.get(call.method) or self._methods.setdefault(call.method, self._channel.unary_unary(call.method))
        timeout = max(0.001, deadline - time.monotonic())
        try:
            answer, done = method.with_call(call.request, timeout=timeout, metadata=_metadata(self._headers, headers))
        except self._grpc.RpcError as error:
            raise error_from_call(error, self._target, timeout) from None
        return call.read(memoryview(answer), _notes(done.initial_metadata(), done.trailing_metadata()))


class AsyncGrpcTransport:
    """As `GrpcTransport`, for asyncio; its channel opens in the loop that uses it first."""

    def __init__(self, address: Optional[str], headers: Mapping[str, str]) -> None:
        self._grpc = grpc_module()
        self._headers = headers
        self._target = target_of(address)
        self._channel: Any = None
        self._methods: dict[str, Any] = {}

    async def infer(self, service: str, inputs: Sequence[Encoded], options: Options, deadline: float) -> InferenceResult:
        """One attempt."""
        return await self._run(infer_call(service, inputs, options), deadline, options.headers)

    async def metadata(self, service: str, version: Optional[str], deadline: float) -> dict[str, Any]:
        """In the REST API's form."""
        return await self._run(metadata_call(service, version), deadline)

    async def ready(self, service: str, version: Optional[str], deadline: float) -> bool:
        """ModelReady."""
        try:
            return await self._run(ready_call(service, version), deadline)
        except NotFoundError:
            return False

    async def feedback(self, entry: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        """lepton.v1.Feedback/Send."""
        return await self._run(feedback_call(entry), deadline)

    async def close(self) -> None:
        """Closes the channel."""
        if self._channel is not None:
            channel, self._channel = self._channel, None
            self._methods.clear()
            await channel.close()

    async def _run(self, call: Call[Answer], deadline: float, headers: Optional[Mapping[str, str]] = None) -> Answer:
        if self._channel is None:
            self._channel = self._grpc.aio.insecure_channel(self._target, CHANNEL_OPTIONS)
        method = self._methods.get(call.method) or self._methods.setdefault(call.method, self._channel.unary_unary(call.method))
        timeout = max(0.001, deadline - time.monotonic())
        running = method(call.request, timeout=timeout, metadata=_metadata(self._headers, headers))
        try:
            answer = await running
            notes = _notes(await running.initial_metadata(), await running.trailing_metadata())
        except self._grpc.RpcError as error:
            raise error_from_call(error, self._target, timeout) from None
        return call.read(memoryview(answer), notes)


def _metadata(own: Mapping[str, str], of_call: Optional[Mapping[str, str]]) -> list[tuple[str, str]]:
    return [(name.lower(), str(value)) for name, value in {**own, **(of_call or {})}.items()]


def _notes(*metadata: Any) -> Notes:
    return {key: value for each in metadata for key, value in each or () if isinstance(value, str)}
