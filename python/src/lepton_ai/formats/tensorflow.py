"""TensorFlow: a SavedModel of a tf.Module or a Keras model, or one that was saved before."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from lepton_ai_worker.adapters.python_class import parameters_of
from lepton_ai_worker.tensors import DTYPES

from ..errors import InvalidArgumentError, ModelInvalidError
from .common import Array, Arrays, Spec, by_output, datatype_of, loaded, named_outputs
from .live import Live, Written
from .saved_model_names import normalise_saved_model

_REQUIREMENTS = ["tensorflow", "tensorflow-cpu", "numpy"]
_DEFAULT = "serving_default"
_FOLDER = "saved_model"


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
        self._name = _DEFAULT if _DEFAULT in model.signatures or len(model.signatures) > 1 else next(iter(model.signatures))
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
            raise ModelInvalidError(f"the SavedModel has several signatures and none is {_DEFAULT}; say which is served with signature=, one of {', '.join(map(repr, self._model.signatures))}")
        return self._model.signatures[self._name]

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """The signature's own answer."""
        return named_outputs(self._function()(**{name: _tensorflow().constant(array) for name, array in inputs.items()}))

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """A directory as it is; a loaded object anew."""
        self._function()
        if self._source is not None:
            # The fingerprint is a random number of each save.
            shutil.copytree(self._source, directory / _FOLDER, ignore=shutil.ignore_patterns("fingerprint.pb", "__pycache__"))
        else:
            _tensorflow().saved_model.save(self._model, str(directory / _FOLDER), signatures=dict(self._model.signatures))
            normalise_saved_model(directory / _FOLDER)
        return Written("tensorflow", _FOLDER, {} if self._name == _DEFAULT else {"signature": self._name}, _REQUIREMENTS)


class Module(Live):
    """A tf.Module: one of its functions becomes the SavedModel's signature, `__call__` unless another is chosen."""

    def __init__(self, model: Any) -> None:
        self._tf = _tensorflow()
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
        self.inputs = [_spec(name, spec) for name, spec in declared.items()] if declared else None
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
        target = directory / _FOLDER
        self._tf.saved_model.save(self._model, str(target), signatures={_DEFAULT: self._traced(examples)})
        normalise_saved_model(target)
        self.inputs, self.outputs = specs_of_function(self._tf.saved_model.load(str(target)).signatures[_DEFAULT])
        return Written("tensorflow", _FOLDER, {}, _REQUIREMENTS)

    def _traced(self, examples: Sequence[Arrays]) -> Any:
        specs = {name: self._tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in (self._declared() or {}).items()} or self._specs_of(examples)

        def serve(**inputs: Any) -> dict[str, Any]:
            return by_output(self._ask(inputs))

        return self._tf.function(serve).get_concrete_function(**specs)

    def _specs_of(self, examples: Sequence[Arrays]) -> dict[str, Any]:
        if not examples:
            raise ModelInvalidError(f"{type(self._model).__name__} has no signature {_DEFAULT} and no input_signature; give example_inputs= so that its call can be traced")
        return _specs_of(self._tf, examples)


def write_keras(model: Any, directory: Path, inputs: Optional[list[Spec]], examples: Sequence[Arrays], ask: Callable[[Mapping[str, Any]], tuple[Any, Optional[list[str]]]]) -> tuple[list[Spec], list[Spec], Written]:
    """A Keras model as a SavedModel whose signature has the names that the model is known by; and what it takes and gives."""
    tensorflow = _tensorflow()
    if inputs:
        specs = {each.name: tensorflow.TensorSpec([None if size < 0 else size for size in each.shape], _dtype(each.datatype), each.name) for each in inputs}
    else:
        specs = _specs_of(tensorflow, examples)

    def serve(**tensors: Any) -> dict[str, Any]:
        result, names = ask(tensors)
        return by_output(result, names)

    function = tensorflow.function(serve).get_concrete_function(**specs)
    try:
        _save_with(tensorflow, directory, function, model)
    except TypeError:
        # Keras adds a signature of its own, with one argument; a subclass whose call wants several goes by its variables.
        shutil.rmtree(directory / _FOLDER, ignore_errors=True)
        _save_with(tensorflow, directory, function, [each.value for each in model.variables])
    normalise_saved_model(directory / _FOLDER)
    return *specs_of_function(tensorflow.saved_model.load(str(directory / _FOLDER)).signatures[_DEFAULT]), Written("tensorflow", _FOLDER, {}, list(_REQUIREMENTS))


def _save_with(tensorflow: Any, directory: Path, function: Any, kept: Any) -> None:
    holder = tensorflow.Module()
    holder.kept = kept
    tensorflow.saved_model.save(holder, str(directory / _FOLDER), signatures={_DEFAULT: function})


def _dtype(datatype: str) -> Any:
    return _tensorflow().string if datatype == "BYTES" else _tensorflow().bfloat16 if datatype == "BF16" else _tensorflow().as_dtype(DTYPES[datatype])


def _specs_of(tensorflow: Any, examples: Sequence[Arrays]) -> dict[str, Any]:
    """By the first example; the first dimension is open where all inputs have it in common."""
    batch = {array.shape[:1] for array in examples[0].values()}
    return {name: tensorflow.TensorSpec([None, *array.shape[1:]] if len(batch) == 1 and array.ndim else array.shape, tensorflow.constant(array).dtype, name) for name, array in examples[0].items()}


def specs_of_function(function: Any) -> tuple[list[Spec], list[Spec]]:
    """Inputs and outputs of a SavedModel's signature, inputs by name."""
    inputs = [_spec(name, spec) for name, spec in sorted(function.structured_input_signature[1].items())]
    outputs = [_spec(name, spec) for name, spec in sorted(function.structured_outputs.items())]
    return inputs, outputs


def _tensorflow() -> Any:
    tensorflow = loaded("tensorflow")
    if tensorflow is None:
        raise ModelInvalidError("a SavedModel is written by TensorFlow, which this process has not loaded")
    return tensorflow


def _spec(name: str, spec: Any) -> Spec:
    if spec.shape.rank is None:
        return Spec(name, datatype_of(spec.dtype.name), untyped=True)
    return Spec(name, datatype_of(spec.dtype.name), tuple(-1 if size is None else int(size) for size in spec.shape))


def _parameters(call: Any) -> list[str]:
    """Names of what a function takes; none where Python cannot tell."""
    return [each.name for each in parameters_of(getattr(call, "python_function", call)) if each.name != "self"] if call is not None else []
