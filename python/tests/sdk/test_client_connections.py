"""The synchronous client against servers that behave badly: plain sockets that say what a test scripts."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from lepton_ai import Client, DeadlineExceededError, ServerUnreachableError
from lepton_ai.errors import InvalidArgumentError

JSON = b'{"model_name":"m","model_version":"v1","outputs":[{"name":"y","datatype":"FP32","shape":[2],"parameters":{"binary_data_size":8}}]}'
TENSOR = np.array([1.5, -2.0], np.float32)
X = {"x": np.zeros((1, 4), np.float32)}


def answer(body: bytes = JSON + TENSOR.tobytes(), status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\ninference-header-content-length: {len(JSON)}\r\nlepton-version: v1\r\n{headers}\r\n".encode() + body


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].rpartition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return data


@contextmanager
def server(*scripts: Callable[[socket.socket], None]) -> Iterator[str]:
    """Each connection follows the next script, the last one again and again, and is closed after it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for number in range(100):
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=follow, args=(connection, scripts[min(number, len(scripts) - 1)]), daemon=True).start()

    def follow(connection: socket.socket, script: Callable[[socket.socket], None]) -> None:
        with connection:
            try:
                script(connection)
            except (OSError, IndexError, ValueError):
                pass  # The client has left.

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def always(reply: bytes) -> Callable[[socket.socket], None]:
    def script(connection: socket.socket) -> None:
        while True:
            read_request(connection)
            connection.sendall(reply)

    return script


def infer(url: str, timeout: float = 60.0) -> np.ndarray:
    with Client(url, check=False, retries=0, timeout=timeout) as client:
        return client.infer("m", X)["y"]


def test_tensors_come_aligned_and_uncopied():
    for padding in range(4):
        body = JSON[:-1] + b" " * padding + b"}" + TENSOR.tobytes()
        with server(always(answer(body).replace(b"length: %d\r\nlepton" % len(JSON), b"length: %d\r\nlepton" % (len(JSON) + padding)))) as url:
            found = infer(url)
            np.testing.assert_array_equal(found, TENSOR)
            assert found.flags.aligned and found.flags.writeable and not found.flags.owndata


def test_answers_in_chunks_and_without_length():
    body = JSON + TENSOR.tobytes()
    head = f"HTTP/1.1 200 OK\r\ninference-header-content-length: {len(JSON)}\r\n".encode()
    chunks = b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:100], body[100:])) + b"0\r\nx-trailer: 1\r\n\r\n"
    with server(always(head + b"transfer-encoding: chunked\r\n\r\n" + chunks)) as url:
        np.testing.assert_array_equal(infer(url), TENSOR)

    def until_the_end(connection):
        read_request(connection)
        connection.sendall(head + b"\r\n" + body)

    with server(until_the_end) as url:
        np.testing.assert_array_equal(infer(url), TENSOR)


@pytest.mark.parametrize("silent_after", [0, 20, len(answer()) - 3])
def test_no_answer_in_time(silent_after):
    def stall(connection):
        read_request(connection)
        connection.sendall(answer()[:silent_after])
        time.sleep(5)

    with server(stall) as url:
        before = time.monotonic()
        with pytest.raises(DeadlineExceededError, match=r"within 0\.2 s"):
            infer(url, timeout=0.2)
        assert 0.2 <= time.monotonic() - before < 2


def test_an_answer_that_trickles_does_not_reset_the_deadline():
    def trickle(connection):
        read_request(connection)
        for byte in answer():
            connection.sendall(bytes([byte]))
            time.sleep(0.02)

    with server(trickle) as url:
        before = time.monotonic()
        with pytest.raises(DeadlineExceededError):
            infer(url, timeout=0.3)
        assert time.monotonic() - before < 2


def test_a_request_that_nobody_reads_ends_at_the_deadline():
    with server(lambda connection: time.sleep(5)) as url, Client(url, check=False, timeout=0.2) as client:
        with pytest.raises(DeadlineExceededError):
            client.infer("m", {"x": np.zeros(50_000_000, np.uint8)})


def test_a_server_that_refuses_before_it_has_read_all():
    refusal = b'{"error":"at most 1000 bytes are taken","code":"TOO_LARGE"}'

    def refuse(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(refusal) + refusal)
        connection.shutdown(socket.SHUT_WR)
        time.sleep(0.3)

    with server(refuse) as url, Client(url, check=False, retries=0) as client, pytest.raises(InvalidArgumentError, match="at most 1000 bytes"):
        client.infer("m", {"x": np.zeros(30_000_000, np.uint8)})


def test_kept_connections_that_a_restart_closed_are_replaced():
    def once(connection):
        read_request(connection)
        connection.sendall(answer())

    with server(once) as url, Client(url, check=False, retries=0) as client:
        for _ in range(5):
            np.testing.assert_array_equal(client.infer("m", X)["y"], TENSOR)
            time.sleep(0.02)


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nshort", b"SSH-2.0-x\r\n\r\n", b"a" * 70_000, answer(JSON + b"1234"), answer(b"{" * len(JSON))])
def test_what_is_no_answer(reply):
    def script(connection):
        read_request(connection)
        connection.sendall(reply)

    with server(script) as url, pytest.raises(ServerUnreachableError):
        infer(url)


def test_a_forked_process_opens_its_own_connections():
    peers = []

    def script(connection):
        peers.append(connection.getpeername())
        always(answer())(connection)

    with server(script) as url, Client(url, check=False, retries=0) as client:
        client.infer("m", X)
        client._transport._lock.acquire()  # As a thread may hold it that the child does not have.
        child = os.fork()
        if not child:
            try:
                os._exit(0 if client.infer("m", X)["y"].tolist() == TENSOR.tolist() else 1)
            finally:
                os._exit(2)
        client._transport._lock.release()
        assert os.waitpid(child, 0)[1] == 0
        client.infer("m", X)
        assert len(peers) == 2


def test_many_threads_share_a_client():
    with server(always(answer())) as url, Client(url, check=False, retries=0) as client:
        failures = []

        def ask():
            try:
                for _ in range(50):
                    np.testing.assert_array_equal(client.infer("m", X)["y"], TENSOR)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=ask) for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
