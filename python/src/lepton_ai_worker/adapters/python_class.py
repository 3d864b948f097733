"""A plain Python class: `load(self, directory)` if it has one, and `predict(self, inputs)` or `predict(self, a, b)`.

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
from ..tensors import Array, Tensor, readable
from .common import choice, option, tensors_of

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def load(directory: Path, descriptor: Descriptor) -> Any:
    """An object of the class, its files loaded."""
    module_file: str = option(descriptor, "module", str, descriptor.entry)
    module = _import(directory, module_file)
    name = option(descriptor, "class", str)
    found = getattr(module, name, None) if name else None
    if not isinstance(found, type):
        classes = [each for each, value in vars(module).items() if isinstance(value, type) and value.__module__ == module.__name__]
        raise LeptonError("MODEL_INVALID", f"options.class {name!r} is no class of {module_file}; it has {', '.join(classes) or 'none'}")
    model = found()
    if not callable(getattr(model, "predict", None)):
        raise LeptonError("MODEL_INVALID", f"class {name} of {module_file} has no method predict")
    if callable(getattr(model, "load", None)):
        model.load(*([str(directory)] if _positional(model.load) else []))
    return model


def open_model(directory: Path, descriptor: Descriptor, threads: int) -> "PythonClass":
    """See the module."""
    return PythonClass(load(directory, descriptor), descriptor)


class PythonClass:
    """Calls `predict`."""

    def __init__(self, model: Any, descriptor: Descriptor) -> None:
        self._predict: Callable[..., Any] = model.predict
        self._descriptor = descriptor
        self._text: bool = option(descriptor, "text", bool, False)
        names = [spec.name for spec in descriptor.signature.inputs]
        parameters = _positional(self._predict)
        by_name = bool(parameters) and set(_required(self._predict)) <= set(names) <= set(parameters)
        default = "arguments" if by_name or (len(names) == 1 and not _wants_dict(self._predict)) else "dict"
        self._arguments = choice(descriptor, "inputs", ("arguments", "dict"), default) == "arguments"
        self._order = [each for each in parameters if each in names] if by_name else names
        self._gaps = by_name and self._order != parameters[: len(self._order)]

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> Mapping[str, Tensor]:
        """See `Adapter`."""
        arrays: dict[str, Array] = {name: readable(tensor, self._text) for name, tensor in inputs.items()}
        if not self._arguments:
            result = self._predict(arrays)
        elif self._gaps:
            result = self._predict(**arrays)
        else:
            result = self._predict(*(arrays[name] for name in self._order))
        return tensors_of(self._descriptor, result, outputs)


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


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())


def _positional(function: Callable[..., Any]) -> list[str]:
    return [each.name for each in _parameters(function) if each.kind in _POSITIONAL]


def _required(function: Callable[..., Any]) -> list[str]:
    return [each.name for each in _parameters(function) if each.kind in _POSITIONAL and each.default is inspect.Parameter.empty]


def _wants_dict(function: Callable[..., Any]) -> bool:
    first = _parameters(function)[:1]
    return bool(first) and (first[0].name == "inputs" or "dict" in str(first[0].annotation).lower() or "mapping" in str(first[0].annotation).lower())
