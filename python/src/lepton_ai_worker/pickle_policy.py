"""Judges what pickles name: our own policy, and picklescan's list where it is installed."""

import io
import json
import re
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files
from typing import Any, Optional

_IDENTIFIER = re.compile(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")


@lru_cache(maxsize=1)
def policy() -> Any:
    """`pickle_policy.json`, the one source of truth."""
    return json.loads(files(__package__).joinpath("pickle_policy.json").read_text("utf-8"))


def importable(module: str, name: str) -> bool:
    """Whether Python could ever import this: text that only looks like a pickle names what it could not."""
    return bool(_IDENTIFIER.match(module) and _IDENTIFIER.match(name))


def judge(format_name: str, module: str, name: str) -> Optional[str]:
    """`dangerous`, `suspicious`, or None for what the format's own pickles need."""
    if not importable(module, name):
        return "suspicious"
    rules = policy()
    if _matches(rules["overrides"], module, name):
        return None
    if _matches(rules["dangerous"], module, name) or _picklescan(module, name) == "dangerous":
        return "dangerous"
    allowed = rules["allowed"]["common"] + rules["allowed"].get(format_name, [])
    return None if _matches(allowed, module, name) or _picklescan(module, name) == "innocuous" else "suspicious"


def _matches(patterns: Any, module: str, name: str) -> bool:
    return any(fnmatchcase(module, pattern.partition(":")[0]) and _name_matches(pattern.partition(":")[2], name) for pattern in patterns)


def _name_matches(pattern: str, name: str) -> bool:
    # A dotted name walks through attributes, which may lead anywhere: only `*` alone, which nobody allows, stands for it.
    return pattern == "*" or ("." not in name and fnmatchcase(name, pattern))


@lru_cache(maxsize=4096)
def _picklescan(module: str, name: str) -> Optional[str]:
    """Its word on one global, by a pickle that does nothing but name it."""
    try:
        from picklescan.scanner import scan_pickle_bytes
    except ImportError:
        return None
    found = scan_pickle_bytes(io.BytesIO(f"c{module}\n{name}\n.".encode()), "global").globals
    return str(found[0].safety.value) if found else None


def picklescan_version() -> Optional[str]:
    """None where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("picklescan")
    except PackageNotFoundError:
        return None
