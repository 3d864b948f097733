"""TensorFlow: a SavedModel's signature (`options.signature`, serving_default unless it is said)."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..descriptor import Descriptor
from ..errors import LeptonError
from ..signature import TensorSpec
from ..tensors import Tensor
from .common import framework, option, tensor_of, tensors_of


def import_tensorflow(descriptor: Descriptor, threads: int = 0) -> Any:
    """TensorFlow without its greetings, with this many threads if any are named."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    tensorflow = framework("tensorflow", "tensorflow", descriptor.format)
    if threads:
        try:
            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
            tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            pass  # Only before the first operation.
    return tensorflow


def to_tensorflow(tensorflow: Any, tensor: Tensor) -> Any:
    """A TensorFlow tensor of the same datatype."""
    if tensor.datatype == "BF16":
        return tensorflow.bitcast(tensorflow.constant(tensor.array), tensorflow.bfloat16)
    return tensorflow.constant(tensor.array, dtype=tensorflow.string if tensor.datatype == "BYTES" else None)


def from_tensorflow(spec: TensorSpec, value: Any) -> Tensor:
    """What an operation gave."""
    array = value.numpy() if hasattr(value, "numpy") else value
    if isinstance(array, bytes):
        array = np.array(array, dtype=object)
    return tensor_of(spec, array)


def load(directory: Path, descriptor: Descriptor) -> Any:
    """The SavedModel's object."""
    return import_tensorflow(descriptor).saved_model.load(str(directory / descriptor.entry))


def open_model(directory: Path, descriptor: Descriptor, threads: int) -> "SavedModel":
    """See the module."""
    tensorflow = import_tensorflow(descriptor, threads)
    return SavedModel(tensorflow, load(directory, descriptor), descriptor)


class SavedModel:
    """Calls one signature."""

    def __init__(self, tensorflow: Any, loaded: Any, descriptor: Descriptor) -> None:
        self._tensorflow = tensorflow
        self._loaded = loaded  # The signatures alone do not keep its variables.
        self._descriptor = descriptor
        name: str = option(descriptor, "signature", str, "serving_default")
        if name not in loaded.signatures:
            raise LeptonError("MODEL_INVALID", f"options.signature {name!r} is none of the SavedModel's: {', '.join(loaded.signatures) or 'it has none'}")
        self._call = loaded.signatures[name]
        for side, specs, known in (("input", descriptor.signature.inputs, self._call.structured_input_signature[1]), ("output", descriptor.signature.outputs, self._call.structured_outputs)):
            missing = [spec.name for spec in specs if spec.name not in known]
            if missing:
                raise LeptonError("MODEL_INVALID", f"signature {name} of the SavedModel has no {side} {', '.join(missing)}, only {', '.join(known)}")

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> Mapping[str, Tensor]:
        """See `Adapter`."""
        results = self._call(**{name: to_tensorflow(self._tensorflow, tensor) for name, tensor in inputs.items()})
        return tensors_of(self._descriptor, results, outputs, from_tensorflow)
