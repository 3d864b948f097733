"""The WorkerConfig file that control writes (src/wire/process-config.ts)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

#: What libraries read when they are loaded; set before numpy is.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
)  # fmt: skip


@dataclass(frozen=True)
class WorkerConfig:
    """What one worker is started with."""

    replica: str
    service: str
    version: str
    token: str
    socket_path: str
    format: str
    model_directory: Path
    entry: str
    #: {inputs, outputs} as JSON; read with the model, so that its errors are the version's.
    signature: Any
    #: Declared largest batch; None: measured.
    max_batch_size: Optional[int]
    threads: int
    #: LoadProfile as JSON of an earlier start on this class of host; None: measure.
    profile: Any
    drain_timeout: float
    orphan_grace: float


def read_config(path: str) -> WorkerConfig:
    """Raises OSError, or ValueError with the field that is wrong."""
    value = json.loads(Path(path).read_text("utf-8"))
    if not isinstance(value, dict):
        raise ValueError("it is not an object")

    def text(name: str) -> str:
        found = value.get(name)
        if not isinstance(found, str) or not found:
            raise ValueError(f"{name} {json.dumps(found)} is not a text")
        return found

    batching, resources, timeouts = value.get("batching") or {}, value.get("resources") or {}, value.get("timeouts") or {}
    return WorkerConfig(
        replica=text("replica"),
        service=text("service"),
        version=text("version"),
        token=text("token"),
        socket_path=text("socketPath"),
        format=text("format"),
        model_directory=Path(text("modelDirectory")),
        entry=text("entry"),
        signature=value.get("signature"),
        max_batch_size=_number(batching, "maxBatchSize", None),
        threads=max(1, _number(resources, "threads", 1)),
        profile=value.get("profile"),
        drain_timeout=_number(timeouts, "drainTimeoutMs", 30_000) / 1000,
        orphan_grace=_number(value, "orphanGraceMs", 60_000) / 1000,
    )


def _number(value: Any, name: str, default: Any) -> Any:
    found = value.get(name) if isinstance(value, dict) else None
    if found is None:
        return default
    if isinstance(found, bool) or not isinstance(found, (int, float)) or found < 0:
        raise ValueError(f"{name} {json.dumps(found)} is not a number ≥ 0")
    return int(found)
