"""One module a format. Each has `load(directory, descriptor)`, the framework's own object, and `open_model`, the object that serves it."""

import importlib
from pathlib import Path
from typing import Any

from ..descriptor import FORMATS, Descriptor
from ..errors import LeptonError
from ..model import Adapter

_MODULES = {name: name.replace("-", "_") for name in FORMATS} | {"python": "python_class"}


def load(directory: Path, descriptor: Descriptor) -> Any:
    """The framework's own object, as it was saved. Never on content that was not scanned."""
    return _module(descriptor.format).load(directory, descriptor)


def open_model(directory: Path, descriptor: Descriptor, threads: int) -> Adapter:
    """The model ready to run. Raises UNSUPPORTED when its framework is not in this environment."""
    adapter: Adapter = _module(descriptor.format).open_model(directory, descriptor, threads)
    return adapter


def _module(name: str) -> Any:
    if name not in _MODULES:
        raise LeptonError("UNSUPPORTED", f"this worker serves no {name} models")
    return importlib.import_module(f"{__name__}.{_MODULES[name]}")
