"""`lepton-examples.json`: inputs, and the outputs that the version must give for them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from .compare import first_difference
from .errors import LeptonError, words_of
from .json_tensor import tensor_from_json
from .model import LoadedModel
from .run_copy import run_copy
from .tensors import Tensor

KNOWN_ANSWERS_FILE = "lepton-examples.json"
FILE_BYTES_MAX = 16 * 2**20
TOLERANCE_DEFAULT = 1e-3


@dataclass(frozen=True)
class KnownAnswer:
    """Outputs may be fewer than the model has, or none: then it only has to run."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    tolerance: float


def read_known_answers(directory: Path) -> tuple[KnownAnswer, ...]:
    """No such file: none. Raises MODEL_INVALID when it is there and cannot be read."""
    path = directory / KNOWN_ANSWERS_FILE
    try:
        size = path.stat().st_size
    except OSError:
        return ()
    if size > FILE_BYTES_MAX:
        raise LeptonError("MODEL_INVALID", f"{KNOWN_ANSWERS_FILE} has {size} bytes, at most {FILE_BYTES_MAX} are read")
    try:
        entries = json.loads(path.read_text("utf-8"))
        if not isinstance(entries, list):
            raise ValueError("it is not an array")
        return tuple(_answer(entry) for entry in entries)
    except (OSError, ValueError, LeptonError, RecursionError) as error:
        raise LeptonError("MODEL_INVALID", f"{KNOWN_ANSWERS_FILE} cannot be read: {error}") from error


def _answer(entry: Any) -> KnownAnswer:
    if not isinstance(entry, dict) or not isinstance(entry.get("inputs"), list):
        raise ValueError("an entry has no list of inputs")
    outputs, tolerance = entry.get("outputs") or [], entry.get("tolerance")
    if not isinstance(outputs, list):
        raise ValueError("outputs is not a list")
    if tolerance is None:
        tolerance = TOLERANCE_DEFAULT
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)) or not tolerance >= 0:
        raise ValueError(f"tolerance {json.dumps(tolerance)} is not a number ≥ 0")
    return KnownAnswer(tuple(map(tensor_from_json, entry["inputs"])), tuple(map(tensor_from_json, outputs)), float(tolerance))


def check_known_answers(model: LoadedModel, answers: Sequence[KnownAnswer]) -> Optional[tuple[str, Optional[BaseException]]]:
    """What was wrong with the first that the model does not give, with the exception if it raised one; or None."""
    for index, answer in enumerate(answers):
        try:
            wrong, cause = _wrong(model, answer), None
        except LeptonError as error:
            wrong, cause = words_of(error), error.__cause__
        if wrong:
            return f"known answer {index}: {wrong}", cause
    return None


def _wrong(model: LoadedModel, answer: KnownAnswer) -> str:
    names = model.signature.output_names
    for output in answer.outputs:
        if output.name not in names:
            return f"the model has no output {output.name}"
    got = run_copy(model, answer.inputs, [output.name for output in answer.outputs] or names)
    for expected, actual in zip(answer.outputs, got):
        difference = first_difference(expected, actual, answer.tolerance)
        if difference:
            return f"{difference} (tolerance {answer.tolerance:g})"
    return ""
