"""What goes over the wire: a bare socket's exchange, and a proxy that counts and keeps what a client sends."""

import re
import socket
import threading
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def address_of(url):
    split = urlsplit(url)
    return split.hostname, split.port


def length_of(head):
    found = _LENGTH.search(head)
    return int(found[1]) if found else 0


class BareSocket:
    """Sends a request as it is and reads its answer into memory that is kept: no program can do with less."""

    def __init__(self, url, answer_bytes_max):
        self._socket = socket.create_connection(address_of(url))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._memory = bytearray(answer_bytes_max)
        self._view = memoryview(self._memory)

    def exchange(self, request):
        self._socket.sendall(request)
        at = self._socket.recv_into(self._view)
        while (end := self._memory.find(b"\r\n\r\n", 0, at)) < 0:
            at += self._receive(at)
        total = end + 4 + length_of(self._memory[:end])
        while at < total:
            at += self._receive(at)
        return self._view[:total]

    def _receive(self, at):
        count = self._socket.recv_into(self._view[at:])
        if not count:
            raise EOFError("the server closed the connection")
        return count


class CountingProxy:
    """Passes connections on to a server. `requests`: (method and path, bytes of the head, bytes of the body) of each request."""

    def __init__(self, url, keep=False):
        self._target = address_of(url)
        self._keep = keep
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests = []
        #: The last request's bytes, if they are kept.
        self.last = b""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            near, _ = self._listener.accept()
            far = socket.create_connection(self._target)
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._requests, args=(near, far), daemon=True).start()
            threading.Thread(target=_pass_on, args=(far, near), daemon=True).start()

    def _requests(self, near, far):
        """One message after the other; none of ours is chunked."""
        ahead = b""
        while True:
            while (end := ahead.find(b"\r\n\r\n")) < 0:
                more = near.recv(65536)
                if not more:
                    return far.close()
                ahead += more
            head, ahead = ahead[: end + 4], ahead[end + 4 :]
            if b"chunked" in head.lower():
                raise ValueError("a chunked request was not expected")
            size = length_of(head)
            self.requests.append((head.split(b" HTTP/", 1)[0].decode(), len(head), size))
            kept = [head]
            far.sendall(head)
            while size:
                part, ahead = (ahead[:size], ahead[size:]) if ahead else (near.recv(min(size, 1 << 20)), b"")
                if not part:
                    return far.close()
                size -= len(part)
                far.sendall(part)
                if self._keep:
                    kept.append(part)
            self.last = b"".join(kept)


def _pass_on(source, target):
    try:
        while part := source.recv(1 << 20):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # One of the two has gone.
