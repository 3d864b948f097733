"""TensorFlow: a SavedModel of a tf.Module or a Keras model, or one that was saved before."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from lepton_ai_worker.adapters.python_class import parameters_of

from ..errors import InvalidArgumentError, ModelInvalidError
from .common import Array, Arrays, by_output, named_outputs
from .live import Live, Written
from .saved_model import DEFAULT, FOLDER, example_specs, save, saved_specs, spec_of, specs_of_function, tensorflow_module, traced, written


def live(model: Any, format: Optional[str]) -> Live:
    """See `Module` and `Signatures`."""
    if format not in (None, "tensorflow"):
        raise ModelInvalidError(f"a tf.Module is saved as tensorflow, not as {format}")
    return Signatures(model) if getattr(model, "signatures", None) else Module(model)


class Signatures(Live):
    """An object that was loaded from a SavedModel, or the SavedModel's directory: one of its signatures is served, all are kept."""

    def __init__(self, model: Any, source: Optional[Path] = None) -> None:
        self._model = model
        self._source = source
        self._name = DEFAULT if DEFAULT in model.signatures or len(model.signatures) > 1 else next(iter(model.signatures))
        self._read()

    def choose(self, name: str) -> None:
        """Serves another signature."""
        if name not in self._model.signatures:
            raise InvalidArgumentError(f"signature {name!r} is none of the SavedModel's: {', '.join(self._model.signatures)}")
        self._name = name
        self._read()

    def _read(self) -> None:
        self.inputs, self.outputs = specs_of_function(self._model.signatures[self._name]) if self._name in self._model.signatures else (None, None)
        self.input_names = [each.name for each in self.inputs] if self.inputs else None

    def _function(self) -> Any:
        if self._name not in self._model.signatures:
            raise ModelInvalidError(f"the SavedModel has several signatures and none is {DEFAULT}; say which is served with signature=, one of {', '.join(map(repr, self._model.signatures))}")
        return self._model.signatures[self._name]

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """The signature's own answer."""
        return named_outputs(self._function()(**{name: tensorflow_module().constant(array) for name, array in inputs.items()}))

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """A directory as it is; a loaded object anew."""
        self._function()
        if self._source is not None:
            # The fingerprint is a random number of each save.
            shutil.copytree(self._source, directory / FOLDER, ignore=shutil.ignore_patterns("fingerprint.pb", "__pycache__"))
        else:
            save(self._model, directory, dict(self._model.signatures))
        return written(self._name)


class Module(Live):
    """A tf.Module: one of its functions becomes the SavedModel's signature, `__call__` unless another is chosen."""

    def __init__(self, model: Any) -> None:
        self._tf = tensorflow_module()
        self._model = model
        self._call: Any = next((found for name in ("__call__", "serve", "predict") if (found := self._callable(name)) is not None), None)
        functions = self._functions()
        if self._call is None and len(functions) == 1:
            self._call = getattr(model, functions[0])
        self._read()

    def choose(self, name: str) -> None:
        """Serves another function."""
        found = self._callable(name)
        if found is None:
            raise InvalidArgumentError(f"signature {name!r} is no function of the {type(self._model).__name__}; it has {', '.join(self._functions()) or 'none'}")
        self._call = found
        self._read()

    def _callable(self, name: str) -> Any:
        found = getattr(self._model, name, None)
        return found if callable(found) else None

    def _functions(self) -> list[str]:
        """Names of what is decorated with tf.function."""
        return [name for name in dir(type(self._model)) if name != "__call__" and hasattr(getattr(type(self._model), name, None), "get_concrete_function")]

    def _read(self) -> None:
        declared = self._declared()
        self.inputs = [spec_of(name, spec) for name, spec in declared.items()] if declared else None
        self.input_names = list(declared) if declared else _parameters(self._call) or None

    def _declared(self) -> Optional[dict[str, Any]]:
        """The function's `input_signature` by input, where it is one of tensors."""
        given = getattr(self._call, "input_signature", None)
        if not given or not all(isinstance(each, self._tf.TensorSpec) for each in given):
            return None
        names = _parameters(self._call)
        return {spec.name or (names[index] if index < len(names) else f"input_{index}"): spec for index, spec in enumerate(given)}

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """The function's own answer."""
        return named_outputs(self._ask({name: self._tf.constant(array) for name, array in inputs.items()}))

    def _ask(self, inputs: Mapping[str, Any]) -> Any:
        if self._call is None:
            functions = self._functions()
            raise ModelInvalidError(f"{type(self._model).__name__} has no __call__" + (f"; say which of its functions is served with signature=, one of {', '.join(map(repr, functions))}" if functions else " and no tf.function"))
        return self._call(**inputs) if set(inputs) <= set(_parameters(self._call)) else self._call(*inputs.values())

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """The folder `saved_model`."""
        save(self._model, directory, {DEFAULT: traced(lambda inputs: by_output(self._ask(inputs)), self._tensor_specs(examples))})
        self.inputs, self.outputs = saved_specs(directory)
        return written()

    def _tensor_specs(self, examples: Sequence[Arrays]) -> dict[str, Any]:
        declared = self._declared()
        if declared:
            return {name: self._tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in declared.items()}
        if not examples:
            raise ModelInvalidError(f"{type(self._model).__name__} has no signature {DEFAULT} and no input_signature; give example_inputs= so that its call can be traced")
        return example_specs(examples)


def _parameters(call: Any) -> list[str]:
    """Names of what a function takes; none where Python cannot tell."""
    return [each.name for each in parameters_of(getattr(call, "python_function", call)) if each.name != "self"] if call is not None else []
