"""Finds pickles in files by what these hold, through archives and compression, within bounds."""

import bz2
import gzip
import io
import lzma
import pickle
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Optional, cast

from .pickle_machine import Budget, Unreadable, globals_of
from .pickle_policy import importable, judge

DEPTH_MAX = 4
MEMBERS_MAX = 100_000
HEAD_BYTES = 16
#: An archive inside an archive is unpacked to look into it, up to this size.
NESTED_ARCHIVE_BYTES_MAX = 2**30
NPY_HEADER_BYTES_MAX = 2**20
_NPY = b"\x93NUMPY"
_ZLIB = re.compile(rb"^\x78[\x01\x5e\x9c\xda]")
_LZ4 = b"\x04\x22\x4d\x18"


@dataclass(frozen=True)
class Finding:
    """What was found where; `global` is module.name, or None."""

    file: str
    name: Optional[str]
    severity: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {"file": self.file, "global": self.name, "severity": self.severity, "message": self.message}


class Counted(io.RawIOBase):
    """A stream whose every byte counts against the budget, so that nothing is unpacked without end."""

    def __init__(self, stream: IO[bytes], budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """At most what fits; 0 at the end."""
        data = self._stream.read(min(len(buffer), 2**16))
        self._budget.read(len(data))
        buffer[: len(data)] = data
        return len(data)


class Inflated(io.RawIOBase):
    """zlib's own format, which joblib writes and no module of Python opens."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._inflate = zlib.decompressobj()

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """At most what fits; 0 at the end."""
        while not self._inflate.eof:
            source = self._inflate.unconsumed_tail or self._stream.read(2**16)
            if not source:
                raise EOFError("compressed data ends early")
            data = self._inflate.decompress(source, len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
        return 0


_COMPRESSIONS: tuple[tuple[Callable[[bytes], Any], Callable[[IO[bytes]], IO[bytes]]], ...] = (
    (lambda head: head.startswith(b"\x1f\x8b"), lambda stream: cast(IO[bytes], gzip.GzipFile(fileobj=stream))),
    (lambda head: head.startswith(b"BZh"), lambda stream: cast(IO[bytes], bz2.BZ2File(stream))),
    (lambda head: head.startswith((b"\xfd7zXZ", b"\x5d\x00\x00")), lambda stream: cast(IO[bytes], lzma.LZMAFile(stream))),
    (_ZLIB.match, lambda stream: cast(IO[bytes], Inflated(stream))),
)


class Scanner:
    """Collects findings over the files of one artefact."""

    def __init__(self, format_name: str) -> None:
        self.findings: list[Finding] = []
        self.pickles = 0
        self._format = format_name
        self._budget = Budget()
        #: Of the file at hand.
        self._is_archive = False

    def report(self, finding: Finding) -> None:
        """Keeps a finding."""
        self.findings.append(finding)

    def scan_file(self, path: Path, name: str, is_entry: bool) -> None:
        """One file. `is_entry`: the format loads it as a pickle, so it has to be one that can be read to its end."""
        try:
            with path.open("rb") as file:
                self._is_archive = zipfile.is_zipfile(file)
                if self._is_archive:
                    self._archive(file, name, 0)
                file.seek(0)
                self._stream(file, name, 0, is_entry)
        except OSError as error:
            self.report(Finding(name, None, "unreadable", f"it cannot be read: {error}"))

    def _stream(self, stream: IO[bytes], name: str, depth: int, is_entry: bool) -> None:
        try:
            buffered = io.BufferedReader(Counted(stream, self._budget))
            head = buffered.peek(HEAD_BYTES)[:HEAD_BYTES]
            if depth > DEPTH_MAX:
                raise Unreadable(f"it is packed more than {DEPTH_MAX} times")
            if head.startswith(b"PK\x03\x04"):
                self._packed(buffered, name, depth)
            elif head.startswith(_NPY):
                self._npy(buffered, name)
            elif head.startswith(_LZ4) and is_entry:
                raise Unreadable("it is compressed with LZ4; zlib, gzip, bz2 and lzma can be read")
            else:
                self._compressed_or_pickle(buffered, head, name, depth, is_entry)
        except Unreadable as error:
            self.report(Finding(name, None, "unreadable", str(error)))
        except (OSError, EOFError, MemoryError, RecursionError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError) as error:
            # Bytes that only look compressed are nobody's pickle, but what is loaded must be readable.
            if is_entry or isinstance(error, (MemoryError, RecursionError)):
                self.report(Finding(name, None, "unreadable", f"{type(error).__name__}: {error}"))

    def _compressed_or_pickle(self, stream: "io.BufferedReader[Any]", head: bytes, name: str, depth: int, is_entry: bool) -> None:
        for matches, opened in _COMPRESSIONS:
            if matches(head):
                self._stream(opened(stream), name, depth + 1, is_entry)
                return
        self._pickle(stream, head, name, is_entry)

    def _pickle(self, stream: "io.BufferedReader[Any]", head: bytes, name: str, is_entry: bool) -> None:
        if not head and not is_entry:
            return
        marked = head[:1] == pickle.PROTO and head[1:2] <= b"\x05"
        names, problem, has_rest = globals_of(stream, self._budget)
        judged = [(module, each, judge(self._format, module, each)) for module, each in names if is_entry or importable(module, each)]
        # Text may begin like a pickle of protocol 0: then it counts when it is a whole one, or names what is known to be dangerous.
        certain = marked or is_entry or problem is None
        if problem is None or marked:
            self.pickles += bool(names) or problem is None
        for module, each, severity in judged:
            if severity and (certain or severity == "dangerous"):
                self.report(Finding(name, f"{module}.{each}", severity, _MESSAGES[severity]))
        if problem and (is_entry or (marked and not problem.startswith("it is no whole pickle"))):
            self.report(Finding(name, None, "unreadable", problem))
        elif has_rest and is_entry:
            self.report(Finding(name, None, "unreadable", "something follows the pickle's end"))

    def _npy(self, stream: "io.BufferedReader[Any]", name: str) -> None:
        major = stream.read(8)[6]
        length = int.from_bytes(stream.read(2 if major == 1 else 4), "little")
        if length > NPY_HEADER_BYTES_MAX:
            raise Unreadable(f"an .npy header of {length} bytes is longer than is read")
        # Object arrays say O in their dtype, and nothing else in a header needs the letter in quotes.
        if re.search(rb"['\"][|<>=]?O\d*['\"]", stream.read(length)):
            self._pickle(stream, stream.peek(HEAD_BYTES)[:HEAD_BYTES], name, True)

    def _packed(self, stream: "io.BufferedReader[Any]", name: str, depth: int) -> None:
        if depth == 0:  # A whole archive has been looked into already.
            if not self._is_archive:
                raise Unreadable("it begins like an archive and is none")
            return
        with tempfile.TemporaryFile() as file:
            size = 0
            while chunk := stream.read(2**20):
                size += len(chunk)
                if size > NESTED_ARCHIVE_BYTES_MAX:
                    raise Unreadable(f"an archive inside an archive is larger than {NESTED_ARCHIVE_BYTES_MAX} bytes")
                file.write(chunk)
            self._archive(file, name, depth)

    def _archive(self, file: IO[bytes], name: str, depth: int) -> None:
        try:
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
                if len(members) > MEMBERS_MAX:
                    raise Unreadable(f"it has {len(members)} members, at most {MEMBERS_MAX} are read")
                for member in members:
                    if not member.is_dir():
                        with archive.open(member) as stream:
                            self._stream(stream, f"{name}!{member.filename}", depth + 1, False)
        except Unreadable as error:
            self.report(Finding(name, None, "unreadable", str(error)))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error) as error:
            self.report(Finding(name, None, "unreadable", f"as an archive: {error}"))


_MESSAGES = {"dangerous": "it can run code when the file is loaded", "suspicious": "it is not among what the format needs"}
