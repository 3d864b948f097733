"""torch.export: a .pt2 program."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..descriptor import Descriptor
from ..errors import LeptonError
from ..tensors import Tensor
from .common import framework, ordered
from .torch_tensors import Arguments, from_torch, import_torch, to_torch


def load(directory: Path, descriptor: Descriptor) -> Any:
    """The exported program's module. Raises UNSUPPORTED on a torch that has no torch.export."""
    torch = import_torch(descriptor)
    try:
        load_program = framework("torch.export", "torch", descriptor.format).load
    except (LeptonError, AttributeError):
        raise LeptonError("UNSUPPORTED", f"torch {torch.__version__} cannot load .pt2 programs: torch.export needs torch 2.1 or later") from None
    return load_program(str(directory / descriptor.entry)).module()


def open_model(directory: Path, descriptor: Descriptor, threads: int) -> "TorchExport":
    """See the module."""
    torch = import_torch(descriptor, threads)
    return TorchExport(torch, load(directory, descriptor), descriptor)


class TorchExport:
    """Calls the module with its inputs in the signature's order."""

    def __init__(self, torch: Any, module: Any, descriptor: Descriptor) -> None:
        self._torch = torch
        self._module = module
        self._descriptor = descriptor
        self._arguments = Arguments(descriptor)

    def set_threads(self, threads: int) -> None:
        """From the next run on."""
        self._torch.set_num_threads(threads)

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> Mapping[str, Tensor]:
        """See `Adapter`."""
        arguments, keywords = self._arguments.of({tensor.name: to_torch(self._torch, tensor) for tensor in ordered(inputs, self._descriptor)})
        # Not inference_mode: programs that torch.export made before 2.5 refuse tensors made under it.
        with self._torch.no_grad():
            return from_torch(self._torch, self._descriptor, self._module(*arguments, **keywords), outputs)
