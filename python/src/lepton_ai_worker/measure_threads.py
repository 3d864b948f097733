"""What other numbers of threads would give (src/worker/measure-threads.ts)."""

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from .batch import TensorSet
from .measure_batches import BatchTimes
from .model import LoadedModel
from .time_run import RunTime, median_run

#: Of all that is measured with other numbers of threads.
MEASURE_MS_MAX = 2_000
RUN_SHARE = 1 / 8
THREADS_MAX = 64


def measure_threads(model: LoadedModel, own: int, batches: Mapping[int, TensorSet], times: BatchTimes) -> Sequence[Mapping[str, Any]]:
    """Times 1, 2, 4 … threads up to the host's cores, within two seconds. Empty where the host has one core, or the framework keeps the threads that it began with."""
    cores = min(THREADS_MAX, len(os.sched_getaffinity(0)))
    if cores < 2 or not model.can_set_threads:
        return []
    deadline = time.perf_counter() + MEASURE_MS_MAX / 1000
    others: list[Mapping[str, Any]] = []
    try:
        for threads in sorted({cores, *(2**power for power in range(cores.bit_length()) if 2**power < cores)} - {own}):
            model.set_threads(threads)
            for batch, inputs in batches.items():
                left = (deadline - time.perf_counter()) * 1000
                # No run is begun that would not end in time, should it take as long as with its own threads.
                if times.runs[str(batch)].ms <= left:
                    others.append(_as_json(threads, batch, median_run(model, inputs, min(left, MEASURE_MS_MAX * RUN_SHARE))))
    except Exception:
        return []  # With other threads it fails; it is served with its own.
    finally:
        model.set_threads(own)
    found = [_as_json(own, batch, times.runs[str(batch)]) for batch in batches] + others if others else []
    return sorted(found, key=lambda each: (each["threads"], each["batch"]))


def _as_json(threads: int, batch: int, run: RunTime) -> Mapping[str, Any]:
    return {"threads": threads, "batch": batch, "latencyMs": run.ms, "cpuMs": run.cpu_ms}
