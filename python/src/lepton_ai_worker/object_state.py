"""The attributes of an object as JSON, its arrays in files beside it: data only, nothing in it runs."""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

STATE_FILE = "state.json"
_PLAIN = (type(None), bool, int, float, str)
_CONTAINERS = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class State:
    """Attributes in the form in which they are written. Raises TypeError that names the first one that is no data."""

    def __init__(self, attributes: Mapping[str, Any]) -> None:
        self.arrays: list[np.ndarray[Any, Any]] = []
        self.tree = {name: self._encoded(value, name) for name, value in sorted(attributes.items())}

    def same_as(self, other: "State") -> bool:
        """Whether both hold the same."""
        return json.dumps(self.tree) == json.dumps(other.tree) and all(a.tobytes() == b.tobytes() for a, b in zip(self.arrays, other.arrays))

    def write(self, directory: Path) -> None:
        """`state.json`, and `state-0.npy` and so on."""
        (directory / STATE_FILE).write_text(json.dumps(self.tree, indent=1) + "\n", "utf-8")
        for index, array in enumerate(self.arrays):
            np.save(directory / _array_file(index), array, allow_pickle=False)

    def _encoded(self, value: Any, where: str, depth: int = 0) -> Any:
        kind = type(value)
        if depth > 100:
            raise TypeError(f"attribute {where} is nested more than 100 deep")
        if kind in _PLAIN:
            return value
        if kind in (set, frozenset):
            value = sorted(value, key=lambda each: (type(each).__name__, repr(each)))
        if kind in _CONTAINERS.values():
            return {kind.__name__: [self._encoded(each, f"{where}[{index}]", depth + 1) for index, each in enumerate(value)]}
        if kind is dict:
            return {"dict": [[self._encoded(key, where, depth + 1), self._encoded(each, f"{where}[{key!r}]", depth + 1)] for key, each in value.items()]}
        if kind is bytes:
            return {"bytes": base64.b64encode(value).decode()}
        if kind is re.Pattern and isinstance(value.pattern, str):
            return {"pattern": [value.pattern, value.flags]}
        return self._numpy(value, where)

    def _numpy(self, value: Any, where: str) -> Any:
        if isinstance(value, np.generic) and value.dtype.kind in "biufSU":
            return {"number": self._array(np.asarray(value))}
        if type(value) is np.ndarray and value.dtype.kind in "biufcSU":
            return {"array": self._array(value)}
        raise TypeError(f"attribute {where} is a {type(value).__module__}.{type(value).__qualname__}, and only numbers, text, bytes, lists, tuples, sets, dicts, regular expressions and arrays of numpy are kept with an object")

    def _array(self, value: Any) -> int:
        self.arrays.append(np.ascontiguousarray(value) if value.ndim else value)
        return len(self.arrays) - 1


def read_state(directory: Path, file: str = STATE_FILE) -> dict[str, Any]:
    """The attributes that were written there."""
    return {name: _decoded(value, (directory / file).parent) for name, value in json.loads((directory / file).read_text("utf-8")).items()}


def _array_file(index: int) -> str:
    return f"state-{index}.npy"


def _decoded(value: Any, directory: Path) -> Any:
    if not isinstance(value, dict):
        return value
    [(kind, content)] = value.items()
    if kind in _CONTAINERS:
        return _CONTAINERS[kind](_decoded(each, directory) for each in content)
    if kind == "dict":
        return {_decoded(key, directory): _decoded(each, directory) for key, each in content}
    if kind == "bytes":
        return base64.b64decode(content)
    if kind == "pattern":
        return re.compile(*content)
    array = np.load(directory / _array_file(int(content)), allow_pickle=False)
    return array[()] if kind == "number" else array
