"""What a script that deployed ends with: the state of the services that it changed, and where to look further."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import LeptonError, ServerUnreachableError, ServiceNotFoundError
from .outcome import ready_replicas
from .progress import say, size_text

_services: dict[tuple[str, str], Callable[[], Mapping[str, Any]]] = {}

_COLUMNS = ("version", "phase", "priority", "traffic", "replicas", "memory")


def report_at_exit(url: str, service: str, fetch: Callable[[], Mapping[str, Any]]) -> None:
    """Prints this service's state once when the process ends."""
    if not _services:
        atexit.register(_report)
    _services[(url, service)] = fetch


def _report() -> None:
    for (url, service), fetch in _services.items():
        try:
            text = status_text(fetch())
        except (ServerUnreachableError, ServiceNotFoundError):
            continue  # Stopped or undeployed by the script itself, or somebody else.
        except LeptonError as error:
            text = f"{service}: {error}"
        say(f"\n{text}\n{_further(url, service)}")


def _further(url: str, service: str) -> str:
    return "\n".join((
        f"infer     {url}/v2/models/{service}/infer",
        f"status    lepton-ai status {service}",
        f"logs      lepton-ai logs {service}",
        f"events    lepton-ai events    metrics {url}/metrics",
    ))  # fmt: skip


def status_text(status: Mapping[str, Any]) -> str:
    """A service and its versions as a table."""
    rows = [_row(version) for version in status["versions"]]
    lines = [f"{status['name']}  revision {status['revision']}", *_table(_COLUMNS, rows)]
    lines += [f"{version['version']}: {version['message']}" for version in status["versions"] if version["phase"] == "failed" and version["message"]]
    return "\n".join(lines)


def _row(version: Mapping[str, Any]) -> Sequence[str]:
    memory = sum(replica.get("residentBytes") or 0 for replica in version["replicas"])
    return (version["version"], version["phase"], str(version["priority"]), f"{version['weight']:g} %", f"{ready_replicas(version)}/{version['replicasDesired']}", size_text(memory) if memory else "-")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in ([each.upper() for each in head], *rows)]
