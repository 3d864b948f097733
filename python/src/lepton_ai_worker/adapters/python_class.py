"""A plain Python class: `load(self, directory)` if it has one, and `predict(self, inputs)` or `predict(self, a, b)`.

An object of it is made without arguments, or has the attributes that `options.state` names the file of.

`predict` gets arrays by its parameters' names where these are inputs, the only input as it is, and otherwise a dict of all;
`options.inputs` ("arguments" or "dict") says it outright. It gives a dict by output, several outputs in order, or the only one.
"""

import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..descriptor import Descriptor
from ..errors import LeptonError
from ..object_state import read_state
from ..tensors import Array, Tensor, readable
from .common import choice, option, tensors_of


def load(directory: Path, descriptor: Descriptor) -> Any:
    """An object of the class, its files loaded."""
    module_file: str = option(descriptor, "module", str, descriptor.entry)
    module = _import(directory, module_file)
    name = option(descriptor, "class", str)
    found = getattr(module, name, None) if name else None
    if not isinstance(found, type):
        classes = [each for each, value in vars(module).items() if isinstance(value, type) and value.__module__ == module.__name__]
        raise LeptonError("MODEL_INVALID", f"options.class {name!r} is no class of {module_file}; it has {', '.join(classes) or 'none'}")
    state = option(descriptor, "state", str)
    model = found() if state is None else _restored(found, read_state(directory, state))
    if not callable(getattr(model, "predict", None)):
        raise LeptonError("MODEL_INVALID", f"class {name} of {module_file} has no method predict")
    if callable(getattr(model, "load", None)):
        model.load(*([str(directory)] if parameters_of(model.load) else []))
    return model


def open_model(directory: Path, descriptor: Descriptor, threads: int) -> "PythonClass":
    """See the module."""
    return PythonClass(load(directory, descriptor), descriptor)


def _restored(kind: type, attributes: dict[str, Any]) -> Any:
    model: Any = object.__new__(kind)
    vars(model).update(attributes)
    return model


class PythonClass:
    """Calls `predict`."""

    def __init__(self, model: Any, descriptor: Descriptor) -> None:
        self._descriptor = descriptor
        self._text: bool = option(descriptor, "text", bool, False)
        self._predict = Predict(model.predict, [spec.name for spec in descriptor.signature.inputs], choice(descriptor, "inputs", ("arguments", "dict"), None))

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> Mapping[str, Tensor]:
        """See `Adapter`."""
        return tensors_of(self._descriptor, self._predict({name: readable(tensor, self._text) for name, tensor in inputs.items()}), outputs)


class Predict:
    """Calls `predict` with inputs of these names; `given` is `options.inputs`, None where its parameters decide."""

    def __init__(self, predict: Callable[..., Any], names: Sequence[str], given: str | None = None) -> None:
        self._predict = predict
        parameters = parameters_of(predict)
        positional = [each.name for each in parameters]
        required = {each.name for each in parameters if each.default is each.empty}
        by_name = bool(positional) and required <= set(names) <= set(positional)
        default = "arguments" if by_name or (len(names) == 1 and not _wants_dict(predict)) else "dict"
        self._arguments = (given or default) == "arguments"
        self._order = [each for each in positional if each in names] if by_name else names
        self._gaps = by_name and self._order != positional[: len(self._order)]

    def __call__(self, arrays: dict[str, Array]) -> Any:
        """What `predict` gives."""
        if not self._arguments:
            return self._predict(arrays)
        if self._gaps:
            return self._predict(**arrays)
        return self._predict(*(arrays[name] for name in self._order))


def _import(directory: Path, file: str) -> Any:
    path = directory / file
    if not path.is_file() or directory.resolve() not in path.resolve().parents:
        raise LeptonError("MODEL_INVALID", f"options.module {file!r} is no file of the artefact")
    for folder in (str(directory), str(path.parent)):
        if folder not in sys.path:
            sys.path.insert(0, folder)  # Modules beside it.
    sys.dont_write_bytecode = True  # The artefact's directory is shared and read-only.
    name = f"lepton_model_{path.stem}" if path.stem in sys.modules else path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise LeptonError("MODEL_INVALID", f"options.module {file!r} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Positional parameters; none where Python cannot tell."""
    return [each for each in _parameters(function) if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def _wants_dict(function: Callable[..., Any]) -> bool:
    first = _parameters(function)[:1]
    return bool(first) and (first[0].name == "inputs" or "dict" in str(first[0].annotation).lower() or "mapping" in str(first[0].annotation).lower())
