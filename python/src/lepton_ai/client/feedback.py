"""What is said of an answer, checked before it is sent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Optional

from ..errors import InvalidArgumentError

_MEANT: Mapping[str, tuple[tuple[type, ...], str]] = {
    "prediction_id": ((str,), "a text; give the prediction_id of an answer"),
    "label": ((str, int, float, list, tuple), "a text, a number, true or false, or a list of these"),
    "correct": ((bool,), "True or False"),
    "comment": ((str,), "a text"),
    "metadata": ((Mapping,), "a dict"),
    "id": ((str,), "a text"),
}


def feedback_entry(prediction_id: str, reward: Any, label: Any, correct: Any, comment: Optional[str], metadata: Optional[Mapping[str, Any]], id: Optional[str]) -> dict[str, Any]:
    """One feedback in the REST API's form. Numpy's numbers and arrays are taken as Python's; raises InvalidArgumentError."""
    given = {"prediction_id": prediction_id, "reward": _plain(reward), "label": _plain(label), "correct": _plain(correct), "comment": comment, "metadata": metadata, "id": id}
    entry = {name: value for name, value in given.items() if value is not None}
    for name, (kinds, meant) in _MEANT.items():
        if name in entry and not isinstance(entry[name], kinds):
            raise InvalidArgumentError(f"{name} {entry[name]!r} is not {meant}")
    number = entry.get("reward", 0)
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
        raise InvalidArgumentError(f"reward {number!r} is not a finite number")
    if "metadata" in entry:
        entry["metadata"] = {str(key): _plain(value) for key, value in entry["metadata"].items()}
    return entry


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
