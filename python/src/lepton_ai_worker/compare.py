"""Whether a tensor is what was expected: the mirror of src/worker/compare.ts."""

from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from .signature import FLOATS, shape_text
from .tensors import Array, Tensor, bfloat16_to_float32


@dataclass(frozen=True)
class Difference:
    """The first element in which two tensors differ; index None when shape or datatype differ already."""

    tensor: str
    index: Optional[int]
    expected: str
    got: str

    def __str__(self) -> str:
        where = self.tensor if self.index is None else f"{self.tensor} element {self.index}"
        return f"{where}: expected {self.expected}, got {self.got}"


def first_difference(expected: Tensor, got: Tensor, tolerance: float) -> Optional[Difference]:
    """Floats may differ by `tolerance` absolute plus relative to the expected value, NaN equals NaN; everything else must be equal."""
    forms = [f"{tensor.datatype}[{shape_text(tensor.array.shape)}]" for tensor in (expected, got)]
    if forms[0] != forms[1]:
        return Difference(expected.name, None, forms[0], forms[1])
    left, right = _numbers(expected).reshape(-1), _numbers(got).reshape(-1)
    agree = floats_agree(left, right, tolerance) if expected.datatype in FLOATS else left == right
    wrong = np.flatnonzero(~np.asarray(agree, dtype=bool))
    if not wrong.size:
        return None
    index = int(wrong[0])
    return Difference(expected.name, index, _readable(left[index]), _readable(right[index]))


def floats_agree(expected: Array, got: Array, tolerance: float) -> Array:
    """Element by element."""
    a, b = expected.astype(np.float64), got.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray((a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(b - a) <= tolerance + tolerance * np.abs(a)) & np.isfinite(a))


def _numbers(tensor: Tensor) -> Array:
    return bfloat16_to_float32(tensor.array) if tensor.datatype == "BF16" else tensor.array


def _readable(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")[:200]
    return format(value.item() if isinstance(value, np.generic) else value, "")[:200]
