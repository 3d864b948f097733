"""The management API over HTTP: JSON in and out, files by digest."""

from __future__ import annotations

import getpass
import http.client
import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Optional, Union
from urllib.parse import quote, urlencode, urlsplit

from .errors import LeptonError, ServerUnreachableError, error_of

_TIMEOUT_SECONDS = 660.0
_CHUNK = 1 << 20


def default_user() -> str:
    """Name that changes are made under: LEPTON_USER, else the login name."""
    try:
        name = os.environ.get("LEPTON_USER") or getpass.getuser()
    except (KeyError, OSError, ImportError):
        name = ""
    return re.sub(r"[^\x21-\x7e]", "_", name)[:128] or "anonymous"


def path_of(*parts: str) -> str:
    """A path below /api/v1, each part escaped."""
    return "/".join(quote(part, safe="") for part in parts)


class Management:
    """One server's management API. Safe to use from several threads; a kept connection that has died is opened anew."""

    def __init__(self, url: str, user: Optional[str] = None) -> None:
        self.url = url
        self.user = user or default_user()
        split = urlsplit(url)
        self._host = split.netloc
        self._base = split.path.rstrip("/") + "/api/v1/"
        self._secure = split.scheme == "https"
        self._start_anew()

    def _start_anew(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._connection: Optional[http.client.HTTPConnection] = None

    def _exclusively(self) -> threading.Lock:
        """In a forked process the connection is the parent's, and so is whoever holds the lock."""
        if self._process != os.getpid():
            self._start_anew()
        return self._lock

    def get(self, path: str, **query: Any) -> Any:
        """GET; the answer's JSON."""
        return self._json("GET", path, None, query)

    def send(self, method: str, path: str, body: Optional[Mapping[str, Any]] = None, **query: Any) -> Any:
        """Another method, with a JSON body; the answer's JSON."""
        return self._json(method, path, body, query)

    def put_blob(self, digest: str, file: BinaryIO, size: int, offset: int, advance: Callable[[int], None]) -> None:
        """Uploads what a file of `size` bytes has from `offset` on; the server checks the digest. Never repeated by itself."""

        def chunks() -> Iterator[bytes]:
            file.seek(offset)
            while chunk := file.read(_CHUNK):
                yield chunk
                advance(len(chunk))

        headers = {"content-type": "application/octet-stream", "content-length": str(size - offset)}
        with self._exclusively():
            # A kept connection may have died unseen.
            self._close()
        self._exchange("PUT", f"blobs/{digest}" + (f"?offset={offset}" if offset else ""), chunks, headers)

    def download(self, path: str, write: Callable[[bytes], Any]) -> None:
        """Streams an answer's bytes to `write`."""
        with self._exclusively():
            response = self._request("GET", path, None, {})
            self._raise_for(response)
            while chunk := response.read(_CHUNK):
                write(chunk)

    def _json(self, method: str, path: str, body: Optional[Mapping[str, Any]], query: Mapping[str, Any]) -> Any:
        given = {name: (str(value).lower() if isinstance(value, bool) else value) for name, value in query.items() if value is not None}
        payload = None if body is None else json.dumps(body, allow_nan=False).encode()
        headers = {} if payload is None else {"content-type": "application/json"}
        text = self._exchange(method, path + (f"?{urlencode(given)}" if given else ""), payload, headers)
        return json.loads(text) if text else None

    def _exchange(self, method: str, path: str, body: Union[bytes, Callable[[], Iterator[bytes]], None], headers: Mapping[str, str]) -> bytes:
        with self._exclusively():
            response = self._request(method, path, body, headers)
            self._raise_for(response)
            try:
                return response.read()
            except (OSError, http.client.HTTPException) as error:
                raise self._unreachable(error) from error

    def _request(self, method: str, path: str, body: Union[bytes, Callable[[], Iterator[bytes]], None], headers: Mapping[str, str]) -> http.client.HTTPResponse:
        kept = self._connection is not None
        try:
            return self._attempt(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self._close()
            # The server may close a kept connection in the moment of its reuse.
            if not kept or isinstance(error, TimeoutError):
                raise self._unreachable(error) from error
        try:
            return self._attempt(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self._close()
            raise self._unreachable(error) from error

    def _attempt(self, method: str, path: str, body: Union[bytes, Callable[[], Iterator[bytes]], None], headers: Mapping[str, str]) -> http.client.HTTPResponse:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._connection = kind(self._host, timeout=_TIMEOUT_SECONDS)
        content = body() if callable(body) else body
        try:
            self._connection.request(method, self._base + path, body=content, headers={"lepton-user": self.user, **headers})
        except (BrokenPipeError, ConnectionResetError):
            # A server that refuses an upload answers before it has read all of it.
            try:
                return self._connection.getresponse()
            except (OSError, http.client.HTTPException):
                pass
            raise
        return self._connection.getresponse()

    def _raise_for(self, response: http.client.HTTPResponse) -> None:
        if response.status < 400:
            return
        text = response.read().decode("utf-8", "replace")
        self._close()
        headers = {name.lower(): value for name, value in response.getheaders()}
        if not text.lstrip().startswith("{") and "lepton-code" not in headers:
            raise LeptonError(f"{self.url} answers, but not as a Lepton AI server (HTTP {response.status}: {' '.join(text.split())[:100]!r}); check the URL", code=f"HTTP_{response.status}", status=response.status)
        raise error_from(response.status, headers, text)

    def _unreachable(self, error: BaseException) -> ServerUnreachableError:
        return ServerUnreachableError(f"no answer from {self.url} ({error or type(error).__name__}); is it running? lepton-ai status")

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def error_from(status: int, headers: Mapping[str, str], text: str) -> LeptonError:
    """The typed error of an answer with a status ≥ 400."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    fields = body if isinstance(body, dict) else {}
    message = fields.get("error") if isinstance(fields.get("error"), str) else f"HTTP {status}: {text[:300]}"
    return error_of(
        str(fields.get("code") or headers.get("lepton-code") or f"HTTP_{status}"), str(message), status=status, details=fields.get("details"),
        retry_after=retry_after_of(headers), request_id=headers.get("x-request-id"),
    )  # fmt: skip


def retry_after_of(headers: Mapping[str, str]) -> Optional[float]:
    """Seconds after which a retry makes sense, if the server says so."""
    retry = str(headers.get("retry-after", ""))
    return float(retry) if re.fullmatch(r"\d+(\.\d+)?", retry) else None
