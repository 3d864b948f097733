"""What an inference gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from .http_message import Head

Array = npt.NDArray[Any]

#: What numpy's own memory starts at a multiple of.
_ALIGNMENT = 16


@dataclass(frozen=True)
class Timing:
    """Milliseconds spent where, as the server measured them; `batch_size` is the number of rows that ran together."""

    queue_ms: Optional[float] = None
    batch_ms: Optional[float] = None
    run_ms: Optional[float] = None
    total_ms: Optional[float] = None
    batch_size: Optional[int] = None


@dataclass(frozen=True)
class InferenceResult:
    """One answer: outputs by name, the version that gave it, and the id by which feedback finds it."""

    outputs: Mapping[str, Array]
    version: str
    prediction_id: Optional[str]
    request_id: Optional[str]
    _server_timing: str = field(default="", repr=False)

    @property
    def timing(self) -> Timing:
        """Read from the answer when it is asked for."""
        return parse_timing(self._server_timing)

    def __getitem__(self, name: str) -> Array:
        return self.outputs[name]


def parse_timing(header: str) -> Timing:
    """Reads `queue;dur=0.1, batch;dur=0.2;desc="4", run;dur=2.3, total;dur=2.9`."""
    found: dict[str, Any] = {}
    for name, value, rows in re.findall(r'([a-z]+);dur=([\d.]+)(?:;desc="(\d+)")?', header):
        if name in ("queue", "batch", "run", "total"):
            found[f"{name}_ms"] = float(value)
        if name == "batch" and rows:
            found["batch_size"] = int(rows)
    return Timing(**found)


def body_memory(head: Head, size: int) -> Array:
    """Memory for an answer's body, in which its first tensor starts where an array of it may: others would be copied."""
    before_tensors = head.headers.get("inference-header-content-length", "")
    skipped = -int(before_tensors) % _ALIGNMENT if before_tensors.isdigit() else 0
    return np.empty(skipped + size, dtype=np.uint8)[skipped:]
