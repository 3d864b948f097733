"""What a person sees: lines of results on stdout, bars on stderr where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Optional

#: Advances a bar by a number of units.
Advance = Callable[[int], None]


def say(text: str) -> None:
    """One line of result."""
    try:
        print(text, flush=True)
    except (OSError, ValueError):
        pass  # Nobody reads it.


def is_terminal() -> bool:
    """Whether bars make sense."""
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


@contextmanager
def bar(text: str, total: Optional[int] = None, unit: str = "bytes") -> Iterator[Advance]:
    """A bar over `total` units, or one that only turns; nothing where stderr is no terminal. The yielded function advances it."""
    if not is_terminal():
        yield lambda amount: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns: list[ProgressColumn] = [SpinnerColumn(), TextColumn("{task.description}")]
    if total is not None:
        columns.append(BarColumn())
        columns += [DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()] if unit == "bytes" else [TextColumn("{task.completed:.0f}/{task.total:.0f} {task.fields[unit]}"), TimeRemainingColumn()]
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(text, total=total, unit=unit)
        yield lambda amount: progress.advance(task, amount)


@contextmanager
def spinner(text: str) -> Iterator[Callable[[str], None]]:
    """Something that takes its time; the yielded function changes the text."""
    if not is_terminal():
        yield lambda other: None
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)

    def line(words: str) -> Text:
        # A line that wraps would be drawn anew below itself.
        shown = Text(words)
        shown.truncate(max(1, console.width - 3), overflow="ellipsis")
        return shown

    with console.status(line(text)) as status:
        yield lambda other: status.update(line(other))


def size_text(size: int) -> str:
    """Bytes for people: 1.2 MiB."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError
