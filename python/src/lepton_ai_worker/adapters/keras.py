"""Keras: a .keras file, loaded in safe mode (no Lambda layers with code), on `options.backend` (tensorflow unless it is said)."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..descriptor import Descriptor
from ..errors import LeptonError
from ..tensors import Tensor, readable
from .common import choice, framework, option, ordered, tensor_of, tensors_of
from .tensorflow import import_tensorflow, to_tensorflow
from .torch_tensors import import_torch

BACKENDS = ("tensorflow", "torch", "jax", "numpy", "openvino")


def load(directory: Path, descriptor: Descriptor) -> Any:
    """The model, uncompiled."""
    os.environ["KERAS_BACKEND"] = choice(descriptor, "backend", BACKENDS, "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    keras = framework("keras", "keras", descriptor.format)
    if not hasattr(keras, "saving") or int(keras.__version__.partition(".")[0]) < 3:
        raise LeptonError("UNSUPPORTED", f"keras {keras.__version__} cannot load .keras files in safe mode: Keras 3 is needed")
    return keras.saving.load_model(str(directory / descriptor.entry), compile=False, safe_mode=True)


def open_model(directory: Path, descriptor: Descriptor, threads: int) -> "Keras":
    """See the module."""
    backend = choice(descriptor, "backend", BACKENDS, "tensorflow")
    tensorflow = import_tensorflow(descriptor, threads) if backend == "tensorflow" else None
    if backend == "torch":
        import_torch(descriptor, threads)
    return Keras(load(directory, descriptor), tensorflow, descriptor)


class Keras:
    """Predicts on one batch: by a traced function with TensorFlow, otherwise as Keras does it."""

    def __init__(self, model: Any, tensorflow: Any, descriptor: Descriptor) -> None:
        self._model = model
        self._tensorflow = tensorflow
        self._descriptor = descriptor
        own = [getattr(each, "name", "").partition(":")[0] for each in getattr(model, "inputs", None) or []]
        names = [spec.name for spec in descriptor.signature.inputs]
        #: By name where the model has these names, otherwise in order.
        self._order = own if sorted(own) == sorted(names) else names
        self._as_dict = isinstance(getattr(model, "_inputs_struct", None), dict) or option(descriptor, "inputs", str) == "dict"
        self._traced = tensorflow.function(lambda inputs: model(inputs, training=False), reduce_retracing=True) if tensorflow else None

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> Mapping[str, Tensor]:
        """See `Adapter`."""
        return tensors_of(self._descriptor, self._predict(inputs), outputs, lambda spec, value: tensor_of(spec, np.asarray(value)))

    def _predict(self, inputs: Mapping[str, Tensor]) -> Any:
        tensors = ordered(inputs, self._descriptor)
        values = {tensor.name: to_tensorflow(self._tensorflow, tensor) if self._traced else readable(tensor) for tensor in tensors}
        arguments: Any = values if self._as_dict else [values[name] for name in self._order]
        if not self._as_dict and len(arguments) == 1:
            arguments = arguments[0]
        return self._traced(arguments) if self._traced else self._model.predict_on_batch(arguments)
