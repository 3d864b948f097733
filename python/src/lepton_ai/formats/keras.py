"""Keras: a .keras file where that holds all of the model, otherwise a SavedModel (also with format="tensorflow")."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

from lepton_ai_worker.adapters.python_class import parameters_of

from ..errors import ModelInvalidError, UnsupportedError
from .archive import normalise_zip
from .common import Array, Arrays, Spec, by_output, datatype_of, input_names, loaded, named_outputs, output_names
from .live import Live, Written

_DISTRIBUTIONS = {"tensorflow": ["tensorflow", "tensorflow-cpu"], "torch": ["torch"], "jax": ["jax"], "numpy": [], "openvino": ["openvino"]}
_FILE = "model.keras"


def live(model: Any, format: Optional[str]) -> Keras:
    """See `Keras`."""
    if format not in (None, "keras", "tensorflow", "onnx"):
        raise ModelInvalidError(f"a Keras model is saved as keras, tensorflow or onnx, not as {format}")
    return Keras(model, format)


class Keras(Live):
    """A model of Keras 3, on the backend that this process uses."""

    def __init__(self, model: Any, format: Optional[str] = None) -> None:
        self._keras = loaded("keras")
        if self._keras is None or int(self._keras.__version__.partition(".")[0]) < 3:
            raise UnsupportedError(f"Keras 3 is needed, this is {getattr(self._keras, '__version__', 'tf_keras')}; model.export makes a SavedModel, whose directory can be saved")
        self._model = model
        self._format = format
        struct: Any = getattr(model, "_inputs_struct", None)
        self._as_dict = isinstance(struct, dict)
        tensors: dict[str, Any] = _by_name(struct) if self._as_dict else {each.name: each for each in getattr(model, "inputs", None) or []}
        self._named = self._as_dict or not any(_made_up(name) for name in tensors)
        names = list(tensors) if self._named else input_names(len(tensors))
        self.inputs = [_spec(name, each) for name, each in zip(names, tensors.values())] or None
        #: What `call` of a subclass takes.
        self._parameters = [] if self.inputs else [each.name for each in parameters_of(model.call) if each.name not in ("training", "mask")]
        self.input_names = [each.name for each in self.inputs] if self.inputs else self._parameters or None
        self.outputs = self._output_specs()

    def _output_specs(self) -> Optional[list[Spec]]:
        struct = getattr(self._model, "_outputs_struct", None)
        if isinstance(struct, dict):
            return [_spec(name, each) for name, each in struct.items()]
        tensors = list(getattr(self._model, "outputs", None) or [])
        names = list(getattr(self._model, "output_names", None) or [])
        if len(set(names)) != len(tensors):
            names = output_names(len(tensors))
        return [_spec(name, each) for name, each in zip(names, tensors)] or None

    def adopt(self, example: Arrays) -> None:
        """The example's names, where Keras made up those of the inputs, or a subclass takes one dict of them."""
        self._as_dict = self._as_dict or (len(self._parameters) == 1 and len(example) > 1)
        if self.inputs and len(example) == len(self.inputs) and not self._named:
            self.input_names = list(example)
            self.inputs = [replace(each, name=name) for each, name in zip(self.inputs, example)]

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """Predicts on one batch."""
        return named_outputs(self._ask(inputs), self._output_names())

    def _output_names(self) -> Optional[list[str]]:
        return [each.name for each in self.outputs] if self.outputs else None

    def _ask(self, inputs: Any) -> Any:
        """The model's own result for arrays or tensors by name."""
        values = [inputs[name] for name in self.input_names or inputs if name in inputs] or list(inputs.values())
        if len(self._parameters) > 1:
            return self._model(*values, training=False)
        return self._model(dict(inputs) if self._as_dict else values[0] if len(values) == 1 else values, training=False)

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """A .keras file without its date."""
        if not self._model.built:
            if not examples:
                raise ModelInvalidError("the model is not built yet, so its shapes are not known; call it once, or give example_inputs=")
            self.run(examples[0])
        if self._format == "onnx":
            return self._onnx(directory)
        if self._format == "tensorflow":
            return self._saved_model(directory, examples, [])
        self._model.save(str(directory / _FILE))
        backend = self._keras.backend.backend()
        foreign = sorted(set(_foreign(directory / _FILE)))
        if foreign and self._format is None and backend == "tensorflow":
            (directory / _FILE).unlink()
            return self._saved_model(directory, examples, [f"as a SavedModel: a .keras file does not hold the code of {', '.join(foreign)}"])
        normalise_zip(directory / _FILE, edit=_of_this_process)
        return Written("keras", _FILE, {"backend": backend}, ["keras", "numpy", *_DISTRIBUTIONS.get(backend, [])])

    def _onnx(self, directory: Path) -> Written:
        try:
            self._model.export(str(directory / "model.onnx"), format="onnx", verbose=False)
        except ImportError as error:
            raise UnsupportedError(f"{error}; or save it as keras or tensorflow") from None
        return Written("onnx", "model.onnx")

    def _saved_model(self, directory: Path, examples: Sequence[Arrays], notes: list[str]) -> Written:
        from .saved_model import write_keras, written

        self.inputs, self.outputs = write_keras(self._model, directory, self.inputs, examples, lambda inputs: by_output(self._ask(inputs), self._output_names()))
        return replace(written(), notes=notes)


def _by_name(struct: dict[str, Any]) -> dict[str, Any]:
    if not all(hasattr(each, "dtype") for each in struct.values()):
        raise UnsupportedError("the model's inputs are nested deeper than one dict; give it inputs by name")
    return struct


def _made_up(name: str) -> bool:
    return re.fullmatch(r"(keras_tensor|input_layer|input)(_\d+)?", name) is not None


def _spec(name: str, tensor: Any) -> Spec:
    return Spec(name, datatype_of(tensor.dtype), tuple(-1 if size is None else int(size) for size in tensor.shape))


def _foreign(file: Path) -> Iterator[str]:
    """Classes and functions that a .keras file only names."""
    with zipfile.ZipFile(file) as archive:
        waiting = [json.loads(archive.read("config.json"))]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            kind, module = value.get("class_name"), value.get("module")
            if kind == "__lambda__":
                yield "a lambda"
            elif kind == "function":
                yield str(value.get("config"))
            elif kind and "module" in value and not str(module).startswith(("keras", "builtins")):
                yield str(kind)
            # How it was trained does not matter to its answers.
            waiting.extend(each for name, each in value.items() if name != "compile_config")
        elif isinstance(value, list):
            waiting.extend(value)


def _of_this_process(name: str, content: bytes) -> bytes:
    """Without its date, and with objects that layers share numbered from 0 (Keras takes their addresses)."""
    if name == "config.json":
        numbers: dict[bytes, bytes] = {}
        return re.sub(rb'(?<="shared_object_id": )\d+', lambda match: numbers.setdefault(match[0], str(len(numbers)).encode()), content)
    if name != "metadata.json":
        return content
    facts = json.loads(content)
    facts.pop("date_saved", None)
    return json.dumps(facts, sort_keys=True).encode()
