"""A service's state as the outcome of a revision that somebody asked for: the mirror of clients/typescript/src/outcome.ts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

State = Literal["progressing", "serving", "failed"]
_SETTLED = frozenset(("ready", "asleep", "drained", "unloaded"))


def outcome_of(status: Mapping[str, Any], revision: int) -> tuple[State, str]:
    """Where it has got to, and one sentence: what is awaited, or why it failed."""
    if status["observedRevision"] < revision:
        return "progressing", f"the engine has not looked at revision {revision} yet"
    wanted = [version for version in status["versions"] if version["desired"]]
    for version in wanted:
        if version["phase"] == "failed":
            return "failed", f"version {version['version']} failed: {reason_of(version)}{_still_serving(status, version['version'])}"
    waiting = [version for version in wanted if version["phase"] not in _SETTLED or ready_replicas(version) < version["replicasDesired"]]
    if waiting:
        return "progressing", "; ".join(f"version {version['version']} is {version['phase']}" + (f": {version['message']}" if version["message"] else "") for version in waiting)
    if (status["servingRevision"] if status["servingRevision"] is not None else -1) < revision:
        return "progressing", f"traffic still follows revision {status['servingRevision']}"
    return "serving", f"revision {revision} serves"


def reason_of(version: Mapping[str, Any]) -> str:
    """Reason and message of a version."""
    return f"{version['reason']}: {version['message']}" if version["message"] else str(version["reason"])


def ready_replicas(version: Mapping[str, Any]) -> int:
    """How many answer."""
    return sum(1 for replica in version["replicas"] if replica["phase"] == "ready")


def _still_serving(status: Mapping[str, Any], failed: str) -> str:
    serving = [version["version"] for version in status["versions"] if version["version"] != failed and version["weight"] > 0 and version["phase"] in ("ready", "asleep")]
    return "" if not serving else f"; version{'s' if len(serving) > 1 else ''} {', '.join(serving)} keep{'' if len(serving) > 1 else 's'} serving"
