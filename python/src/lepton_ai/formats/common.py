"""What formats share: arrays, signatures, results by output."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
import numpy.typing as npt

from lepton_ai_worker.errors import LeptonError as WorkerError
from lepton_ai_worker.json_tensor import flatten
from lepton_ai_worker.signature import DATATYPE_BYTES
from lepton_ai_worker.tensors import DATATYPES, Tensor, from_array

from ..errors import InvalidArgumentError, UnsupportedError

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class Spec:
    """One input or output: datatype of the protocol (`FP32`) and shape, -1 where the request chooses. Untyped: neither binds."""

    name: str
    datatype: str = "FP32"
    shape: tuple[int, ...] = (-1,)
    untyped: bool = False

    def to_json(self) -> dict[str, Any]:
        """As it stands in lepton-model.json."""
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape), **({"untyped": True} if self.untyped else {})}


def array_of(value: Any) -> Array:
    """Numpy's view of an array, a tensor of any framework, a number or a list."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(getattr(value, "dtype", "")) == "torch.bfloat16":
            # numpy's own dtypes lack it; ml_dtypes brings it.
            return np.asarray(value.view(loaded("torch").int16).numpy().view(needed("ml_dtypes", "ml_dtypes").bfloat16))
    if hasattr(value, "numpy") and not isinstance(value, np.ndarray):
        value = value.numpy()
    elif hasattr(value, "to_numpy"):
        value = value.to_numpy()
    elif hasattr(value, "toarray"):
        value = value.toarray()
    array = np.asarray(value)
    if array.dtype.kind == "U":
        array = array.astype(object)
    return array


def tensor_of(name: str, array: Array) -> Tensor:
    """The protocol's tensor of an array; its dtype must have a datatype."""
    try:
        return from_array(name, np.ascontiguousarray(array) if array.ndim else array)
    except WorkerError as error:
        raise InvalidArgumentError(f"{name}: dtype {array.dtype} has no datatype in the protocol ({error.message})") from None


def parse_signature(given: Any) -> tuple[Optional[list[Spec]], Optional[list[Spec]]]:
    """`signature=`: {"inputs": {"x": ("FP32", [-1, 4])}, "outputs": …}; a datatype may be a numpy dtype. Each side may be left out."""
    if given is None:
        return None, None
    if not isinstance(given, Mapping) or set(given) - {"inputs", "outputs"}:
        raise InvalidArgumentError('signature is {"inputs": {name: (datatype, shape)}, "outputs": {name: (datatype, shape)}}')
    return _side(given.get("inputs"), "inputs"), _side(given.get("outputs"), "outputs")


def _side(given: Any, side: str) -> Optional[list[Spec]]:
    if given is None:
        return None
    pairs = given.items() if isinstance(given, Mapping) else [(one["name"], (one["datatype"], one["shape"])) for one in given]
    return [_spec(str(name), form, side) for name, form in pairs]


def _spec(name: str, form: Any, side: str) -> Spec:
    try:
        datatype, shape = form
        return Spec(name, datatype_of(datatype), tuple(-1 if size is None else int(size) for size in shape))
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(f"signature.{side}.{name} {form!r} is not (datatype, shape), for example ('FP32', [-1, 4]): {error}") from None


def datatype_of(value: Any) -> str:
    """The protocol's datatype of its own name, or of a dtype of numpy or of a framework."""
    if isinstance(value, str) and value in DATATYPE_BYTES:
        return value
    text = str(getattr(value, "name", value)).removeprefix("torch.")
    if text == "bfloat16":
        return "BF16"
    if value is str or text in ("string", "str", "object"):
        return "BYTES"
    name = DATATYPES.get(np.dtype(value if isinstance(value, type) else text).newbyteorder("<"))
    if name is None:
        raise ValueError(f"{value!r} has no datatype in the protocol")
    return name


def by_output(result: Any, names: Optional[Sequence[str]] = None) -> dict[str, Any]:
    """A model's result by output: a dict (or what has fields) by its keys, a tuple or list of arrays in order, or the only one as `output`."""
    fields = fields_of(result)
    if fields is not None:
        return {str(name): value for name, value in fields.items()}
    if isinstance(result, (tuple, list)) and (isinstance(result, tuple) or any(hasattr(each, "shape") for each in result)):
        flat = list(flatten(result))
        return dict(zip(names if names and len(names) == len(flat) else output_names(len(flat)), flat))
    return {names[0] if names else "output": result}


def fields_of(result: Any) -> Optional[dict[Any, Any]]:
    """What a dict, a named tuple or a dataclass holds, without its Nones; None: it is none of these."""
    if isinstance(result, Mapping):
        found = dict(result)
    elif isinstance(result, tuple) and hasattr(result, "_fields"):
        found = dict(zip(result._fields, result))
    elif dataclasses.is_dataclass(result) and not isinstance(result, type):
        found = {each.name: getattr(result, each.name) for each in dataclasses.fields(result)}
    else:
        return None
    return {name: value for name, value in found.items() if value is not None}


def named_outputs(result: Any, names: Optional[Sequence[str]] = None) -> dict[str, Array]:
    """`by_output`, as arrays."""
    return {name: array_of(value) for name, value in by_output(result, names).items()}


def input_names(count: int) -> list[str]:
    """Of inputs that the model itself gives no names."""
    return ["input"] if count == 1 else [f"input_{index}" for index in range(count)]


def output_names(count: int) -> list[str]:
    """Of outputs that the model itself gives no names."""
    return ["output"] if count == 1 else [f"output_{index}" for index in range(count)]


def loaded(module: str) -> Any:
    """A framework if the process has it loaded already, as it must have when a live object of it is there."""
    return sys.modules.get(module)


def needed(module: str, package: str) -> Any:
    """Imports a framework; UnsupportedError says what to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UnsupportedError(f"this needs {package}: pip install {package} ({error})") from None
