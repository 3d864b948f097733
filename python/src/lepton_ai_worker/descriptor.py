"""`lepton-model.json`: what an artefact is and how it is opened. Its schema is protocol/lepton-model.schema.json."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from .errors import LeptonError
from .signature import Signature, parse_signature

DESCRIPTOR_FILE = "lepton-model.json"
FILE_BYTES_MAX = 4 * 2**20
#: Formats that this worker serves; each has a module in `adapters`.
FORMATS = ("torchscript", "torch-export", "tensorflow", "keras", "sklearn", "xgboost", "lightgbm", "python")

_FIELDS = frozenset(("schema", "format", "entry", "signature", "batching", "environment", "options"))
_PYTHON = re.compile(r"^3\.\d{1,2}$")


@dataclass(frozen=True)
class Descriptor:
    """One artefact's descriptor."""

    format: str
    #: File or folder inside the artefact that the adapter opens.
    entry: str
    signature: Signature
    #: Whether all inputs and outputs are said to have the batch first.
    axis0: bool = False
    #: `python`: minor version; `requirements`: exact pins, sorted.
    environment: Mapping[str, Any] = field(default_factory=dict)
    #: The adapter's own.
    options: Mapping[str, Any] = field(default_factory=dict)


def read_descriptor(directory: Path) -> Descriptor:
    """Raises MODEL_INVALID with the field that is wrong, or because there is none."""
    path = directory / DESCRIPTOR_FILE
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise _invalid(f"it has {path.stat().st_size} bytes, at most {FILE_BYTES_MAX} are read")
        value = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise LeptonError("MODEL_INVALID", f"{DESCRIPTOR_FILE} is not in the artefact's directory") from None
    except (OSError, ValueError, RecursionError) as error:
        raise _invalid(f"it cannot be read: {error}") from error
    return parse_descriptor(value)


def parse_descriptor(value: Any) -> Descriptor:
    """Raises MODEL_INVALID with the field and the value that is wrong."""
    if not isinstance(value, dict):
        raise _invalid("it is not an object")
    unknown = sorted(set(value) - _FIELDS)
    if unknown:
        raise _invalid(f"it has no field {', '.join(unknown)}; its fields are {', '.join(sorted(_FIELDS))}")
    if value.get("schema") != 1 or isinstance(value["schema"], bool):
        raise _invalid(f"schema {json.dumps(value.get('schema'))} is not 1")
    if value.get("format") not in FORMATS:
        raise _invalid(f"format {json.dumps(value.get('format'))} is not one of {', '.join(FORMATS)}")
    batching, options = _object(value, "batching"), _object(value, "options")
    if not isinstance(batching.get("axis0", False), bool) or set(batching) - {"axis0"}:
        raise _invalid(f'batching {json.dumps(batching)} is not {{"axis0": true or false}}')
    return Descriptor(value["format"], _entry(value.get("entry")), parse_signature(value.get("signature")), batching.get("axis0", False), _environment(value), options)


def _entry(value: Any) -> str:
    path = PurePosixPath(value) if isinstance(value, str) and value else None
    if path is None or path.is_absolute() or ".." in path.parts or "\\" in value or "\0" in value:
        raise _invalid(f"entry {json.dumps(value)} is not a path inside the artefact")
    return str(path)


def _environment(value: Mapping[str, Any]) -> Mapping[str, Any]:
    environment = _object(value, "environment")
    if not environment and "environment" not in value:
        return environment
    python, requirements = environment.get("python"), environment.get("requirements")
    if set(environment) - {"python", "requirements"} or not isinstance(python, str) or not _PYTHON.match(python):
        raise _invalid(f"environment.python {json.dumps(python)} is not a minor version such as 3.11")
    if not isinstance(requirements, list) or not all(isinstance(each, str) and each for each in requirements):
        raise _invalid("environment.requirements is not a list of requirements")
    return environment


def _object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name, {})
    if not isinstance(found, dict):
        raise _invalid(f"{name} {json.dumps(found)[:200]} is not an object")
    return found


def _invalid(message: str) -> LeptonError:
    return LeptonError("MODEL_INVALID", f"{DESCRIPTOR_FILE}: {message}")
