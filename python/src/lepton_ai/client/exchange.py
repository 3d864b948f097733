"""What the synchronous and the asyncio client share: making a request, reading its answer, whether to ask again."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Optional, Union

from ..errors import DeadlineExceededError, LeptonError, ServerUnreachableError, UnavailableError
from ..management import error_from
from .http_message import Address, Head, model_path, request_bytes, total_bytes
from .result import Array, InferenceResult
from .tensors import Encoded, Parameters, decode, describe, request_head

#: How much longer than the server's deadline its answer to that is waited for, seconds.
ANSWER_MARGIN = 0.5
#: Before the first retry, seconds; then four times as long. Two retries outlast a gateway's restart.
_RETRY_WAIT = 0.15
_RETRY_WAIT_MAX = 5.0


class Options(NamedTuple):
    """How one inference is asked for."""

    version: Optional[str] = None
    outputs: Optional[Sequence[str]] = None
    headers: Optional[Mapping[str, str]] = None
    parameters: Optional[Mapping[str, Union[str, int, float, bool]]] = None
    #: Seconds.
    timeout: Optional[float] = None
    priority: Optional[int] = None
    request_id: Optional[str] = None

    def wire_parameters(self) -> Parameters:
        """With timeout (microseconds) and priority, as Triton's clients send them."""
        own: dict[str, Any] = dict(self.parameters or {})
        if self.timeout is not None:
            own["timeout"] = max(1, round(self.timeout * 1e6))
        if self.priority is not None:
            own["priority"] = self.priority
        return tuple(own.items())


def infer_request(address: Address, service: str, inputs: Sequence[Encoded], options: Options, headers: Mapping[str, str]) -> list[memoryview]:
    """The bytes to send, in parts; tensors are the caller's own memory."""
    head = request_head(describe(inputs), tuple(options.outputs) if options.outputs else None, options.wire_parameters(), options.request_id)
    body = [memoryview(head), *(each.data for each in inputs if each.data.nbytes)]
    sent = {**headers, **(options.headers or {})}
    return [memoryview(_infer_head(address, service, options.version, tuple((name, str(value)) for name, value in sent.items()), len(head), total_bytes(body))), *body]


@lru_cache(maxsize=256)
def _infer_head(address: Address, service: str, version: Optional[str], headers: tuple[tuple[str, str], ...], json_bytes: int, total: int) -> bytes:
    """Requests of one form share it."""
    sent = {**dict(headers), "content-type": "application/octet-stream", "inference-header-content-length": str(json_bytes)}
    return request_bytes("POST", model_path(address.base, service, version, "/infer"), address, sent, total)


def infer_result(head: Head, body: Array) -> InferenceResult:
    """The answer; raises the typed error of one that is none."""
    raise_for(head, body)
    length = head.headers.get("inference-header-content-length")
    outputs, version = decode(body, int(length) if length is not None else body.size)
    return InferenceResult(outputs, head.headers.get("lepton-version", version), head.headers.get("lepton-prediction-id"), head.headers.get("x-request-id"), head.headers.get("server-timing", ""))


def raise_for(head: Head, body: Array) -> None:
    """Raises the typed error of an answer that is not 2xx."""
    if not 200 <= head.status < 300:
        raise error_from(head.status, head.headers, body.tobytes().decode("utf-8", "replace"))


def deadline_error(timeout: Optional[float]) -> DeadlineExceededError:
    """No answer came in time."""
    return DeadlineExceededError(f"no answer within {timeout:g} s" if timeout is not None else "no answer in time")


def retry_wait(error: LeptonError, attempt: int, retries: int, left: Optional[float]) -> Optional[float]:
    """Seconds after which to ask again; None: not. Inference may be repeated; what a model has computed is lost only."""
    if attempt >= retries or not (isinstance(error, UnavailableError) or error.status == 503):
        return None
    wait = min(_RETRY_WAIT_MAX, error.retry_after if error.retry_after is not None else _RETRY_WAIT * 4**attempt)
    wait *= 1 + 0.2 * random.random()
    return None if left is not None and wait >= left else wait


def feedback_request(address: Address, entry: Mapping[str, Any], headers: Mapping[str, str]) -> list[memoryview]:
    """POST /v2/feedback."""
    body = json.dumps(entry).encode()
    return [memoryview(request_bytes("POST", f"{address.base}/v2/feedback", address, {**headers, "content-type": "application/json"}, len(body))), memoryview(body)]


def get_request(address: Address, path: str, headers: Mapping[str, str]) -> list[memoryview]:
    """GET, by a path of `model_path`."""
    return [memoryview(request_bytes("GET", path, address, headers, 0))]


def json_answer(head: Head, body: Array) -> dict[str, Any]:
    """The answer's object; raises the typed error of one that is none."""
    raise_for(head, body)
    found: dict[str, Any] = json.loads(body.tobytes())
    return found


def unreachable(address: Address, error: BaseException) -> ServerUnreachableError:
    """Nobody answers there, or the answer broke off."""
    return ServerUnreachableError(f"no answer from {address.host}:{address.port} ({error or type(error).__name__}); is it running? lepton-ai status")
