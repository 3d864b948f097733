"""HTTP/1.1 messages, as little of them as the protocol's servers need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional
from urllib.parse import quote, urlsplit

from ..errors import InvalidArgumentError, ServerUnreachableError

HEAD_BYTES_MAX = 64 * 1024


@dataclass(frozen=True)
class Address:
    """Where a URL's server listens."""

    host: str
    port: int
    secure: bool
    #: Path before the protocol's own.
    base: str
    #: As the Host header has it.
    authority: str

    @classmethod
    def of(cls, url: str) -> Address:
        """Raises InvalidArgumentError."""
        split = urlsplit(url)
        if split.scheme not in ("http", "https") or not split.hostname:
            raise InvalidArgumentError(f"{url!r} is not a URL; for example http://127.0.0.1:8080")
        secure = split.scheme == "https"
        return cls(split.hostname, split.port or (443 if secure else 80), secure, split.path.rstrip("/"), split.netloc.rpartition("@")[2])


@dataclass(frozen=True)
class Head:
    """Status and headers, these by lower-case name."""

    status: int
    headers: Mapping[str, str]

    @property
    def length(self) -> Optional[int]:
        """Bytes of the body; None: it comes in chunks, or until the connection ends."""
        value = self.headers.get("content-length")
        return int(value) if value is not None and value.isdigit() else None

    @property
    def keeps(self) -> bool:
        """Whether the connection stays open."""
        return self.headers.get("connection", "").lower() != "close"


def model_path(base: str, service: str, version: Optional[str], what: str = "") -> str:
    """`/v2/models/M[/versions/V][/infer]`."""
    return f"{base}/v2/models/{quote(service, safe='')}" + (f"/versions/{quote(version, safe='')}" if version is not None else "") + what


def request_bytes(method: str, path: str, address: Address, headers: Mapping[str, str], length: int) -> bytes:
    """The head of a request. Raises InvalidArgumentError for headers that would end their line."""
    lines = [f"{method} {path} HTTP/1.1", f"host: {address.authority}"]
    for name, value in headers.items():
        line = f"{name}: {value}"
        if "\r" in line or "\n" in line or not name:
            raise InvalidArgumentError(f"header {name!r} with value {value!r} is none")
        lines.append(line)
    if method != "GET":
        lines.append(f"content-length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def parse_head(raw: bytes) -> Head:
    """Of all bytes before the empty line. Raises ServerUnreachableError."""
    try:
        first, *lines = raw.decode("latin-1").split("\r\n")
        protocol, status = first.split(" ", 2)[:2]
        if not protocol.startswith("HTTP/1."):
            raise ValueError(first[:80])
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Head(int(status), headers)
    except (ValueError, IndexError) as error:
        raise ServerUnreachableError(f"what answers is no HTTP server: {error}") from None


def chunk_size(line: bytes) -> int:
    """Of a chunk's first line."""
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        raise ServerUnreachableError(f"the server's answer cannot be read: chunk size {line[:40]!r}") from None


def total_bytes(parts: Sequence[memoryview]) -> int:
    """Sum of the parts' sizes."""
    return sum(part.nbytes for part in parts)
