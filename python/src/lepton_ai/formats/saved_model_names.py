"""A SavedModel's graph under names that say nothing about the process that wrote it.

TensorFlow counts functions through a process (`__inference_serve_123`), so that the same object saved again gives other bytes. Here
functions are numbered by their content, one after another for each name; what calls them follows.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Optional

_COUNTED = re.compile(r"^(.+)_(\d+)$")
#: Where a gradient is registered in the process that wrote the graph.
_GRADIENT = re.compile(rb"^(\w+)-\d+$")


def normalise_saved_model(directory: Path) -> None:
    """Rewrites `saved_model.pb`; drops the fingerprint, which holds a random number."""
    (directory / "fingerprint.pb").unlink(missing_ok=True)
    path = directory / "saved_model.pb"
    model = importlib.import_module("tensorflow.core.protobuf.saved_model_pb2").SavedModel.FromString(path.read_bytes())
    for graph in model.meta_graphs:
        _normalise(graph)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _normalise(graph: Any) -> None:
    library = graph.graph_def.library
    for function in library.function:
        _drop_counts(function)
    names = _Names({each.signature.name: each for each in library.function}).canonical()
    _rename(graph, lambda text: names.get(text))
    library.function.sort(key=lambda each: each.signature.name)
    _number_gradients(library)


def _drop_counts(function: Any) -> None:
    """Captured resources are called by a number of the process."""
    for attributes in function.arg_attr.values():
        if attributes.attr["_user_specified_name"].s.isdigit():
            del attributes.attr["_user_specified_name"]


def _number_gradients(library: Any) -> None:
    found: dict[bytes, bytes] = {}
    for function in library.function:
        for node in function.node_def:
            if "_gradient_op_type" in node.attr:
                value = node.attr["_gradient_op_type"]
                match = _GRADIENT.match(value.s)
                if match:
                    value.s = found.setdefault(value.s, b"%s-%d" % (match[1], len(found)))


class _Names:
    """New names of functions: by content, those that are alike in the order in which they were made."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        self._functions = functions
        self._digests: dict[str, Optional[str]] = {}

    def canonical(self) -> dict[str, str]:
        """By the present name; those without a count keep theirs."""
        groups: dict[str, list[tuple[str, int, str]]] = {}
        for name in self._functions:
            match = _COUNTED.match(name)
            if match:
                groups.setdefault(match[1], []).append((self._digest(name), int(match[2]), name))
        return {name: f"{base}_{index}" for base, group in groups.items() for index, (_digest, _count, name) in enumerate(sorted(group))}

    def _digest(self, name: str) -> str:
        if name not in self._digests:
            self._digests[name] = None  # One that calls itself is known by its name without the count.
            copy = type(self._functions[name])()
            copy.CopyFrom(self._functions[name])
            copy.signature.name = ""
            _rename(copy, lambda text: self._digest(text) if text in self._functions else None)
            for node in copy.node_def:
                node.attr.pop("_gradient_op_type", None)
            self._digests[name] = hashlib.sha256(copy.SerializeToString(deterministic=True)).hexdigest()
        return self._digests[name] or name.rpartition("_")[0]


def _rename(message: Any, new: Callable[[str], Optional[str]]) -> None:
    """Every text in the message, keys of maps too, that `new` knows another one for."""
    for field, value in message.ListFields():
        kind = field.message_type
        if kind is not None and kind.GetOptions().map_entry:
            _rename_map(value, kind.fields_by_name["value"].message_type is not None, new)
        elif kind is not None:
            for each in value if _many(field, value) else [value]:
                _rename(each, new)
        elif field.type == field.TYPE_STRING and _many(field, value):
            for index, text in enumerate(value):
                value[index] = new(text) or text
        elif field.type == field.TYPE_STRING:
            renamed = new(value)
            if renamed is not None:
                setattr(message, field.name, renamed)


def _rename_map(entries: Any, of_messages: bool, new: Callable[[str], Optional[str]]) -> None:
    if of_messages:
        for each in entries.values():
            _rename(each, new)
    renamed = {key: found for key in entries if isinstance(key, str) and (found := new(key)) is not None}
    moved = {renamed[key]: type(entries[key]).FromString(entries[key].SerializeToString()) if of_messages else entries[key] for key in renamed}
    for key in renamed:
        del entries[key]
    for key, value in moved.items():
        if of_messages:
            entries[key].CopyFrom(value)
        else:
            entries[key] = value


def _many(field: Any, value: Any) -> bool:
    return not hasattr(value, "ListFields") and not isinstance(value, (str, bytes))
