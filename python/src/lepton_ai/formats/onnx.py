"""ONNX: a ModelProto, served by the platform's own onnxruntime; no Python in that version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from ..errors import ModelInvalidError, UnsupportedError
from .common import Array, Arrays, Spec, Written, array_of, needed


def live(model: Any, format: Optional[str]) -> Onnx:
    """See `Onnx`."""
    if format not in (None, "onnx"):
        raise ModelInvalidError(f"an ONNX model is saved as onnx, not as {format}")
    return Onnx(model.SerializeToString(deterministic=True))


class Onnx:
    """Bytes of a model; its signature is read by the server."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._session: Any = None
        self.inputs: Optional[list[Spec]] = None
        self.outputs: Optional[list[Spec]] = None

    @property
    def input_names(self) -> Optional[list[str]]:
        """As onnxruntime reads them, where it is installed."""
        try:
            return [each.name for each in self._opened().get_inputs()]
        except UnsupportedError:
            return None

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
