"""Artefacts that are files already: an ONNX, TorchScript, .keras file, a SavedModel, or a directory with lepton-model.json."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Optional

from lepton_ai_worker import adapters
from lepton_ai_worker.descriptor import DESCRIPTOR_FILE

from ..errors import InvalidArgumentError, ModelInvalidError
from .common import Array, Arrays, needed
from .live import Live, Written


def live(path: Path, format: Optional[str]) -> Live:
    """By content: what is in a directory, or a file's ending."""
    if not path.exists():
        raise InvalidArgumentError(f"{path} is not there")
    if path.is_dir():
        if (path / DESCRIPTOR_FILE).is_file() or any(path.glob("*.onnx")):
            return Finished(path)
        if (path / "saved_model.pb").is_file():
            return _saved_model(path)
        raise InvalidArgumentError(f"{path} has no {DESCRIPTOR_FILE}, saved_model.pb or .onnx file")
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        raise InvalidArgumentError(f"{path} is none of {', '.join(_OPENERS)}; give the live object, or a directory with {DESCRIPTOR_FILE}")
    return opener(path, format)


def _saved_model(path: Path) -> Live:
    from .tensorflow import Signatures

    model = needed("tensorflow", "tensorflow-cpu").saved_model.load(str(path))
    if not model.signatures:
        raise ModelInvalidError(f"the SavedModel {path} has no signatures; save it with signatures=, or give the live object")
    return Signatures(model, path)


def _onnx(path: Path, format: Optional[str]) -> Live:
    return Finished(path)


def _torch(path: Path, format: Optional[str]) -> Live:
    from .pytorch import live as torch_live

    torch = needed("torch", "torch")
    return torch_live(torch.export.load(str(path)) if path.suffix == ".pt2" else torch.jit.load(str(path), map_location="cpu"), format)


def _keras(path: Path, format: Optional[str]) -> Live:
    from .keras import live as keras_live

    return keras_live(needed("keras", "keras").saving.load_model(str(path), compile=False, safe_mode=True), format)


_OPENERS: dict[str, Callable[[Path, Optional[str]], Live]] = {".onnx": _onnx, ".pt": _torch, ".pth": _torch, ".jit": _torch, ".pt2": _torch, ".keras": _keras}


class Finished(Live):
    """Files that are taken as they are."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._onnx: Optional[Live] = None
        descriptor = path / DESCRIPTOR_FILE
        self.descriptor = json.loads(descriptor.read_text("utf-8")) if path.is_dir() and descriptor.is_file() else None
        self.input_names = [each["name"] for each in self.descriptor["signature"]["inputs"]] if self.descriptor else None

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """There is no live object to compare with; known answers come with the files."""
        if self._onnx is None:
            self._onnx = self._opened()
        return self._onnx.run(inputs)

    def _opened(self) -> Live:
        from .onnx import Onnx

        file = self._path if self._path.is_file() else next(iter(sorted(self._path.glob("*.onnx"))), None)
        if file is None:
            raise InvalidArgumentError("example_inputs need a live object; put known answers into lepton-examples.json")
        return Onnx(file.read_bytes())

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """A copy."""
        if self._path.is_file():
            shutil.copyfile(self._path, directory / "model.onnx")
        else:
            shutil.copytree(self._path, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".git"))
        return Written(self.descriptor["format"], self.descriptor["entry"]) if self.descriptor else Written("onnx", "model.onnx")


def load_back(directory: Path) -> Any:
    """The framework's own object of a downloaded artefact, whose content has been scanned."""
    from lepton_ai_worker.descriptor import read_descriptor

    if (directory / DESCRIPTOR_FILE).is_file():
        return adapters.load(directory, read_descriptor(directory))
    file = next(iter(sorted(directory.glob("**/*.onnx"))), None)
    if file is None:
        raise InvalidArgumentError(f"the version has neither {DESCRIPTOR_FILE} nor an .onnx file")
    return needed("onnx", "onnx").load(str(file))
