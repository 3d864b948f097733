"""How long runs take, and what CPU over all threads (src/worker/time-run.ts)."""

import time
from statistics import median
from typing import NamedTuple

from .batch import TensorSet
from .model import LoadedModel
from .run_copy import copy_of

RUNS_MAX = 5
#: No run is instant, whatever the clock says.
MS_MIN = 1e-3


class RunTime(NamedTuple):
    """One run, or the median of several."""

    ms: float
    cpu_ms: float


def time_run(model: LoadedModel, inputs: TensorSet) -> RunTime:
    """One run."""
    copies = copy_of(inputs)
    start, cpu = time.perf_counter(), time.process_time()
    model.run(copies, model.signature.output_names)
    return RunTime((time.perf_counter() - start) * 1000, (time.process_time() - cpu) * 1000)


def median_run(model: LoadedModel, inputs: TensorSet, budget_ms: float) -> RunTime:
    """The median of up to five runs within the budget, which the first may overrun; it allocates, and counts only when it is one of few."""
    start = time.perf_counter()
    runs = [time_run(model, inputs)]
    while len(runs) < RUNS_MAX and (time.perf_counter() - start) * 1000 + runs[-1].ms < budget_ms:
        runs.append(time_run(model, inputs))
    counted = runs[1:] if len(runs) > 2 else runs
    return RunTime(_significant(median(run.ms for run in counted)), _significant(median(run.cpu_ms for run in counted)))


def _significant(value: float) -> float:
    """Four significant digits."""
    return float(f"{max(MS_MIN, value):.4g}")
