"""The examples and the live object's answers, as the file that every load of the version has to answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lepton_ai_worker.json_tensor import tensor_to_json
from lepton_ai_worker.known_answers import KNOWN_ANSWERS_FILE

from .errors import InvalidArgumentError, ModelInvalidError
from .formats.common import Array, Arrays, tensor_of

#: Larger known answers would take longer to read than the model to load.
_ELEMENTS_MAX = 1_000_000


def write_known_answers(directory: Path, examples: Sequence[Arrays], answers: Sequence[Arrays], tolerance: float) -> None:
    """Writes nothing where there are no examples."""
    if not examples:
        return
    elements = sum(array.size for each in (*examples, *answers) for array in each.values())
    if elements > _ELEMENTS_MAX:
        raise InvalidArgumentError(f"the examples and their answers have {elements} elements, at most {_ELEMENTS_MAX} are kept with a version; give smaller ones")
    entries = [{"inputs": _tensors(example), "outputs": _tensors(answer), "tolerance": tolerance} for example, answer in zip(examples, answers)]
    (directory / KNOWN_ANSWERS_FILE).write_text(json.dumps(entries) + "\n", "utf-8")


def _tensors(arrays: Mapping[str, Array]) -> list[dict[str, Any]]:
    return [_tensor(name, array) for name, array in arrays.items()]


def _tensor(name: str, array: Array) -> dict[str, Any]:
    try:
        return tensor_to_json(tensor_of(name, array))
    except UnicodeDecodeError as error:
        raise ModelInvalidError(f"{name}: an example holds bytes that are not UTF-8 text ({base64.b64encode(error.object[:20]).decode()}…); known answers are kept as text") from None
