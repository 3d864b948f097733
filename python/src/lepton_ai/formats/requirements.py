"""Exact pins of what is installed here."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable, Sequence
from typing import Optional

from ..errors import InvalidArgumentError


def pins(names: Iterable[str], extra: Sequence[str] = ()) -> list[str]:
    """Exact pins, sorted, of what is installed here; `extra` are names or pins of the user's own."""
    found: dict[str, str] = {}
    for name in names:
        pin = _pin(name)
        if pin:
            found[_normal(name)] = pin
    for requirement in extra:
        match = re.fullmatch(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]]*\])?)\s*(?:==\s*([0-9][A-Za-z0-9.!+_-]*))?\s*", requirement)
        if not match:
            raise InvalidArgumentError(f"requirement {requirement!r} is not a name or an exact pin such as scipy==1.14.1")
        name, version = match.groups()
        pin = f"{name}=={version}" if version else _pin(name)
        if pin is None:
            raise InvalidArgumentError(f"requirement {requirement!r} is not installed here, so its version is not known; give an exact pin")
        found[_normal(name.partition("[")[0])] = pin
    return [found[name] for name in sorted(found)]


def _pin(name: str) -> Optional[str]:
    try:
        return f"{_normal(name)}=={importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
