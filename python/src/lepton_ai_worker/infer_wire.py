"""Infer frames as the worker reads and writes them: the mirror of src/worker/infer-wire.ts, with its words."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

from .errors import LeptonError, invalid
from .frames import FRAME_BYTES_MAX
from .signature import DATATYPE_BYTES, Signature, TensorSpec, element_count, is_size, number_text, shape_text
from .tensors import Array, Tensor, from_bytes, to_bytes

#: Most items of one infer frame.
ITEMS_MAX = 1024
#: What an answer's header may take besides its tensors.
ANSWER_BYTES_MAX = FRAME_BYTES_MAX - 2**20


@dataclass(frozen=True)
class CheckedItem:
    """One item that fits the signature; `outputs` are the names wanted, in the asker's order."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[str, ...]


@dataclass
class Timing:
    """Nanoseconds of one frame's parts, and the rows that ran together."""

    input: int = 0
    run: int = 0
    output: int = 0
    batch: int = 0


ItemResult = Union[Sequence[Tensor], LeptonError]


class InferReader:
    """Reads infer frames of one signature. The gateway has checked the same; the worker trusts its own."""

    def __init__(self, signature: Signature) -> None:
        self._inputs = signature.inputs
        self._by_name = {spec.name: spec for spec in signature.inputs}
        self._output_names = signature.output_names

    def read(self, header: Any, body: Array) -> list[Union[CheckedItem, LeptonError]]:
        """The frame's items, each one checked or refused. Raises INVALID_ARGUMENT when the frame itself makes no sense."""
        items = header.get("items") if isinstance(header, dict) else None
        if not isinstance(items, list) or not 0 < len(items) <= ITEMS_MAX:
            raise invalid(f"an infer frame carries 1 to {ITEMS_MAX} items")
        # Slices first: a refused item must not shift its neighbours' bytes.
        sliced: list[list[_Slice]] = []
        at = 0
        for item in items:
            slices, at = _slices(item, body, at)
            sliced.append(slices)
        if at != len(body):
            raise invalid(f"the body has {len(body)} bytes, its tensors {at}")
        return [self._check(slices, item.get("outputs")) for slices, item in zip(sliced, items)]

    def _check(self, slices: "list[_Slice]", outputs: Optional[list[str]]) -> Union[CheckedItem, LeptonError]:
        try:
            inputs = tuple(self._input(each) for each in slices)
            if len(inputs) != len(self._inputs) or len({each.name for each in inputs}) != len(self._inputs):
                raise invalid(f"the model takes each of {_names(self._inputs)} once, got {_names(inputs)}")
            if outputs is None:
                return CheckedItem(inputs, self._output_names)
            for name in outputs:
                if name not in self._output_names:
                    raise invalid(f"output {json.dumps(name, ensure_ascii=False)} is not one of {', '.join(self._output_names)}")
            return CheckedItem(inputs, tuple(outputs))
        except LeptonError as error:
            return error

    def _input(self, each: "_Slice") -> Tensor:
        name, datatype, shape, data = each.name, each.datatype, each.shape, each.data
        spec = self._by_name.get(name) if isinstance(name, str) else None
        if spec is None:
            raise invalid(f"input {json.dumps(name, ensure_ascii=False)} is not one of {_names(self._inputs)}")
        field = f"input {json.dumps(name, ensure_ascii=False)}"
        if spec.untyped:
            if not isinstance(datatype, str) or datatype not in DATATYPE_BYTES:
                raise invalid(f"{field} is {number_text(datatype)}, which is not a datatype")
        elif datatype != spec.datatype:
            raise invalid(f"{field} is {number_text(datatype)}, the model takes {spec.datatype}")
        if not isinstance(shape, list) or not spec.fits(shape):
            raise invalid(f"{field} has shape [{shape_text(shape)}], the model takes [{shape_text(spec.shape)}]")
        count = element_count(shape, name)
        size = DATATYPE_BYTES[datatype]
        if size and count * size != len(data):
            raise invalid(f"{field}: {len(data)} bytes are not {count} elements of {datatype}")
        if len(shape) > 64:
            raise invalid(f"{field} has {len(shape)} dimensions, at most 64 can be represented")
        return from_bytes(name, datatype, shape, data)


@dataclass(frozen=True)
class _Slice:
    """One tensor as the frame names it, unchecked but for its bytes."""

    name: Any
    datatype: Any
    shape: Any
    data: Array


def _names(tensors: Sequence[Union[TensorSpec, Tensor]]) -> str:
    return ", ".join(tensor.name for tensor in tensors)


def _slices(item: Any, body: Array, at: int) -> tuple[list[_Slice], int]:
    inputs = item.get("inputs") if isinstance(item, dict) else None
    outputs = item.get("outputs") if isinstance(item, dict) else None
    outputs_fit = outputs is None or (isinstance(outputs, list) and all(isinstance(name, str) for name in outputs))
    if not isinstance(inputs, list) or not outputs_fit:
        raise invalid("an item needs a list of inputs, and a list of names as outputs if any")
    slices: list[_Slice] = []
    for tensor in inputs:
        named = tensor if isinstance(tensor, dict) else {}
        count = named.get("bytes")
        if not isinstance(count, int) or not is_size(count) or at + count > len(body):
            raise invalid(f"tensor of {'undefined' if count is None else number_text(count)} bytes does not fit a body of {len(body)}")
        slices.append(_Slice(named.get("name"), named.get("datatype"), named.get("shape"), body[at : at + count]))
        at += count
    return slices, at


def encode_answer(results: Sequence[ItemResult], timing: Timing) -> tuple[dict[str, Any], list[Array]]:
    """The result's header and the tensors' bytes in its order. Raises TOO_LARGE when the answer fits no frame."""
    body: list[Array] = []
    items: list[dict[str, Any]] = []
    for result in results:
        if isinstance(result, LeptonError):
            items.append({"code": result.code, "error": result.message})
            continue
        outputs = []
        for tensor in result:
            data = to_bytes(tensor)
            body.append(data)
            outputs.append({"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.array.shape), "bytes": len(data)})
        items.append({"outputs": outputs})
    total = sum(len(part) for part in body)
    if total > ANSWER_BYTES_MAX:
        raise LeptonError("TOO_LARGE", f"the outputs take {total} bytes; an answer is limited to {ANSWER_BYTES_MAX}")
    return {"items": items, "runNs": timing.run, "inputNs": timing.input, "outputNs": timing.output, "batchSize": timing.batch}, body
