"""Zip archives with the same bytes for the same content."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
#: PyTorch maps tensors from its archives, which stand at multiples of this.
_ALIGNMENT = 64


def normalise_zip(path: Path, drop: Callable[[str], bool] = lambda name: False, edit: Callable[[str, bytes], bytes] = lambda name, content: content, rename: Callable[[bytes], bytes] = lambda name: name) -> None:
    """Writes the archive anew: no times, no compression (blobs that versions share stay alike), entries aligned; without what `drop` says."""
    temporary = path.with_name(path.name + ".new")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as target:
        for entry in source.infolist():
            if drop(entry.filename):
                continue
            content = edit(entry.filename, source.read(entry))
            fresh = zipfile.ZipInfo(rename(entry.filename.encode()).decode(), _EPOCH)
            fresh.external_attr = 0o644 << 16
            fresh.create_system = 3
            assert target.fp is not None
            # An extra field of type "FB", as PyTorch's own writer pads.
            start = target.fp.tell() + 30 + len(fresh.filename.encode()) + 4
            padding = -start % _ALIGNMENT
            fresh.extra = b"FB" + padding.to_bytes(2, "little") + b"Z" * padding
            target.writestr(fresh, content)
    os.replace(temporary, path)
