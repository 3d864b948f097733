"""Merging items along dimension 0 and cutting results apart again."""

from collections.abc import Sequence
from typing import Optional

import numpy as np

from .errors import LeptonError, invalid
from .signature import shape_text
from .tensors import Tensor

TensorSet = Sequence[Tensor]


def rows_of(inputs: TensorSet) -> int:
    """The first dimension that all inputs share. Raises INVALID_ARGUMENT where they share none."""
    sizes = {tensor.array.shape[0] if tensor.array.ndim else None for tensor in inputs}
    rows: Optional[int] = sizes.pop() if len(sizes) == 1 else None
    if rows is None:
        shapes = " ".join(f"{tensor.name}[{shape_text(tensor.array.shape)}]" for tensor in inputs)
        raise invalid(f"inputs share no first dimension: {shapes}")
    return rows


def merge_inputs(items: Sequence[TensorSet]) -> TensorSet:
    """All items' inputs as one set; one item is returned as it is. Raises INVALID_ARGUMENT when they do not fit together."""
    first = items[0]
    if len(items) == 1:
        return first
    merged = []
    for tensor in first:
        parts = [_same_named(inputs, tensor).array for inputs in items]
        merged.append(Tensor(tensor.name, tensor.datatype, np.concatenate(parts, axis=0)))
    return merged


def _same_named(inputs: TensorSet, like: Tensor) -> Tensor:
    for tensor in inputs:
        if tensor.name == like.name and tensor.datatype == like.datatype and tensor.array.ndim == like.array.ndim > 0 and tensor.array.shape[1:] == like.array.shape[1:]:
            return tensor
    raise invalid(f'input "{like.name}" does not fit the batch\'s {like.datatype}[{shape_text(like.array.shape)}]')


def split_outputs(outputs: TensorSet, rows: Sequence[int]) -> list[list[Tensor]]:
    """A batch's outputs as the items' own. Raises MODEL_ERROR when an output does not have the rows that went in."""
    if len(rows) == 1:
        return [list(outputs)]
    total = sum(rows)
    for output in outputs:
        if not output.array.ndim or output.array.shape[0] != total:
            raise LeptonError("MODEL_ERROR", f"output {output.name}[{shape_text(output.array.shape)}] does not have the batch's {total} rows")
    result: list[list[Tensor]] = []
    start = 0
    for count in rows:
        result.append([Tensor(output.name, output.datatype, output.array[start : start + count]) for output in outputs])
        start += count
    return result
