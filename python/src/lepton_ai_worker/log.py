"""Lines on stderr, which is the replica's log."""

import os
import traceback
from datetime import datetime, timezone

STDERR = 2
TRACEBACK_CHARACTERS_MAX = 6_000
TRACEBACK_FRAMES_MAX = 24


def utc_now() -> str:
    """ISO 8601 with milliseconds and Z."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def log(message: str) -> None:
    """One line. A line that can't be written (a full disk) is dropped."""
    try:
        os.write(STDERR, f"{utc_now()} worker {message}\n".encode("utf-8", "replace"))
    except OSError:
        pass


def traceback_of(error: BaseException) -> str:
    """The exception's traceback, its innermost frames, bounded."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=-TRACEBACK_FRAMES_MAX))
    return text if len(text) <= TRACEBACK_CHARACTERS_MAX else f"…{text[-TRACEBACK_CHARACTERS_MAX:]}"
