"""Files of a directory to the server: hashed, and sent only where the server has not got them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import InvalidArgumentError, LeptonError
from .management import Management, path_of
from .progress import bar

_FILES_MAX = 4096
_CHUNK = 1 << 20


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
    total_bytes: int


def hash_directory(directory: Path) -> list[LocalFile]:
    """All files, sorted by path."""
    paths = sorted(path for path in directory.rglob("*") if path.is_file())
    if not paths:
        raise InvalidArgumentError(f"{directory} holds no file")
    if len(paths) > _FILES_MAX:
        raise InvalidArgumentError(f"{directory} holds {len(paths)} files, at most {_FILES_MAX} are taken")
    with bar("hashing", sum(path.stat().st_size for path in paths)) as advance:
        return [LocalFile(path.relative_to(directory).as_posix(), path, path.stat().st_size, _digest(path, advance)) for path in paths]


def _digest(path: Path, advance: Any) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            advance(len(chunk))
    return f"sha256:{digest.hexdigest()}"


def publish(api: Management, repository: str, body: Mapping[str, Any], files: Sequence[LocalFile]) -> Published:
    """Sends what is missing and publishes. A file that the server dropped meanwhile is sent after all; a broken upload is repeated by file."""
    sent = 0
    for last in (False, True):
        sent += _send_missing(api, files)
        try:
            answer = api.send("POST", path_of("repositories", repository, "versions"), {**body, "files": [file.to_json() for file in files]})
            return Published(answer["version"], answer["created"], sent, sum(file.size for file in files))
        except LeptonError as error:
            if error.code != "BLOB_MISSING" or last:
                raise
    raise AssertionError


def _send_missing(api: Management, files: Sequence[LocalFile]) -> int:
    by_digest = {file.digest: file for file in files}
    missing = [by_digest[digest] for digest in api.send("POST", "blobs/missing", {"digests": list(by_digest)})["digests"]]
    total = sum(file.size for file in missing)
    if not missing:
        return 0
    with bar("uploading", total) as advance:
        for file in missing:
            api.put_blob(file.digest, lambda path=file.absolute: path.open("rb"), file.size, advance)  # type: ignore[misc]
    return total
