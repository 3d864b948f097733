"""A model in memory, behind whatever adapter serves its format; what it gives is checked against its signature."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from .batch import TensorSet
from .errors import LeptonError, words_of
from .signature import Signature, TensorSpec, shape_text
from .tensors import Tensor


class Adapter(Protocol):
    """What a format's module gives: one run, blocking; and `set_threads(threads)` where its framework can do so at any time."""

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> Mapping[str, Tensor]:
        """At least the outputs named, by name. Whatever the model raises goes through."""


class LoadedModel:
    """Runs an adapter. Raises MODEL_ERROR with the exception as its cause when the model fails or breaks its signature."""

    def __init__(self, adapter: Adapter, signature: Signature) -> None:
        self.signature = signature
        self._adapter = adapter
        self._set_threads: Any = getattr(adapter, "set_threads", None)
        self._outputs = {spec.name: spec for spec in signature.outputs}

    @property
    def can_set_threads(self) -> bool:
        """Whether the framework takes another number of threads while it runs."""
        return callable(self._set_threads)

    def set_threads(self, threads: int) -> None:
        """From the next run on. Does nothing where it can't be."""
        if callable(self._set_threads):
            self._set_threads(threads)

    def run(self, inputs: TensorSet, outputs: Sequence[str]) -> list[Tensor]:
        """The outputs named, in this order."""
        try:
            results = self._adapter.run({tensor.name: tensor for tensor in inputs}, outputs)
        except LeptonError:
            raise
        except BaseException as error:  # Also SystemExit: a model that wants to leave must not take its worker along.
            raise LeptonError("MODEL_ERROR", words_of(error)[:4_000]) from error
        return [self._checked(name, results) for name in outputs]

    def _checked(self, name: str, results: Mapping[str, Tensor]) -> Tensor:
        tensor = results.get(name)
        if tensor is None:
            raise LeptonError("MODEL_ERROR", f"the model gave no output {json.dumps(name)}, only {', '.join(results) or 'none'}")
        wrong = mismatch(tensor, self._outputs[name])
        if wrong:
            raise LeptonError("MODEL_ERROR", f"the model gave output {json.dumps(name)} as {wrong}")
        return tensor


def mismatch(tensor: Tensor, spec: TensorSpec) -> str:
    """How a tensor differs from what its specification says, in words; '' if it fits."""
    if spec.untyped or (tensor.datatype == spec.datatype and spec.fits(tensor.array.shape)):
        return ""
    return f"{tensor.datatype}[{shape_text(tensor.array.shape)}], its signature says {spec.datatype}[{shape_text(spec.shape)}]"
