"""torch tensors to and from ours, shared by its two formats."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..descriptor import Descriptor
from ..errors import LeptonError
from ..json_tensor import flatten
from ..signature import TensorSpec
from ..tensors import Tensor
from .common import choice, framework, option, tensor_of, tensors_of

#: numpy has these and torch, before 2.3, has not.
_WIDER = {"UINT16": "INT32", "UINT32": "INT64", "UINT64": "INT64"}


def import_torch(descriptor: Descriptor, threads: int = 0) -> Any:
    """torch, with this many threads if any are named."""
    torch = framework("torch", "torch", descriptor.format)
    if threads:
        torch.set_num_threads(threads)
        # It may be set once only; old releases end the process over a second time.
        if torch.get_num_interop_threads() != 1:
            torch.set_num_interop_threads(1)
    return torch


def to_torch(torch: Any, tensor: Tensor) -> Any:
    """A torch tensor over the same memory."""
    if tensor.datatype == "BYTES":
        raise LeptonError("INVALID_ARGUMENT", f"input {tensor.name!r} is BYTES, and torch has no tensors of text")
    if tensor.datatype == "BF16":
        return torch.from_numpy(tensor.array.view(np.int16)).view(torch.bfloat16)
    if tensor.datatype in _WIDER and not hasattr(torch, tensor.datatype.lower()):
        raise LeptonError("INVALID_ARGUMENT", f"input {tensor.name!r} is {tensor.datatype}, which torch {torch.__version__} lacks; {_WIDER[tensor.datatype]} holds it")
    return torch.from_numpy(tensor.array)


class Arguments:
    """How a module is called: in the signature's order; `options.keywords` names inputs given by keyword, `options.inputs` "dict" gives all in one."""

    def __init__(self, descriptor: Descriptor) -> None:
        self._keywords = frozenset(option(descriptor, "keywords", list, []))
        self._as_dict = choice(descriptor, "inputs", ("arguments", "dict"), "arguments") == "dict"

    def of(self, named: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Positional ones, and those by keyword."""
        if self._as_dict:
            return [dict(named)], {}
        return [value for name, value in named.items() if name not in self._keywords], {name: value for name, value in named.items() if name in self._keywords}


def from_torch(torch: Any, descriptor: Descriptor, result: Any, outputs: Sequence[str]) -> Mapping[str, Tensor]:
    """The outputs named, of whatever a module gives: a tensor, a tuple or list of any depth, a dict, numbers."""
    flat = result if isinstance(result, Mapping) else list(flatten(result))
    return tensors_of(descriptor, flat[0] if isinstance(flat, list) and len(flat) == 1 else flat, outputs, partial(_tensor, torch))


def _tensor(torch: Any, spec: TensorSpec, value: Any) -> Tensor:
    if not isinstance(value, torch.Tensor):
        return tensor_of(spec, value)
    value = value.detach().to("cpu").contiguous()
    if value.dtype == torch.bfloat16:
        return Tensor(spec.name, "BF16", value.view(torch.int16).numpy().view(np.uint16))
    return tensor_of(spec, value.resolve_conj().resolve_neg().numpy())
