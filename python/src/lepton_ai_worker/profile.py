"""What is measured of a model at load: a steady state, whether rows may be merged, and how many are best (src/worker/profile.ts)."""

import time
from collections.abc import Sequence
from statistics import median
from typing import Optional

from .batch import TensorSet, merge_inputs, rows_of, split_outputs
from .compare import first_difference
from .errors import LeptonError
from .model import LoadedModel
from .run_copy import copy_of, run_copy
from .signature import Signature
from .tensors import Tensor, to_bytes

WARM_UP_RUNS_MAX = 20
WARM_UP_MS_MAX = 1_000
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64)
MEASURE_MS_MAX = 1_500
RUNS_PER_SIZE_MAX = 5
#: A larger batch must raise the throughput by this factor to be worth its latency.
GAIN_MIN = 1.1
SAMPLE_ROWS_MAX = 3
#: Larger batches take other kernels, which round otherwise.
TOLERANCE = {"FP16": 1e-2, "BF16": 3e-2}
TOLERANCE_DEFAULT = 1e-4


def _now_ms() -> float:
    return time.perf_counter() * 1000


def warm_up(model: LoadedModel, inputs: TensorSet) -> float:
    """Runs until the last three latencies lie within 20 % of each other, at most 20 times or a second. Their median, ms."""
    start = _now_ms()
    latencies: list[float] = []
    while len(latencies) < WARM_UP_RUNS_MAX:
        latencies.append(_time_run(model, inputs))
        last = latencies[-3:]
        if _now_ms() - start > WARM_UP_MS_MAX or (len(last) == 3 and max(last) <= 1.2 * min(last)):
            break
    return median(latencies[-3:])


def _time_run(model: LoadedModel, inputs: TensorSet) -> float:
    copies = copy_of(inputs)
    start = _now_ms()
    model.run(copies, model.signature.output_names)
    return _now_ms() - start


def merge_obstacle(signature: Signature, max_batch_size: Optional[int], axis0: bool) -> Optional[str]:
    """Why merging is not worth trying, or None. What is declared overrules what the signature looks like."""
    if max_batch_size is not None:
        return f"declared so (maximum batch size {max_batch_size})" if max_batch_size <= 1 else None
    if not signature.inputs:
        return "the model has no inputs"
    if axis0:
        return None
    names: list[str] = []
    for side, specs in (("input", signature.inputs), ("output", signature.outputs)):
        for spec in specs:
            if spec.untyped:
                continue
            if not spec.shape:
                return f"{side} {spec.name} is a scalar"
            if spec.shape[0] != -1:
                return f"{side} {spec.name} has a fixed first dimension of {spec.shape[0]}"
            names += [name for name in spec.dimension_names[:1] if name and name not in names]
    return f"first dimensions have different names: {', '.join(names)}" if len(names) > 1 else None


def sample_rows(samples: Sequence[TensorSet]) -> list[TensorSet]:
    """Up to three different single-row inputs out of sample inputs of any number of rows, those that fit the first one."""
    rows: list[TensorSet] = []
    for sample in samples:
        for row in _single_rows(sample):
            if len(rows) < SAMPLE_ROWS_MAX and _fits_together(rows, row) and not any(_same_bytes(known, row) for known in rows):
                rows.append(row)
    return rows


def _single_rows(sample: TensorSet) -> Sequence[TensorSet]:
    try:
        few = min(rows_of(sample), 4 * SAMPLE_ROWS_MAX)
        return [[Tensor(each.name, each.datatype, each.array[row : row + 1]) for each in sample] for row in range(few)]
    except LeptonError:
        return []


def _fits_together(rows: Sequence[TensorSet], other: TensorSet) -> bool:
    def form(inputs: TensorSet) -> list[tuple[str, str, tuple[int, ...]]]:
        return sorted((tensor.name, tensor.datatype, tensor.array.shape[1:]) for tensor in inputs)

    return not rows or form(rows[0]) == form(other)


def _same_bytes(a: TensorSet, b: TensorSet) -> bool:
    others = {tensor.name: tensor for tensor in b}
    return all(to_bytes(tensor).tobytes() == to_bytes(others[tensor.name]).tobytes() for tensor in a)


def prove_batchable(model: LoadedModel, rows: Sequence[TensorSet]) -> str:
    """Proves that rows answered together are answered as they are alone. '' or why not."""
    usable: list[tuple[TensorSet, list[Tensor]]] = []
    for row in rows:
        try:
            usable.append((row, run_copy(model, row)))
        except LeptonError:
            continue  # A made-up row that the model refuses alone proves nothing either way.
    if len(usable) < 2:
        return "no two different rows to prove it with"
    try:
        merged = run_copy(model, merge_inputs([row for row, _ in usable]))
        together = split_outputs(merged, [1] * len(usable))
    except LeptonError as error:
        return f"a merged run fails: {error.message}"
    for index, ((_, alone), own) in enumerate(zip(usable, together)):
        for expected, got in zip(alone, own):
            difference = first_difference(expected, got, TOLERANCE.get(expected.datatype, TOLERANCE_DEFAULT))
            if difference:
                return f"a row is answered otherwise in a batch than alone: row {index} of output {difference}"
    return ""


def measure_batches(model: LoadedModel, rows: Sequence[TensorSet], batch_max: Optional[int]) -> tuple[int, dict[str, float]]:
    """Batches of 1, 2, 4 … while throughput still rises by a tenth (one size that does not may be skipped), within a second and a half.

    Returns the best and the medians seen, ms.
    """
    start = _now_ms()
    latencies: dict[str, float] = {}
    best, best_per_second, misses, last = 1, 0.0, 0, 0.0
    for size in BATCH_SIZES:
        spent = _now_ms() - start
        # Doubling may double the latency; a batch whose first run alone would overrun the budget is not tried.
        if (batch_max is not None and size > batch_max) or misses > 1 or (size > 1 and spent + 2 * last > MEASURE_MS_MAX):
            break
        try:
            last = _median_latency(model, merge_inputs([rows[index % len(rows)] for index in range(size)]), (MEASURE_MS_MAX - spent) / 4)
        except LeptonError:
            break  # It took a few rows together and does not take as many.
        latencies[str(size)] = significant(last)
        per_second = size / last
        if per_second >= GAIN_MIN * best_per_second:
            best, best_per_second, misses = size, per_second, 0
        else:
            misses += 1
    return best, latencies


def _median_latency(model: LoadedModel, inputs: TensorSet, budget_ms: float) -> float:
    start = _now_ms()
    latencies = [_time_run(model, inputs)]
    while len(latencies) < RUNS_PER_SIZE_MAX and _now_ms() - start + latencies[-1] < budget_ms:
        latencies.append(_time_run(model, inputs))
    # The first run of a size allocates; it counts only when it is one of few.
    return max(median(latencies[1:] if len(latencies) > 2 else latencies), 1e-3)


def significant(milliseconds: float) -> float:
    """Four significant digits."""
    return float(f"{milliseconds:.4g}")
