"""One module a format: from the live object to an artefact's directory. A framework is never imported unless the object is its own."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

from ..errors import InvalidArgumentError, ModelInvalidError
from .live import Live

#: What `format=` may be, and the module that makes it.
FORMATS = {
    "torchscript": "pytorch", "torch-export": "pytorch", "onnx": "onnx", "keras": "keras", "tensorflow": "tensorflow",
    "sklearn": "sklearn", "xgboost": "boosters", "lightgbm": "boosters", "python": "python_class",
}  # fmt: skip


def live_model(model: Any, format: Optional[str]) -> Live:
    """The object as something that can be asked and written, in `format` or the one that suits it."""
    if format is not None and format not in FORMATS:
        raise InvalidArgumentError(f"format {format!r} is not one of {', '.join(FORMATS)}")
    if isinstance(model, (str, Path)):
        return _call("files", Path(model).expanduser(), format)
    kind = _kind_of(model)
    if kind is None:
        raise ModelInvalidError(f"a {type(model).__module__}.{type(model).__qualname__} is no model that can be saved: it is of no known framework ({', '.join(FORMATS)}) and has no method predict")
    if isinstance(model, type) and kind != "python_class":
        raise ModelInvalidError(f"{model.__name__} is a class; save a trained object of it")
    return _call(kind, model, format)


def _call(module: str, model: Any, format: Optional[str]) -> Live:
    make: Callable[[Any, Optional[str]], Live] = importlib.import_module(f".{module}", __name__).live
    return make(model, format)


def _kind_of(model: Any) -> Optional[str]:
    """By the classes that the object has, without an import."""
    ancestry = {f"{each.__module__}.{each.__qualname__}" for each in (model if isinstance(model, type) else type(model)).__mro__}
    tops = {name.partition(".")[0] for name in ancestry}
    # Before torch: with Keras' torch backend a Keras model is a torch module as well.
    if any(name.startswith(("keras.", "tf_keras.", "tensorflow.python.keras")) and name.endswith(".Layer") for name in ancestry):
        return "keras"
    if any(name.startswith("torch.nn.") or name.startswith("torch.jit.") or name.startswith("torch.export.") for name in ancestry):
        return "pytorch"
    if "tensorflow" in tops or any(name.endswith("module.module.Module") for name in ancestry):
        return "tensorflow"
    if tops & {"xgboost", "lightgbm"}:
        return "boosters"
    if any(name.startswith("onnx.") and name.endswith("ModelProto") for name in ancestry):
        return "onnx"
    if "sklearn" in tops:
        return "sklearn"
    return "python_class" if callable(getattr(model, "predict", None)) else None
