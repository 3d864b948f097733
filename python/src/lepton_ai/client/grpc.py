"""The protocol over gRPC, with grpcio as the transport and messages encoded by hand."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..errors import LeptonError, UnsupportedError, error_of
from ..management import Management
from ..platform_process import connect
from .exchange import Options
from .protobuf import fields, numbers, packed, parameters, string, text
from .result import Array, InferenceResult
from .tensors import Encoded, array_of

_SERVICE = "/inference.GRPCInferenceService/"
_MESSAGE_BYTES_MAX = 1 << 30
_CODES = {"UNAVAILABLE": "SHUTTING_DOWN", "DEADLINE_EXCEEDED": "DEADLINE_EXCEEDED", "NOT_FOUND": "MODEL_NOT_FOUND", "INVALID_ARGUMENT": "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED": "QUEUE_FULL", "UNIMPLEMENTED": "UNSUPPORTED"}


class GrpcTransport:
    """One channel. `address` is host:port; without one the local platform's."""

    def __init__(self, address: Optional[str], headers: Mapping[str, str]) -> None:
        try:
            import grpc
        except ImportError:
            raise UnsupportedError("gRPC needs grpcio: pip install 'lepton-ai[grpc]'") from None
        self._grpc = grpc
        self._headers = headers
        target = address if address and "://" not in address else _address_of(address)
        options = [("grpc.max_receive_message_length", _MESSAGE_BYTES_MAX), ("grpc.max_send_message_length", _MESSAGE_BYTES_MAX)]
        self._channel = grpc.insecure_channel(target, options)
        self._infer = self._method("ModelInfer")
        self._metadata = self._method("ModelMetadata")
        self._ready = self._method("ModelReady")
        self._feedback = self._method("Feedback")

    def _method(self, name: str) -> Any:
        return self._channel.unary_unary(_SERVICE + name, request_serializer=None, response_deserializer=None)

    def infer(self, service: str, inputs: Sequence[Encoded], options: Options, deadline: float) -> InferenceResult:
        """One attempt."""
        request = [text(1, service), text(2, options.version or ""), text(3, options.request_id or ""), parameters(4, dict(options.wire_parameters()))]
        request += [text(5, text(1, each.name) + text(2, each.datatype) + packed(3, each.shape)) for each in inputs]
        request += [text(6, text(1, name)) for name in options.outputs or ()]
        request += [text(7, each.data) for each in inputs]
        answer, notes = self._call(self._infer, b"".join(request), deadline, options.headers)
        return _infer_result(memoryview(answer), notes)

    def metadata(self, service: str, version: Optional[str], deadline: float) -> dict[str, Any]:
        """In the REST API's form."""
        answer, _ = self._call(self._metadata, text(1, service) + text(2, version or ""), deadline)
        found: dict[str, Any] = {"name": service, "versions": [], "platform": "", "inputs": [], "outputs": []}
        for field, value in fields(memoryview(answer)):
            if field == 2:
                found["versions"].append(string(value))
            elif field == 3:
                found["platform"] = string(value)
            elif field in (4, 5):
                found["inputs" if field == 4 else "outputs"].append(_described(value))
        return found

    def ready(self, service: str, version: Optional[str], deadline: float) -> bool:
        """ModelReady."""
        try:
            answer, _ = self._call(self._ready, text(1, service) + text(2, version or ""), deadline)
        except LeptonError as error:
            if error.code in ("MODEL_NOT_FOUND", "VERSION_NOT_FOUND"):
                return False
            raise
        return any(field == 1 and value for field, value in fields(memoryview(answer)))

    def feedback(self, entry: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        """Over the REST API would need its address; see Client(protocol='http')."""
        raise UnsupportedError("send feedback over Client(protocol='http')")

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()

    def _call(self, method: Any, request: bytes, deadline: float, headers: Optional[Mapping[str, str]] = None) -> tuple[bytes, dict[str, str]]:
        sent = [(name.lower(), value) for name, value in {**self._headers, **(headers or {})}.items()]
        try:
            answer, call = method.with_call(request, timeout=max(0.001, deadline - time.monotonic()), metadata=sent)
        except self._grpc.RpcError as error:
            raise _error_from(error) from None
        return answer, {key: value for key, value in (*call.initial_metadata(), *call.trailing_metadata()) if isinstance(value, str)}


def _address_of(url: Optional[str]) -> str:
    address = Management(connect(url)).get("status").get("grpcAddress")
    if not address:
        raise UnsupportedError("the server has no gRPC; use protocol='http'")
    return str(address)


def _infer_result(answer: memoryview, notes: Mapping[str, str]) -> InferenceResult:
    described: list[dict[str, Any]] = []
    raw: list[Array] = []
    version = ""
    for field, value in fields(answer):
        if field == 2:
            version = string(value)
        elif field == 5:
            described.append(_described(value))
        elif field == 6:
            raw.append(np.frombuffer(value, dtype=np.uint8))
    outputs = {one["name"]: array_of(one["name"], one["datatype"], one["shape"], data) for one, data in zip(described, raw)}
    return InferenceResult(outputs, notes.get("lepton-version", version), notes.get("lepton-prediction-id"), notes.get("x-request-id"), notes.get("server-timing", ""))


def _described(message: memoryview) -> dict[str, Any]:
    found: dict[str, Any] = {"name": "", "datatype": "", "shape": []}
    for field, value in fields(message):
        if field in (1, 2):
            found["name" if field == 1 else "datatype"] = string(value)
        elif field == 3:
            found["shape"] += numbers(value)
    return found


def _error_from(error: Any) -> LeptonError:
    notes = {key: value for key, value in (*(error.trailing_metadata() or ()), *(error.initial_metadata() or ()))}
    retry = str(notes.get("retry-after", ""))
    code = str(notes.get("lepton-code") or _CODES.get(error.code().name, f"GRPC_{error.code().name}"))
    return error_of(code, error.details() or error.code().name, retry_after=float(retry) if retry.replace(".", "", 1).isdigit() else None, request_id=notes.get("x-request-id"))
