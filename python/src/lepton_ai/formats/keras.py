"""Keras: a .keras file; a SavedModel with format="tensorflow"."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from ..errors import ModelInvalidError, UnsupportedError
from .archive import normalise_zip
from .common import Array, Arrays, Live, Spec, Written, datatype_of, loaded, named_outputs, output_names

_DISTRIBUTIONS = {"tensorflow": ["tensorflow", "tensorflow-cpu"], "torch": ["torch"], "jax": ["jax"], "numpy": [], "openvino": ["openvino"]}


def live(model: Any, format: Optional[str]) -> Live:
    """See `Keras`."""
    if format == "tensorflow":
        from .tensorflow import TensorFlow

        return TensorFlow(model, Keras(model))
    if format not in (None, "keras", "onnx"):
        raise ModelInvalidError(f"a Keras model is saved as keras, tensorflow or onnx, not as {format}")
    return Keras(model, "onnx" if format == "onnx" else "keras")


class Keras:
    """A model of Keras 3, on the backend that this process uses."""

    def __init__(self, model: Any, format: str = "keras") -> None:
        self._keras = loaded("keras")
        if self._keras is None or int(self._keras.__version__.partition(".")[0]) < 3:
            raise UnsupportedError(f"Keras 3 is needed for .keras files in safe mode (this is {getattr(self._keras, '__version__', 'tf_keras')}); use format='tensorflow'")
        self._model = model
        self._format = format
        tensors = list(getattr(model, "inputs", None) or [])
        self.inputs: Optional[list[Spec]] = [_spec(each) for each in tensors] or None
        self.input_names: Optional[list[str]] = [each.name for each in self.inputs] if self.inputs else None
        self.outputs: Optional[list[Spec]] = self._output_specs()

    def _output_specs(self) -> Optional[list[Spec]]:
        struct = getattr(self._model, "_outputs_struct", None)
        if isinstance(struct, dict):
            return [Spec(name, datatype_of(each.dtype), _shape(each.shape)) for name, each in struct.items()]
        tensors = list(getattr(self._model, "outputs", None) or [])
        names = list(getattr(self._model, "output_names", None) or [])
        if len(set(names)) != len(tensors):
            names = output_names(len(tensors))
        return [Spec(name, datatype_of(each.dtype), _shape(each.shape)) for name, each in zip(names, tensors)] or None

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """Predicts on one batch."""
        values = [inputs[name] for name in self.input_names or inputs if name in inputs]
        as_dict = isinstance(getattr(self._model, "_inputs_struct", None), dict)
        given: Any = dict(inputs) if as_dict else values[0] if len(values) == 1 else values
        return named_outputs(self._model(given, training=False), [each.name for each in self.outputs] if self.outputs else None)

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """A .keras file without its date."""
        if not self._model.built:
            if not examples:
                raise ModelInvalidError("the model is not built yet, so its shapes are not known; call it once, or give example_inputs=")
            self.run(examples[0])
        if self._format == "onnx":
            self._model.export(str(directory / "model.onnx"), format="onnx", verbose=False)
            return Written("onnx", "model.onnx")
        self._model.save(str(directory / "model.keras"))
        normalise_zip(directory / "model.keras", edit=_without_date)
        backend = self._keras.backend.backend()
        return Written("keras", "model.keras", {"backend": backend}, ["keras", "numpy", *_DISTRIBUTIONS.get(backend, [])])


def _spec(tensor: Any) -> Spec:
    return Spec(tensor.name.partition(":")[0], datatype_of(tensor.dtype), _shape(tensor.shape))


def _shape(shape: Any) -> tuple[int, ...]:
    return tuple(-1 if size is None else int(size) for size in shape)


def _without_date(name: str, content: bytes) -> bytes:
    if name != "metadata.json":
        return content
    facts = json.loads(content)
    facts.pop("date_saved", None)
    return json.dumps(facts, sort_keys=True).encode()
