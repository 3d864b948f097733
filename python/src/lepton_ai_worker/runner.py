"""Answers infer frames with one model: the mirror of src/worker/inference.ts."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Optional, Union

from .batch import merge_inputs, rows_of, split_outputs
from .errors import LeptonError, words_of
from .infer_wire import CheckedItem, InferReader, ItemResult, Timing, encode_answer
from .model import LoadedModel
from .tensors import Array, Tensor

#: Told of a failure of the model: the item's index, how many there are, and the error whose cause has the traceback.
FailureListener = Callable[[int, int, LeptonError], None]


class InferenceRunner:
    """An item that does not fit the signature, or on which the model fails, gets its own failure and leaves its neighbours alone.

    `ranks` are those of the inputs that were proven to merge; items of others run alone (only untyped inputs have others).
    """

    def __init__(self, model: LoadedModel, batchable: bool, ranks: Sequence[int], on_failure: FailureListener) -> None:
        self._model = model
        self._batchable = batchable
        self._ranks = {spec.name: rank for spec, rank in zip(model.signature.inputs, ranks)}
        self._on_failure = on_failure
        self._reader = InferReader(model.signature)
        self._output_names = model.signature.output_names

    def answer(self, header: Any, body: Array) -> tuple[dict[str, Any], list[Array]]:
        """Blocks while the model runs. Raises INVALID_ARGUMENT when the frame makes no sense, TOO_LARGE when the answer fits no frame."""
        received = time.perf_counter_ns()
        items = self._reader.read(header, body)
        timing = Timing(input=time.perf_counter_ns() - received)
        results = self._run_together(items, timing) if self._batchable and len(items) > 1 else None
        if results is None:
            results = [self._run_alone(item, index, len(items), timing) for index, item in enumerate(items)]
        started = time.perf_counter_ns()
        answer = encode_answer(results, timing)
        answer[0]["outputNs"] += time.perf_counter_ns() - started
        return answer

    def _run_together(self, items: Sequence[Union[CheckedItem, LeptonError]], timing: Timing) -> Optional[list[ItemResult]]:
        """None when the batch cannot be merged or fails: then each item runs alone, so that one bad item fails only itself."""
        good = [item for item in items if isinstance(item, CheckedItem)]
        if len(good) < 2 or not all(tensor.array.ndim == self._ranks[tensor.name] for item in good for tensor in item.inputs):
            return None
        try:
            start = time.perf_counter_ns()
            rows = [rows_of(item.inputs) for item in good]
            merged = merge_inputs([item.inputs for item in good])
            timing.input += time.perf_counter_ns() - start
            names = self._wanted(good)
            outputs = self._run(merged, names, timing)
            start = time.perf_counter_ns()
            split = iter(split_outputs(outputs, rows))
            results: list[ItemResult] = [item if isinstance(item, LeptonError) else _pick(next(split), item.outputs) for item in items]
            timing.output += time.perf_counter_ns() - start
            timing.batch = sum(rows)
            return results
        except Exception:
            return None

    def _run_alone(self, item: Union[CheckedItem, LeptonError], index: int, count: int, timing: Timing) -> ItemResult:
        if isinstance(item, LeptonError):
            return item
        try:
            shape = item.inputs[0].array.shape if item.inputs else ()
            timing.batch = max(timing.batch, shape[0] if self._batchable and shape else 1)
            return self._run(item.inputs, item.outputs, timing)
        except LeptonError as error:
            if error.code == "MODEL_ERROR":
                self._on_failure(index, count, error)
            return error
        except Exception as error:
            fault = LeptonError("INTERNAL", words_of(error))
            fault.__cause__ = error
            self._on_failure(index, count, fault)
            return fault

    def _run(self, inputs: Sequence[Tensor], outputs: Sequence[str], timing: Timing) -> list[Tensor]:
        start = time.perf_counter_ns()
        try:
            return self._model.run(inputs, outputs)
        finally:
            timing.run += time.perf_counter_ns() - start

    def _wanted(self, items: Sequence[CheckedItem]) -> Sequence[str]:
        wanted = {name for item in items for name in item.outputs}
        return [name for name in self._output_names if name in wanted] or self._output_names


def _pick(outputs: Sequence[Tensor], wanted: Sequence[str]) -> list[Tensor]:
    """The outputs that an item asked for, in its order."""
    by_name = {tensor.name: tensor for tensor in outputs}
    return [by_name[name] for name in wanted]
