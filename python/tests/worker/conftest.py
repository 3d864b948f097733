from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import DOUBLE, Worker, artefact


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory whose path is short enough for a socket."""
    directory = Path(tempfile.mkdtemp(prefix="lpw-", dir="/tmp"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def start(place: Path) -> Iterator[Callable[..., Worker]]:
    """Starts workers of a Python class, or of an artefact's directory; they end with the test."""
    workers: list[Worker] = []

    def begin(source: str | Path = DOUBLE, *args: Any, config: dict[str, Any] | None = None, **descriptor: Any) -> Worker:
        number = len(workers)
        directory = source if isinstance(source, Path) else artefact(place / f"m{number}", source, *args, **descriptor)
        worker = Worker(directory, place / f"w{number}", **(config or {}))
        workers.append(worker)
        return worker

    yield begin
    for worker in workers:
        worker.close()
