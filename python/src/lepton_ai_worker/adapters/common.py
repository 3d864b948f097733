"""What adapters share."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional, TypeVar, Union

import numpy as np

from ..descriptor import Descriptor
from ..errors import LeptonError, words_of
from ..signature import TensorSpec
from ..tensors import DTYPES, Tensor, float32_to_bfloat16, from_array

Default = TypeVar("Default", str, None)


def framework(module: str, package: str, format_name: str) -> Any:
    """Imports a framework lazily. Raises UNSUPPORTED when it is missing or does not load."""
    try:
        return importlib.import_module(module)
    except Exception as error:
        raise LeptonError("UNSUPPORTED", f"{format_name} models need {package}, which this environment cannot import: {words_of(error)}") from error


def option(descriptor: Descriptor, name: str, kind: type, default: Any = None) -> Any:
    """One of the descriptor's options. Raises MODEL_INVALID when it is of another type."""
    value = descriptor.options.get(name)
    if value is None:
        return default
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise LeptonError("MODEL_INVALID", f"options.{name} {value!r} is not of type {kind.__name__}")
    return value


def choice(descriptor: Descriptor, name: str, choices: Sequence[str], default: Default) -> Union[str, Default]:
    """An option that is one of a few words."""
    value: Optional[str] = option(descriptor, name, str)
    if value is None:
        return default
    if value not in choices:
        raise LeptonError("MODEL_INVALID", f"options.{name} {value!r} is not one of {', '.join(choices)}")
    return value


def ordered(inputs: Mapping[str, Tensor], descriptor: Descriptor) -> list[Tensor]:
    """Inputs in the signature's order."""
    return [inputs[spec.name] for spec in descriptor.signature.inputs]


def tensor_of(spec: TensorSpec, value: Any) -> Tensor:
    """What a model gave for one output.

    Arrays keep their dtype. Numbers and lists take the signature's, if nothing but precision is lost; so do BF16 outputs,
    for which numpy has no dtype.
    """
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        if spec.datatype == "BF16" and not spec.untyped and value.dtype in (np.float32, np.float64):
            return Tensor(spec.name, "BF16", float32_to_bfloat16(value.astype(np.float32)))
        return from_array(spec.name, value)
    if isinstance(value, np.generic) and value.dtype.kind not in "OUS":
        return tensor_of(spec, np.asarray(value))
    return _converted(spec, value)


def _converted(spec: TensorSpec, value: Any) -> Tensor:
    try:
        array = value if isinstance(value, np.ndarray) else np.asarray(value, dtype=object if spec.datatype == "BYTES" and not spec.untyped else None)
    except ValueError as error:
        raise LeptonError("MODEL_ERROR", f"output {spec.name!r} is not a rectangular array: {error}") from error
    if spec.untyped or spec.datatype == "BYTES":
        return from_array(spec.name, array)
    if array.dtype.kind == "O":
        array = np.asarray(array.tolist())
    if array.dtype.kind not in "biuf" or (array.size and not np.can_cast(array.dtype, np.float32 if spec.datatype == "BF16" else DTYPES[spec.datatype], "same_kind")):
        raise LeptonError("MODEL_ERROR", f"output {spec.name!r} is a {type(value).__name__} of {array.dtype}, which is no {spec.datatype}")
    if spec.datatype == "BF16":
        return Tensor(spec.name, "BF16", float32_to_bfloat16(array.astype(np.float32)))
    converted = array.astype(DTYPES[spec.datatype])
    if array.dtype.kind in "iu" and converted.dtype.kind in "iu" and not np.array_equal(array, converted):
        raise LeptonError("MODEL_ERROR", f"output {spec.name!r} holds numbers beyond {spec.datatype}")
    return Tensor(spec.name, spec.datatype, converted)


def by_name(descriptor: Descriptor, result: Any) -> dict[str, Any]:
    """A model's result as outputs by name: a dict by its keys, several outputs in the signature's order, or the only one."""
    specs = descriptor.signature.outputs
    if isinstance(result, Mapping):
        return dict(result)
    if len(specs) == 1:
        return {specs[0].name: result}
    if not isinstance(result, (list, tuple)) or len(result) != len(specs):
        count = f"{len(result)} outputs" if isinstance(result, (list, tuple)) else f"one {type(result).__name__}"
        raise LeptonError("MODEL_ERROR", f"the model gave {count}, its signature names {len(specs)}: {', '.join(spec.name for spec in specs)}")
    return {spec.name: value for spec, value in zip(specs, result)}


def tensors_of(descriptor: Descriptor, result: Any, outputs: Sequence[str], convert: Callable[[TensorSpec, Any], Tensor] = tensor_of) -> dict[str, Tensor]:
    """The outputs named, each by `convert` (arrays, numbers and lists unless it is given)."""
    named = by_name(descriptor, result)
    missing = [name for name in outputs if name not in named]
    if missing:
        raise LeptonError("MODEL_ERROR", f"the model gave no output {', '.join(missing)}, only {', '.join(map(str, named)) or 'none'}")
    return {spec.name: convert(spec, named[spec.name]) for spec in descriptor.signature.outputs if spec.name in outputs}
