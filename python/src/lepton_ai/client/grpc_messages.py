"""The protocol's calls over gRPC, as bytes out and bytes in: what the synchronous and the asyncio transport share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Optional, TypeVar

import numpy as np

from ..errors import DeadlineExceededError, InvalidArgumentError, LeptonError, ServerUnreachableError, UnsupportedError, error_of
from ..management import Management, retry_after_of
from ..platform_process import connect
from .exchange import Options
from .protobuf import bit, double, fields, numbers, packed, parameters, string, text
from .result import Array, InferenceResult
from .tensors import Encoded, array_of

_INFERENCE = "/inference.GRPCInferenceService/"
_FEEDBACK = "/lepton.v1.Feedback/Send"
_MESSAGE_BYTES_MAX = 1 << 30
CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", _MESSAGE_BYTES_MAX), ("grpc.max_send_message_length", _MESSAGE_BYTES_MAX),
    # A gateway that was started again is found by the first retry.
    ("grpc.initial_reconnect_backoff_ms", 100), ("grpc.min_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 2000),
)  # fmt: skip
#: Of errors that bring no code of the server's own.
_CODES = {"NOT_FOUND": "MODEL_NOT_FOUND", "INVALID_ARGUMENT": "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED": "QUEUE_FULL", "UNIMPLEMENTED": "UNSUPPORTED"}

#: Metadata of an answer.
Notes = Mapping[str, str]


Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """One call: the method's path, its request, and what its answer means."""

    method: str
    request: bytes
    read: Callable[[memoryview, Notes], Answer]


def grpc_module() -> Any:
    """Grpcio, or UnsupportedError that says how to install it."""
    try:
        import grpc
        import grpc.aio
    except ImportError:
        raise UnsupportedError("gRPC needs grpcio: pip install 'lepton-ai[grpc]'") from None
    return grpc


def target_of(address: Optional[str]) -> str:
    """`host:port`; without one, or with a URL of the management API, what that server says."""
    if address and "://" not in address:
        return address
    found = Management(connect(address)).get("status").get("grpcAddress")
    if not found:
        raise UnsupportedError("the server has no gRPC; use protocol='http'")
    return str(found)


def infer_call(service: str, inputs: Sequence[Encoded], options: Options) -> Call[InferenceResult]:
    """ModelInfer."""
    request = [text(1, service), text(2, options.version or ""), text(3, options.request_id or ""), parameters(4, dict(options.wire_parameters()))]
    request += [text(5, text(1, each.name) + text(2, each.datatype) + packed(3, each.shape)) for each in inputs]
    request += [text(6, text(1, name)) for name in options.outputs or ()]
    request += [text(7, each.data) for each in inputs]
    return Call(_INFERENCE + "ModelInfer", b"".join(request), _infer_result)


def metadata_call(service: str, version: Optional[str]) -> Call[dict[str, Any]]:
    """ModelMetadata, in the REST API's form."""

    def read(answer: memoryview, notes: Notes) -> dict[str, Any]:
        found: dict[str, Any] = {"name": service, "versions": [], "platform": "", "inputs": [], "outputs": []}
        for field, value in fields(answer):
            if field == 2:
                found["versions"].append(string(value))
            elif field == 3:
                found["platform"] = string(value)
            elif field in (4, 5):
                found["inputs" if field == 4 else "outputs"].append(_described(value, with_parameters=True))
        return found

    return Call(_INFERENCE + "ModelMetadata", text(1, service) + text(2, version or ""), read)


def ready_call(service: str, version: Optional[str]) -> Call[bool]:
    """ModelReady."""
    return Call(_INFERENCE + "ModelReady", text(1, service) + text(2, version or ""), lambda answer, notes: any(field == 1 and value for field, value in fields(answer)))


def feedback_call(entry: Mapping[str, Any]) -> Call[dict[str, Any]]:
    """Send, with an entry and an answer in the REST API's form."""
    request = [text(1, entry["prediction_id"])]
    if "reward" in entry:
        request.append(double(2, entry["reward"]))
    if "label" in entry:
        request.append(text(3, _label(entry["label"])))
    if "correct" in entry:
        request.append(bit(4, entry["correct"]))
    request.append(text(5, entry.get("comment", "")))
    request += [text(6, text(1, name) + text(2, _scalar(value))) for name, value in entry.get("metadata", {}).items()]
    request.append(text(7, entry.get("id", "")))
    return Call(_FEEDBACK, b"".join(request), _receipt)


def _label(value: Any) -> bytes:
    return text(4, b"".join(text(1, _scalar(each)) for each in value)) if isinstance(value, (list, tuple)) else _scalar(value)


def _scalar(value: Any) -> bytes:
    """FeedbackScalar; None is one that says nothing."""
    if value is None:
        return b""
    if isinstance(value, bool):
        return bit(3, value)
    if isinstance(value, (int, float)):
        return double(2, value)
    if isinstance(value, str):
        return text(1, value)
    raise InvalidArgumentError(f"{value!r} is no text, number, true or false, which is what feedback is made of")


def _receipt(answer: memoryview, notes: Notes) -> dict[str, Any]:
    receipt: dict[str, Any] = {"prediction_id": "", "duplicate": False, "service": "", "version": ""}
    names = {1: "prediction_id", 2: "duplicate", 3: "service", 4: "version"}
    for field, value in fields(answer):
        if field in names:
            receipt[names[field]] = bool(value) if field == 2 else string(value)
    return receipt


def _infer_result(answer: memoryview, notes: Notes) -> InferenceResult:
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


def _described(message: memoryview, with_parameters: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"name": "", "datatype": "", "shape": []}
    for field, value in fields(message):
        if field in (1, 2):
            found["name" if field == 1 else "datatype"] = string(value)
        elif field == 3:
            found["shape"] += numbers(value)
        elif field == 4 and with_parameters:
            name, truth = _flag(value)
            found.setdefault("parameters", {})[name] = truth
    return found


def _flag(entry: memoryview) -> tuple[str, bool]:
    """One entry of map<string, InferParameter> whose value is true or false."""
    name, truth = "", False
    for field, value in fields(entry):
        if field == 1:
            name = string(value)
        elif field == 2:
            truth = any(kind == 1 and one for kind, one in fields(value))
    return name, truth


def error_from_call(error: Any, target: str, timeout: float) -> LeptonError:
    """The typed error of a failed call: the server's own code, or that no answer came."""
    notes = {key: value for key, value in (*(error.trailing_metadata() or ()), *(error.initial_metadata() or ()))}
    status, details = error.code().name, error.details() or error.code().name
    code = notes.get("lepton-code")
    if code is None and status == "UNAVAILABLE":
        return ServerUnreachableError(f"no answer from {target} ({details}); is it running? lepton-ai status")
    if code is None and status == "DEADLINE_EXCEEDED":
        return DeadlineExceededError(f"no answer within {timeout:g} s")
    return error_of(str(code or _CODES.get(status, f"GRPC_{status}")), details, retry_after=retry_after_of(notes), request_id=notes.get("x-request-id"))
