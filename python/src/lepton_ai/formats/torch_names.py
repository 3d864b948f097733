"""The numbers that PyTorch's compiler puts into the names of types that are alike: counted anew for each script, and in each file."""

from __future__ import annotations

import pickletools
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_MANGLED = re.compile(rb"___torch_mangle_(\d+)")


def forget_names(torch: Any) -> None:
    """So that the second script of a class in one process gets the same names, and so the same bytes, as the first."""
    try:
        torch._C._jit_clear_class_registry()
        torch.jit._recursive.concrete_type_store = torch.jit._recursive.ConcreteTypeStore()
        torch.jit._state._clear_class_state()
    except AttributeError:
        pass  # Only the names differ then.


def canonical_names(path: Path) -> Callable[[bytes], bytes]:
    """Renames inside an archive of TorchScript: the process's own count becomes 0, 1, 2 … in the same order."""
    with zipfile.ZipFile(path) as archive:
        found = {int(number) for content in _code(archive) for number in _MANGLED.findall(content)}
    rank = {number: index for index, number in enumerate(sorted(found))}
    return lambda content: _MANGLED.sub(lambda match: b"___torch_mangle_%d" % rank.get(int(match[1]), int(match[1])), content)


def _code(archive: zipfile.ZipFile) -> Iterator[bytes]:
    for entry in archive.infolist():
        yield entry.filename.encode()
        if entry.filename.endswith((".py", ".pkl")):
            yield archive.read(entry)


def renamed(name: str, content: bytes, rename: Callable[[bytes], bytes]) -> bytes:
    """One file of the archive under its new names."""
    if name.endswith(".py"):
        return rename(content)
    return _renamed_pickle(content, rename) if name.endswith(".pkl") and _MANGLED.search(content) else content


def _renamed_pickle(content: bytes, rename: Callable[[bytes], bytes]) -> bytes:
    operations = [(code.name, position) for code, _argument, position in pickletools.genops(content)]
    parts = []
    for (name, start), (_next, end) in zip(operations, [*operations[1:], ("", len(content))]):
        part = content[start:end]
        if name == "GLOBAL":
            part = rename(part)
        elif name == "BINUNICODE":
            text = rename(part[5:])
            part = part[:1] + len(text).to_bytes(4, "little") + text
        parts.append(part)
    return b"".join(parts)
