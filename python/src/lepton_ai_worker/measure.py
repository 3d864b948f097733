"""What a load finds out of a model that answers (src/worker/measure.ts).

warm-up → proof of batchability → best batch → numbers of threads; of what an earlier start has measured, the warm-up alone
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .batch import TensorSet
from .measure_batches import BatchTimes, measure_batches, repeat_rows
from .measure_threads import measure_threads
from .memory import peak_bytes
from .model import LoadedModel
from .profile import merge_obstacle, prove_batchable, sample_rows, warm_up
from .time_run import RunTime, median_run

#: Of the runs whose median is asked for, when rows are not merged.
SINGLE_MS_MAX = 500
#: A merged run that is known to take longer than this is not made only to warm up.
WARM_BATCH_MS_MAX = 200


@dataclass(frozen=True)
class Rules:
    """What is declared of a version, and what is asked."""

    max_batch_size: Optional[int]
    #: The first axis counts rows, whatever the signature says.
    axis0: bool
    threads: int
    #: Also other numbers of threads.
    all_threads: bool
    #: What an earlier start has measured, as JSON; None: nothing.
    known: Optional[Mapping[str, Any]]


@dataclass(frozen=True)
class Measured:
    """Parts of a LoadProfile. `rows`: single ones, of the ranks that were proven to merge."""

    origin: str
    batchable: bool
    batchable_reason: str
    best_batch: int
    latency_ms_by_batch: Mapping[str, float]
    cpu_ms_by_batch: Mapping[str, float]
    by_threads: Sequence[Mapping[str, Any]]
    peak_bytes: int
    rows: Sequence[TensorSet]


def measure(model: LoadedModel, rules: Rules, samples: Sequence[TensorSet]) -> Measured:
    """`samples`: inputs that ran, of any number of rows; empty if none did."""
    if rules.known:
        return _take_over(model, rules.known, samples)
    if not samples:
        return Measured("measured", False, "no inputs to prove it with", 1, {}, {}, [], peak_bytes(), ())
    first = samples[0]
    warm = warm_up(model, first)
    obstacle = merge_obstacle(model.signature, rules.max_batch_size, rules.axis0)
    rows = () if obstacle else sample_rows(samples)
    reason = obstacle or prove_batchable(model, rows)
    times = BatchTimes(1, {"1": _single(model, first, warm)}) if reason else measure_batches(model, rows, rules.max_batch_size)
    # What follows needs memory that serving does not.
    peak = peak_bytes()
    batches = {1: first} if reason else {size: repeat_rows(rows, size) for size in (1, times.best_batch)}
    by_threads = measure_threads(model, rules.threads, batches, times) if rules.all_threads else []
    if reason and rules.max_batch_size and rules.max_batch_size > 1:
        reason += f" (although batches of {rules.max_batch_size} are declared)"
    return Measured("measured", not reason, reason, times.best_batch, _part(times.runs, "ms"), _part(times.runs, "cpu_ms"), by_threads, peak, () if reason else rows)


def _single(model: LoadedModel, inputs: TensorSet, warm: RunTime) -> RunTime:
    """A long run is not made once more: its warm-up says enough."""
    return warm if warm.ms > SINGLE_MS_MAX / 2 else median_run(model, inputs, SINGLE_MS_MAX)


def _part(runs: Mapping[str, RunTime], name: str) -> dict[str, float]:
    return {size: getattr(run, name) for size, run in runs.items()}


def _take_over(model: LoadedModel, known: Mapping[str, Any], samples: Sequence[TensorSet]) -> Measured:
    """Runs what serving will run once, so that the first request does not pay for it."""
    latencies: Mapping[str, float] = known["latencyMsByBatch"]
    best: int = known["bestBatch"]
    if samples:
        warm_up(model, samples[0], latencies.get("1"))
    rows = sample_rows(samples) if known["batchable"] else ()
    if rows and best > 1 and latencies.get(str(best), 0) <= WARM_BATCH_MS_MAX:
        median_run(model, repeat_rows(rows, best), 0)
    return Measured("kept", known["batchable"], known["batchableReason"], best, latencies, known["cpuMsByBatch"], known["byThreads"], peak_bytes(), rows)
