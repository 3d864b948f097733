"""Memory of this process, as the kernel tells."""

import os
import resource
from pathlib import Path


def resident_bytes() -> int:
    """In RAM now."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return peak_bytes()


def peak_bytes() -> int:
    """Most that was in RAM so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
