"""A plain Python class with `predict` and perhaps `load`: its source and what it needs of its module, never the script's own effects."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from lepton_ai_worker.adapters.python_class import Predict, parameters_of
from lepton_ai_worker.tensors import readable

from ..errors import ModelInvalidError
from .common import Array, Arrays, Spec, Written, named_outputs, tensor_of
from .source import extract

_MODULE = "model.py"


def live(model: Any, format: Optional[str]) -> PythonClass:
    """See `PythonClass`."""
    if format not in (None, "python"):
        raise ModelInvalidError(f"a plain Python class is saved as python, not as {format}")
    return PythonClass(model)


class PythonClass:
    """A class, or an object of one whose state a new object has as well."""

    def __init__(self, model: Any) -> None:
        self._class: type = model if isinstance(model, type) else type(model)
        self._given = None if isinstance(model, type) else model
        required = [each.name for each in parameters_of(self._class) if each.default is each.empty]
        if required:
            raise ModelInvalidError(f"{self._class.__name__} is made without arguments when it is served, but its __init__ wants {', '.join(required)}; read them in load(directory), or give defaults")
        self._files = dict(getattr(model, "files", None) or {}) if isinstance(getattr(model, "files", None), Mapping) else {}
        names = [each.name for each in parameters_of(self._bound())]
        self.input_names: Optional[list[str]] = None if names == ["inputs"] else names or None
        self.inputs: Optional[list[Spec]] = None
        self.outputs: Optional[list[Spec]] = None

    def _bound(self) -> Any:
        return (self._given if self._given is not None else object.__new__(self._class)).predict

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """As the worker calls it."""
        predict = Predict(self._live().predict, list(inputs), self._given_as())
        return named_outputs(predict({name: readable(tensor_of(name, array)) for name, array in inputs.items()}))

    def _given_as(self) -> Optional[str]:
        """`options.inputs`: a dict where the parameters name no inputs."""
        return "dict" if self.input_names is None and inspect.signature(self._bound()).parameters else None

    def _live(self) -> Any:
        if self._given is None:
            self._given = self._class()
            if callable(getattr(self._given, "load", None)) and not parameters_of(self._given.load):
                self._given.load()
        return self._given

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """`model.py`, and the class's `files` {name in the artefact: path}."""
        source = extract(self._class)
        (directory / _MODULE).write_text(source.text, "utf-8")
        for name, path in self._files.items():
            target = directory / name
            if directory.resolve() not in target.resolve().parents:
                raise ModelInvalidError(f"files: {name!r} is not a path inside the artefact")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        options: dict[str, Any] = {"class": self._class.__name__, "module": _MODULE}
        given = self._given_as()
        if given is not None:
            options["inputs"] = given
        return Written("python", _MODULE, options, ["numpy", *source.distributions])
