"""A SavedModel's directory: written the same each time, and what its signatures take and give."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from lepton_ai_worker.tensors import DTYPES

from ..errors import ModelInvalidError
from .common import Arrays, Spec, datatype_of, loaded
from .live import Written
from .saved_model_names import normalise_saved_model

DEFAULT = "serving_default"
FOLDER = "saved_model"


def tensorflow_module() -> Any:
    """TensorFlow, which a process that has a model of its own has loaded."""
    tensorflow = loaded("tensorflow")
    if tensorflow is None:
        raise ModelInvalidError("a SavedModel is written by TensorFlow, which this process has not loaded")
    return tensorflow


def written(signature: str = DEFAULT) -> Written:
    """The artefact that serves this signature."""
    return Written("tensorflow", FOLDER, {} if signature == DEFAULT else {"signature": signature}, ["tensorflow", "tensorflow-cpu", "numpy"])


def save(model: Any, directory: Path, signatures: Mapping[str, Any]) -> None:
    """Writes the folder; the same object again gives the same bytes."""
    tensorflow_module().saved_model.save(model, str(directory / FOLDER), signatures=signatures)
    normalise_saved_model(directory / FOLDER)


def saved_specs(directory: Path) -> tuple[list[Spec], list[Spec]]:
    """Inputs and outputs of the folder's default signature."""
    return specs_of_function(tensorflow_module().saved_model.load(str(directory / FOLDER)).signatures[DEFAULT])


def traced(ask: Callable[[dict[str, Any]], dict[str, Any]], specs: Mapping[str, Any]) -> Any:
    """A function that a SavedModel can have as its signature; `specs` are TensorSpecs by input."""

    def serve(**inputs: Any) -> dict[str, Any]:
        return ask(inputs)

    return tensorflow_module().function(serve).get_concrete_function(**specs)


def write_keras(model: Any, directory: Path, inputs: Optional[list[Spec]], examples: Sequence[Arrays], ask: Callable[[dict[str, Any]], dict[str, Any]]) -> tuple[list[Spec], list[Spec]]:
    """A Keras model under a signature that has the names that the model is known by; what it takes and gives."""
    function = traced(ask, {each.name: _tensor_spec(each) for each in inputs} if inputs else example_specs(examples))
    try:
        _save_with(model, directory, function)
    except TypeError:
        # Keras adds a signature of its own, with one argument; a subclass whose call wants several goes by its variables.
        shutil.rmtree(directory / FOLDER, ignore_errors=True)
        _save_with([each.value for each in model.variables], directory, function)
    return saved_specs(directory)


def _save_with(kept: Any, directory: Path, function: Any) -> None:
    holder = tensorflow_module().Module()
    holder.kept = kept
    save(holder, directory, {DEFAULT: function})


def example_specs(examples: Sequence[Arrays]) -> dict[str, Any]:
    """TensorSpecs by the first example; the first dimension is open where all inputs have it in common."""
    tensorflow = tensorflow_module()
    batch = {array.shape[:1] for array in examples[0].values()}
    return {name: tensorflow.TensorSpec([None, *array.shape[1:]] if len(batch) == 1 and array.ndim else array.shape, tensorflow.constant(array).dtype, name) for name, array in examples[0].items()}


def _tensor_spec(spec: Spec) -> Any:
    tensorflow = tensorflow_module()
    dtype = tensorflow.string if spec.datatype == "BYTES" else tensorflow.bfloat16 if spec.datatype == "BF16" else tensorflow.as_dtype(DTYPES[spec.datatype])
    return tensorflow.TensorSpec([None if size < 0 else size for size in spec.shape], dtype, spec.name)


def specs_of_function(function: Any) -> tuple[list[Spec], list[Spec]]:
    """Inputs and outputs of a SavedModel's signature, inputs by name."""
    inputs = [spec_of(name, spec) for name, spec in sorted(function.structured_input_signature[1].items())]
    outputs = [spec_of(name, spec) for name, spec in sorted(function.structured_outputs.items())]
    return inputs, outputs


def spec_of(name: str, spec: Any) -> Spec:
    """Ours of a TensorSpec."""
    if spec.shape.rank is None:
        return Spec(name, datatype_of(spec.dtype.name), untyped=True)
    return Spec(name, datatype_of(spec.dtype.name), tuple(-1 if size is None else int(size) for size in spec.shape))
