"""What is found out about a model at load before it is timed: a steady state, and whether rows may be merged (src/worker/profile.ts)."""

import time
from collections.abc import Sequence
from typing import Optional

from .batch import TensorSet, merge_inputs, rows_of, split_outputs
from .compare import first_difference
from .errors import LeptonError
from .model import LoadedModel
from .run_copy import run_copy
from .signature import Signature
from .tensors import Tensor, to_bytes
from .time_run import RunTime, time_run

WARM_UP_RUNS_MAX = 20
WARM_UP_MS_MAX = 1_000
#: Beside an earlier start's median, of a run that needs no more warming up.
AS_FAST = 1.5
SAMPLE_ROWS_MAX = 3
#: Larger batches take other kernels, which round otherwise.
TOLERANCE = {"FP16": 1e-2, "BF16": 3e-2}
TOLERANCE_DEFAULT = 1e-4


def warm_up(model: LoadedModel, inputs: TensorSet, known_ms: Optional[float] = None) -> RunTime:
    """Runs until the last three latencies lie within 20 % of each other, at most 20 times or a second.

    With a latency that is known from an earlier start, one run that is about as fast is enough. The last run.
    """
    start = time.perf_counter()
    latencies: list[float] = []
    while True:
        run = time_run(model, inputs)
        latencies.append(run.ms)
        last = latencies[-3:]
        as_fast = known_ms is not None and run.ms <= AS_FAST * known_ms
        steady = len(last) == 3 and max(last) <= 1.2 * min(last)
        if as_fast or steady or len(latencies) >= WARM_UP_RUNS_MAX or (time.perf_counter() - start) * 1000 > WARM_UP_MS_MAX:
            return run


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
