"""Which batch is best (src/worker/measure-batches.ts)."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from .batch import TensorSet, merge_inputs
from .errors import LeptonError
from .model import LoadedModel
from .time_run import RunTime, median_run

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64)
MEASURE_MS_MAX = 1_500
#: A larger batch must raise the throughput by this factor to be worth its latency.
GAIN_MIN = 1.1


@dataclass(frozen=True)
class BatchTimes:
    """The best batch, and the medians seen by batch size."""

    best_batch: int
    runs: Mapping[str, RunTime]


def measure_batches(model: LoadedModel, rows: Sequence[TensorSet], batch_max: Optional[int]) -> BatchTimes:
    """Batches of 1, 2, 4 … while throughput still rises by a tenth (one size that does not may be skipped), within a second and a half."""
    start = time.perf_counter()
    runs: dict[str, RunTime] = {}
    best, best_per_second, misses, last = 1, 0.0, 0, 0.0
    for size in BATCH_SIZES:
        spent = (time.perf_counter() - start) * 1000
        # Doubling may double the latency; a batch whose first run alone would overrun the budget is not tried.
        if (batch_max is not None and size > batch_max) or misses > 1 or (size > 1 and spent + 2 * last > MEASURE_MS_MAX):
            break
        try:
            run = median_run(model, repeat_rows(rows, size), (MEASURE_MS_MAX - spent) / 4)
        except LeptonError:
            break  # It took a few rows together and does not take as many.
        runs[str(size)] = run
        last = run.ms
        per_second = size / last
        if per_second >= GAIN_MIN * best_per_second:
            best, best_per_second, misses = size, per_second, 0
        else:
            misses += 1
    return BatchTimes(best, runs)


def repeat_rows(rows: Sequence[TensorSet], size: int) -> TensorSet:
    """A batch of so many rows out of a few."""
    return merge_inputs([rows[index % len(rows)] for index in range(size)])
