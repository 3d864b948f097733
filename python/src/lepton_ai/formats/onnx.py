"""ONNX: a ModelProto, served by the platform's own onnxruntime; no Python in that version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from ..errors import ModelInvalidError, UnsupportedError
from .common import Array, Arrays, array_of, needed
from .live import Live, Written


def live(model: Any, format: Optional[str]) -> Onnx:
    """See `Onnx`."""
    if format not in (None, "onnx"):
        raise ModelInvalidError(f"an ONNX model is saved as onnx, not as {format}")
    return Onnx(model.SerializeToString(deterministic=True))


class Onnx(Live):
    """Bytes of a model; its signature is read by the server."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._session: Any = None
        try:
            self.input_names = [each.name for each in self._opened().get_inputs()]
        except UnsupportedError:
            pass  # Only onnxruntime reads them.

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """By onnxruntime; UnsupportedError where it is not installed."""
        session = self._opened()
        names = [each.name for each in session.get_outputs()]
        return {name: array_of(value) for name, value in zip(names, session.run(names, dict(inputs)))}

    def _opened(self) -> Any:
        if self._session is None:
            runtime = needed("onnxruntime", "onnxruntime")
            self._session = runtime.InferenceSession(self._content, providers=["CPUExecutionProvider"])
        return self._session

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """One file."""
        (directory / "model.onnx").write_bytes(self._content)
        return Written("onnx", "model.onnx")
