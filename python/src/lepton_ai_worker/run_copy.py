"""Runs at load time, on inputs that are needed again."""

from collections.abc import Sequence
from typing import Optional

from .batch import TensorSet
from .model import LoadedModel
from .tensors import Tensor


def copy_of(inputs: TensorSet) -> list[Tensor]:
    """Inputs that the model may change in place."""
    return [Tensor(tensor.name, tensor.datatype, tensor.array.copy()) for tensor in inputs]


def run_copy(model: LoadedModel, inputs: TensorSet, outputs: Optional[Sequence[str]] = None) -> list[Tensor]:
    """Outputs that stay as they are, whatever memory the model gives them in."""
    return copy_of(model.run(copy_of(inputs), model.signature.output_names if outputs is None else outputs))
