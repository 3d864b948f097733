"""A plain Python class with `predict` and perhaps `load`: its source and what it needs of its module, never the script's own effects."""

from __future__ import annotations

import inspect
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from lepton_ai_worker.adapters.python_class import Predict, parameters_of
from lepton_ai_worker.object_state import STATE_FILE, State
from lepton_ai_worker.tensors import readable

from ..errors import ModelInvalidError
from .common import Array, Arrays, named_outputs, tensor_of
from .live import Live, Written
from .source import extract


def live(model: Any, format: Optional[str]) -> PythonClass:
    """See `PythonClass`."""
    if format not in (None, "python"):
        raise ModelInvalidError(f"a plain Python class is saved as python, not as {format}")
    return PythonClass(model)


class PythonClass(Live):
    """A class, or an object of one: with its attributes where they are data, otherwise one whose state a new object has as well."""

    def __init__(self, model: Any) -> None:
        self._class: type = model if isinstance(model, type) else type(model)
        self._given = None if isinstance(model, type) else model
        self._loads = callable(getattr(self._class, "load", None))
        self._required = [each.name for each in parameters_of(self._class) if each.default is each.empty]
        self._state = self._attributes()
        if self._required and self._state is None:
            raise ModelInvalidError(f"{self._class.__name__} is made without arguments when it is served, but its __init__ wants {', '.join(self._required)}; {self._way_out()}")
        files = getattr(model, "files", None)
        self._files = dict(files) if isinstance(files, Mapping) else {}
        names = [each.name for each in parameters_of(self._bound())]
        self.input_names = None if names == ["inputs"] else names or None
        self._fresh: Any = None

    def _attributes(self) -> Optional[State]:
        """What has to be saved of an object; None: a new one has the same, or `load` brings it, or it is no data."""
        if self._given is None or self._loads or not hasattr(self._given, "__dict__"):
            return None
        try:
            state = State(vars(self._given))
            return state if self._required or not state.same_as(State(vars(self._class()))) else None
        except TypeError:
            return None

    def _way_out(self) -> str:
        if self._given is None:
            return "save an object of it, give them defaults, or read them in load(directory)"
        try:
            State(vars(self._given))
        except TypeError as error:
            return f"{error}. Read it in load(directory) from a file that the attribute files={{name: path}} brings along"
        return "with load(), an object is made anew: read them in load(directory), or give defaults"

    def _bound(self) -> Any:
        return (self._given if self._given is not None else object.__new__(self._class)).predict

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """As the worker calls it. An object that has not been loaded yet is asked as a new one that has."""
        if self._given is not None and self._fresh is None:
            try:
                return self._ask(self._given, inputs)
            except Exception:
                if not self._loads:
                    raise
        if self._fresh is None:
            self._fresh = self._made_anew()
        return self._ask(self._fresh, inputs)

    def _ask(self, model: Any, inputs: Arrays) -> dict[str, Array]:
        predict = Predict(model.predict, list(inputs), self._given_as())
        return named_outputs(predict({name: readable(tensor_of(name, array)) for name, array in inputs.items()}))

    def _given_as(self) -> Optional[str]:
        """`options.inputs`: a dict where the parameters name no inputs."""
        return "dict" if self.input_names is None and inspect.signature(self._bound()).parameters else None

    def _made_anew(self) -> Any:
        """As a worker makes it, over its files alone."""
        model = self._class()
        if self._loads:
            with tempfile.TemporaryDirectory(prefix="lepton-load-") as directory:
                self._copy_files(Path(directory))
                model.load(*([directory] if parameters_of(model.load) else []))
        return model

    def _copy_files(self, directory: Path) -> None:
        for name, path in self._files.items():
            target = directory / name
            if directory.resolve() not in target.resolve().parents:
                raise ModelInvalidError(f"files: {name!r} is not a path inside the artefact")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """The class's module, modules of the user's own that it imports, its `files` {name in the artefact: path}, its attributes."""
        source = extract(self._class)
        for name, path in source.modules.items():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, directory / name)
        entry = next(name for name in ("model.py", "model_class.py", "lepton_model_class.py") if name not in source.modules and not (directory / name.removesuffix(".py")).exists())
        (directory / entry).write_text(source.text, "utf-8")
        self._copy_files(directory)
        options: dict[str, Any] = {"class": self._class.__name__, "module": entry}
        if self._state is not None:
            self._state.write(directory)
            options["state"] = STATE_FILE
        given = self._given_as()
        if given is not None:
            options["inputs"] = given
        return Written("python", entry, options, ["numpy", *source.distributions])
