"""TensorFlow: a SavedModel of a tf.Module or a Keras model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from lepton_ai_worker.adapters.python_class import parameters_of

from ..errors import ModelInvalidError
from .common import Array, Arrays, Live, Spec, Written, by_output, datatype_of, loaded, named_outputs

_REQUIREMENTS = ["tensorflow", "tensorflow-cpu", "numpy"]
_DEFAULT = "serving_default"


def live(model: Any, format: Optional[str]) -> TensorFlow:
    """See `TensorFlow`."""
    if format not in (None, "tensorflow"):
        raise ModelInvalidError(f"a tf.Module is saved as tensorflow, not as {format}")
    return TensorFlow(model, None)


class TensorFlow:
    """A module with one traced signature: its `serving_default`, or its call on the example."""

    def __init__(self, model: Any, keras: Optional[Live]) -> None:
        self._tf = loaded("tensorflow")
        if self._tf is None:
            raise ModelInvalidError("a SavedModel is written by TensorFlow, which this process has not loaded")
        self._model = model
        self._keras = keras
        self._function: Any = getattr(model, "signatures", {}).get(_DEFAULT) if hasattr(model, "signatures") else None
        self.inputs: Optional[list[Spec]] = keras.inputs if keras else None
        self.outputs: Optional[list[Spec]] = keras.outputs if keras else None
        if self._function is not None:
            self.inputs, self.outputs = specs_of_function(self._function)
        self.input_names: Optional[list[str]] = [each.name for each in self.inputs] if self.inputs else None

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """The signature's own answer."""
        if self._keras is not None:
            return self._keras.run(inputs)
        tensors = {name: self._tf.constant(array) for name, array in inputs.items()}
        if self._function is not None:
            result = self._function(**tensors)
        else:
            call = self._call()
            result = call(**tensors) if _takes(call, tensors) else call(*tensors.values())
        return named_outputs(result)

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """The folder `saved_model`."""
        target = directory / "saved_model"
        if self._keras is not None:
            self._model.export(str(target), format="tf_saved_model", verbose=False)
        elif self._function is not None:
            self._tf.saved_model.save(self._model, str(target), signatures={_DEFAULT: self._function})
        else:
            self._tf.saved_model.save(self._model, str(target), signatures={_DEFAULT: self._traced(examples)})
        # A random number of each save.
        (target / "fingerprint.pb").unlink(missing_ok=True)
        self.inputs, self.outputs = specs_of_function(self._tf.saved_model.load(str(target)).signatures[_DEFAULT])
        return Written("tensorflow", "saved_model", {}, _REQUIREMENTS)

    def _call(self) -> Any:
        call = getattr(self._model, "__call__", None) or getattr(self._model, "predict", None)  # noqa: B004 — a traced one has attributes of its own
        if call is None:
            raise ModelInvalidError(f"{type(self._model).__name__} has neither the signature {_DEFAULT} nor __call__")
        return call

    def _traced(self, examples: Sequence[Arrays]) -> Any:
        if not examples:
            raise ModelInvalidError(f"{type(self._model).__name__} has no signature {_DEFAULT}; give example_inputs= so that its call can be traced")
        batch = {array.shape[:1] for array in examples[0].values()}
        specs = {name: self._tf.TensorSpec([None, *array.shape[1:]] if len(batch) == 1 and array.ndim else array.shape, self._tf.constant(array).dtype, name) for name, array in examples[0].items()}
        call = self._call()

        def serve(**inputs: Any) -> dict[str, Any]:
            return by_output(call(**inputs) if _takes(call, inputs) else call(*inputs.values()))

        return self._tf.function(serve).get_concrete_function(**specs)


def specs_of_function(function: Any) -> tuple[list[Spec], list[Spec]]:
    """Inputs and outputs of a SavedModel's signature, inputs by name."""
    inputs = [_spec(name, spec) for name, spec in sorted(function.structured_input_signature[1].items())]
    outputs = [_spec(name, spec) for name, spec in sorted(function.structured_outputs.items())]
    return inputs, outputs


def _spec(name: str, spec: Any) -> Spec:
    if spec.shape.rank is None:
        return Spec(name, datatype_of(spec.dtype.name), untyped=True)
    return Spec(name, datatype_of(spec.dtype.name), tuple(-1 if size is None else int(size) for size in spec.shape))


def _takes(call: Any, inputs: Any) -> bool:
    function = getattr(call, "python_function", call)
    return set(inputs) <= {each.name for each in parameters_of(function)}
