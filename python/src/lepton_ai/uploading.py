"""Files of a directory to the server: hashed, and sent only where the server has not got them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Optional

from .errors import InvalidArgumentError, LeptonError, UnavailableError
from .management import Management, path_of
from .progress import Advance, bar, size_text

_FILES_MAX = 4096
_CHUNK = 1 << 20
#: Seconds before each further try of an upload that broke off; they begin anew whenever more has arrived.
_WAITS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class LocalFile:
    """One file of an artefact; `path` is relative, with `/`."""

    path: str
    absolute: Path
    size: int
    digest: str

    def to_json(self) -> dict[str, Any]:
        """As a manifest names it."""
        return {"path": self.path, "size": self.size, "digest": self.digest}


@dataclass(frozen=True)
class Published:
    """What came of it."""

    version: Mapping[str, Any]
    created: bool
    sent_bytes: int


def hash_directory(directory: Path) -> list[LocalFile]:
    """All files, sorted by path."""
    paths = sorted(path for path in directory.rglob("*") if path.is_file())
    if not paths:
        raise InvalidArgumentError(f"{directory} holds no file")
    if len(paths) > _FILES_MAX:
        raise InvalidArgumentError(f"{directory} holds {len(paths)} files, at most {_FILES_MAX} are taken")
    with bar("hashing", sum(path.stat().st_size for path in paths)) as advance:
        return [LocalFile(path.relative_to(directory).as_posix(), path, path.stat().st_size, _digest(path, advance)) for path in paths]


def _digest(path: Path, advance: Advance) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            advance(len(chunk))
    return f"sha256:{digest.hexdigest()}"


def publish(api: Management, repository: str, body: Mapping[str, Any], files: Sequence[LocalFile]) -> Published:
    """Sends what is missing and publishes. A file that the server dropped meanwhile is sent after all.

    Each file goes on from where an earlier upload of it broke off. A server that goes away in the middle is waited for and the upload goes
    on; one that stays away is an error, and the next save goes on.
    """
    sent = 0
    for last in (False, True):
        sent += _send_missing(api, files)
        try:
            answer = api.send("POST", path_of("repositories", repository, "versions"), {**body, "files": [file.to_json() for file in files]})
            return Published(answer["version"], answer["created"], sent)
        except LeptonError as error:
            if error.code != "BLOB_MISSING" or last:
                raise
    raise AssertionError


def _send_missing(api: Management, files: Sequence[LocalFile]) -> int:
    by_digest = {file.digest: file for file in files}
    missing = _missing(api, list(by_digest))
    if not missing:
        return 0
    with bar("uploading", sum(by_digest[digest].size for digest in missing)) as advance:
        advance(sum(missing.values()))
        return sum(_send(api, by_digest[digest], offset, advance) for digest, offset in missing.items())


def _missing(api: Management, digests: Sequence[str]) -> dict[str, int]:
    """What the server lacks, with the bytes that it has of each."""
    answer = api.send("POST", "blobs/missing", {"digests": digests})
    there = {each["digest"]: int(each["offset"]) for each in answer.get("partial", ())}
    return {digest: there.get(digest, 0) for digest in answer["digests"]}


def _send(api: Management, file: LocalFile, offset: int, advance: Advance) -> int:
    """One file, with patience for a server that goes away. Returns the bytes sent."""
    sent = at = failures = 0

    def count(amount: int) -> None:
        nonlocal sent, at
        sent += amount
        at += amount
        advance(amount)

    while True:
        at = offset
        try:
            with file.absolute.open("rb") as content:
                api.put_blob(file.digest, content, file.size, offset, count)
            return sent
        except LeptonError as error:
            if not _may_go_on(error, offset):
                raise
            there = None
            while there is None:
                if failures == len(_WAITS):
                    raise _broken_off(error, file, offset) from error
                time.sleep(_WAITS[failures])
                failures += 1
                there = _there_now(api, file)
            advance(there.size - at)
            if there.stored:
                return sent
            if there.size > offset:
                failures = 0
            offset = there.size


def _may_go_on(error: LeptonError, offset: int) -> bool:
    """Also where others sent the same file, or what was there turned out to be of another one, and is gone now."""
    return _is_away(error) or error.code == "CONFLICT" or (offset > 0 and error.code == "DIGEST_MISMATCH")


def _is_away(error: LeptonError) -> bool:
    return isinstance(error, UnavailableError)


class _There(NamedTuple):
    """What the server has of a file."""

    stored: bool
    size: int


def _there_now(api: Management, file: LocalFile) -> Optional[_There]:
    """None: the server is away."""
    try:
        offset = _missing(api, [file.digest]).get(file.digest)
    except LeptonError as error:
        if _is_away(error):
            return None
        raise
    return _There(True, file.size) if offset is None else _There(False, offset)


def _broken_off(error: LeptonError, file: LocalFile, offset: int) -> LeptonError:
    there = f"; at least {size_text(offset)} of {size_text(file.size)} are there" if offset else ""
    message = f"the server went away in the middle of the upload of {file.path} ({error.message}){there}. Nothing was published; save again when it is back, and it goes on from what is there"
    return type(error)(message, code=error.code, status=error.status, details=error.details, retry_after=error.retry_after)
