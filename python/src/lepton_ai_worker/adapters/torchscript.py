"""TorchScript: a scripted or traced module. `options.call` names the method, forward unless it is said."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..descriptor import Descriptor
from ..errors import LeptonError
from ..tensors import Tensor
from .common import option, ordered
from .torch_tensors import Arguments, from_torch, import_torch, to_torch


def load(directory: Path, descriptor: Descriptor) -> Any:
    """The module, on the CPU, in evaluation mode. TorchScript is a language of its own: loading it runs no Python."""
    torch = import_torch(descriptor)
    return torch.jit.load(str(directory / descriptor.entry), map_location="cpu").eval()


def open_model(directory: Path, descriptor: Descriptor, threads: int) -> "Torchscript":
    """See the module."""
    torch = import_torch(descriptor, threads)
    return Torchscript(torch, load(directory, descriptor), descriptor)


class Torchscript:
    """Calls the module with its inputs in the signature's order; parameters of plain numbers get these out of the tensor."""

    def __init__(self, torch: Any, module: Any, descriptor: Descriptor) -> None:
        self._torch = torch
        self._descriptor = descriptor
        name: str = option(descriptor, "call", str, "forward")
        method = getattr(module, name, None)
        if not callable(method):
            raise LeptonError("MODEL_INVALID", f"options.call {name!r} is no method of the module")
        # A module's own call skips nothing that `forward` would do, and runs hooks.
        self._call = module if name == "forward" else method
        arguments = method.schema.arguments[1:] if hasattr(method, "schema") else []
        plain = [str(argument.type) in ("int", "float", "bool", "number", "Scalar") for argument in arguments]
        by_name = {argument.name: each for argument, each in zip(arguments, plain)}
        self._plain = {spec.name for index, spec in enumerate(descriptor.signature.inputs) if by_name.get(spec.name, index < len(plain) and plain[index])}
        self._arguments = Arguments(descriptor)

    def set_threads(self, threads: int) -> None:
        """From the next run on."""
        self._torch.set_num_threads(threads)

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> Mapping[str, Tensor]:
        """See `Adapter`."""
        named = {tensor.name: self._argument(tensor) for tensor in ordered(inputs, self._descriptor)}
        arguments, keywords = self._arguments.of(named)
        with self._torch.inference_mode():
            return from_torch(self._torch, self._descriptor, self._call(*arguments, **keywords), outputs)

    def _argument(self, tensor: Tensor) -> Any:
        if tensor.name not in self._plain:
            return to_torch(self._torch, tensor)
        if tensor.array.size != 1:
            raise LeptonError("INVALID_ARGUMENT", f"input {tensor.name!r} has {tensor.array.size} elements, the model takes one number")
        return tensor.array.item()
