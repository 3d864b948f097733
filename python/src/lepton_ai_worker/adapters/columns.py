"""Inputs of models that take one table: rows of features."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..descriptor import Descriptor
from ..errors import LeptonError
from ..tensors import Array, Tensor, readable
from .common import framework, option, ordered


class Table:
    """One input is the table, or a list of texts; several are its columns side by side, one after the other.

    `options.columns` names the columns of a pandas DataFrame, for pipelines that choose columns by name.
    """

    def __init__(self, descriptor: Descriptor) -> None:
        self._descriptor = descriptor
        self._text: bool = option(descriptor, "text", bool, False)
        self._columns: list[str] | None = option(descriptor, "columns", list)
        self._pandas = framework("pandas", "pandas", descriptor.format) if self._columns else None

    def of(self, inputs: Mapping[str, Tensor]) -> Any:
        """What the model takes."""
        arrays = [readable(tensor, self._text) for tensor in ordered(inputs, self._descriptor)]
        if self._pandas is not None:
            return self._frame(arrays)
        if len(arrays) == 1:
            return arrays[0]
        parts = [_two_dimensional(array) for array in arrays]
        if len({len(part) for part in parts}) > 1:
            raise LeptonError("INVALID_ARGUMENT", f"inputs have different numbers of rows: {', '.join(f'{spec.name} {len(part)}' for spec, part in zip(self._descriptor.signature.inputs, parts))}")
        return np.concatenate(parts, axis=1)

    def _frame(self, arrays: list[Array]) -> Any:
        assert self._pandas is not None and self._columns is not None
        columns = [part[:, index] for part in map(_two_dimensional, arrays) for index in range(part.shape[1])]
        if len(columns) != len(self._columns):
            raise LeptonError("INVALID_ARGUMENT", f"the inputs have {len(columns)} columns, the model {len(self._columns)}: {', '.join(self._columns)}")
        if len({len(column) for column in columns}) > 1:
            raise LeptonError("INVALID_ARGUMENT", f"inputs have different numbers of rows: {', '.join(str(len(column)) for column in columns)}")
        return self._pandas.DataFrame(dict(zip(self._columns, columns)))


def _two_dimensional(array: Array) -> Array:
    return array.reshape(len(array) if array.ndim else 1, -1) if array.ndim != 2 else array
