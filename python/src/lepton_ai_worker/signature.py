"""What a version takes and gives: the mirror of src/core/tensor.ts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import LeptonError, invalid

#: Most elements that a shape may name; larger products are refused before anything is allocated.
ELEMENTS_MAX = 2**40
SAFE_INTEGER_MAX = 2**53 - 1
RANK_MAX = 64

#: Bytes of one element; 0 for BYTES, whose elements carry a 4-byte little-endian length each.
DATATYPE_BYTES: Mapping[str, int] = {
    "BOOL": 1, "UINT8": 1, "UINT16": 2, "UINT32": 4, "UINT64": 8, "INT8": 1, "INT16": 2, "INT32": 4, "INT64": 8,
    "FP16": 2, "BF16": 2, "FP32": 4, "FP64": 8, "BYTES": 0,
}  # fmt: skip

FLOATS = frozenset(("FP16", "BF16", "FP32", "FP64"))


@dataclass(frozen=True)
class TensorSpec:
    """Name, datatype and shape of one input or output; -1 is a dimension that the request chooses."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    dimension_names: tuple[str, ...] = ()
    #: The model does not say: datatype and shape stand for clients that must know some, and bind nobody.
    untyped: bool = False

    def fits(self, shape: Sequence[int]) -> bool:
        """Whether a concrete tensor's shape fits, if this specification binds."""
        if self.untyped:
            return True
        return len(shape) == len(self.shape) and all(wanted in (-1, size) for wanted, size in zip(self.shape, shape))


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs in the model's order."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of all outputs."""
        return tuple(spec.name for spec in self.outputs)


def shape_text(shape: Any) -> str:
    """A shape as it stands in messages: `1,4`."""
    return ",".join(number_text(size) for size in shape) if isinstance(shape, (list, tuple)) else number_text(shape)


def number_text(value: Any) -> str:
    """Any JSON value in a message."""
    return str(value) if type(value) in (int, str) else json.dumps(value, default=str)


def is_size(value: Any) -> bool:
    """Whether this is a whole number ≥ 0 that JSON carries exactly."""
    return type(value) is int and 0 <= value <= SAFE_INTEGER_MAX


def element_count(shape: Sequence[Any], field: str = "shape") -> int:
    """Product of a shape; scalars have one element. Raises INVALID_ARGUMENT on sizes that are none."""
    count = 1
    for size in shape:
        if not is_size(size):
            raise invalid(f"{field}: dimension {number_text(size)} is not a whole number ≥ 0 in [{shape_text(shape)}]")
        count *= size
        if count > ELEMENTS_MAX:
            raise invalid(f"{field}: [{shape_text(shape)}] names more than {ELEMENTS_MAX} elements")
    return count


def parse_signature(value: Any) -> Signature:
    """Reads {inputs, outputs}; raises MODEL_INVALID with the field and the value that is wrong."""
    if not isinstance(value, dict):
        raise LeptonError("MODEL_INVALID", "signature is not an object with inputs and outputs")
    return Signature(_specs(value.get("inputs"), "inputs"), _specs(value.get("outputs"), "outputs"))


def _specs(value: Any, side: str) -> tuple[TensorSpec, ...]:
    if not isinstance(value, list):
        raise LeptonError("MODEL_INVALID", f"signature.{side} is not a list")
    specs = tuple(_spec(item, f"signature.{side}[{index}]") for index, item in enumerate(value))
    names = [spec.name for spec in specs]
    if len(set(names)) != len(names):
        raise LeptonError("MODEL_INVALID", f"signature.{side} names a tensor twice: {', '.join(names)}")
    return specs


def _spec(value: Any, field: str) -> TensorSpec:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str) or not value["name"]:
        raise LeptonError("MODEL_INVALID", f"{field} needs a name")
    datatype, shape, names = value.get("datatype"), value.get("shape"), value.get("dimensionNames", [])
    if not isinstance(datatype, str) or datatype not in DATATYPE_BYTES:
        raise LeptonError("MODEL_INVALID", f"{field}.datatype {json.dumps(datatype)} is not one of {', '.join(DATATYPE_BYTES)}")
    if not isinstance(shape, list) or len(shape) > RANK_MAX or not all(size == -1 or is_size(size) for size in shape):
        raise LeptonError("MODEL_INVALID", f"{field}.shape {json.dumps(shape)} is not a list of sizes, -1 where the request chooses")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or (names and len(names) != len(shape)):
        raise LeptonError("MODEL_INVALID", f"{field}.dimensionNames {json.dumps(names)} does not name every dimension of {json.dumps(shape)}")
    untyped = value.get("untyped", False)
    if not isinstance(untyped, bool):
        raise LeptonError("MODEL_INVALID", f"{field}.untyped {json.dumps(untyped)} is not true or false")
    return TensorSpec(value["name"], datatype, tuple(shape), tuple(names), untyped)
