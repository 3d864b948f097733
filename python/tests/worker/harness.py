"""Artefacts, worker processes and a client that speaks to them as control and gateways do. Its frames are written here once more."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "python/src"
DEADLINE = 20.0
HEAD = struct.Struct("<IBBHII")
HELLO, HELLO_ANSWER, STATUS, INFER, INFER_RESULT, FAILURE, PING, PONG, STOP = range(1, 10)
CANCEL = 14
DTYPES = {"FP32": "<f4", "FP64": "<f8", "INT64": "<i8", "INT32": "<i4", "BOOL": "?", "UINT8": "u1", "FP16": "<f2", "BF16": "<u2"}
DOUBLE = "class Model:\n    def predict(self, x):\n        return x * 2\n"


def spec(name: str, datatype: str = "FP32", shape: tuple[int, ...] = (-1, 4), **more: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": list(shape), **more}


def artefact(directory: Path, source: str, inputs: list[dict[str, Any]] | None = None, outputs: list[dict[str, Any]] | None = None, *, examples: Any = None, **descriptor: Any) -> Path:
    """A directory with a Python class `Model` and its descriptor."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "model.py").write_text(source)
    value = {"schema": 1, "format": "python", "entry": "model.py", "signature": {"inputs": inputs or [spec("x")], "outputs": outputs or [spec("y")]}, "options": {"class": "Model"}, **descriptor}
    (directory / "lepton-model.json").write_text(json.dumps(value))
    if examples is not None:
        (directory / "lepton-examples.json").write_text(examples if isinstance(examples, str) else json.dumps(examples))
    return directory


class Worker:
    """One worker process, its config file and its log."""

    def __init__(self, directory: Path, place: Path, **overrides: Any) -> None:
        descriptor = json.loads((directory / "lepton-model.json").read_text())
        place.mkdir(parents=True, exist_ok=True)
        self.socket = str(place / "w.sock")
        self.log_file = place / "log"
        config = {
            "replica": "replica-1", "service": "service", "version": "v1", "digest": f"sha256:{'0' * 64}", "token": "secret", "socketPath": self.socket,
            "format": descriptor["format"], "modelDirectory": str(directory), "entry": descriptor["entry"], "signature": descriptor["signature"], "batching": None,
            "resources": {"threads": 1, "memoryBytes": None}, "orphanGraceMs": 20_000,
            "timeouts": {"requestTimeoutMs": 5_000, "runTimeoutMs": 5_000, "loadTimeoutMs": 20_000, "drainTimeoutMs": 2_000}, **overrides,
        }  # fmt: skip
        path = place / "config.json"
        path.write_text(json.dumps(config))
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "lepton_ai_worker", str(path)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": str(SOURCE)}, cwd=place)

    @property
    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace")

    def dial(self, role: str = "gateway", token: str = "secret") -> Client:
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                return Client(self.socket, role, token)
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise AssertionError(f"the worker does not listen: {self.log}") from None
                time.sleep(0.01)

    def settled(self) -> dict[str, Any]:
        """The first status that is not `loading`."""
        control = self.dial("control")
        while True:
            kind, _, header, _ = control.receive()
            if kind == STATUS and header["phase"] != "loading":
                control.close()
                return header

    def exit(self, timeout: float = DEADLINE) -> int:
        return self.process.wait(timeout)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Closed(Exception):
    pass


class Client:
    """One connection."""

    def __init__(self, path: str, role: str | None, token: str = "secret") -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(path)
        self.next = 1
        if role is not None:
            self.send(HELLO, 0, {"role": role, "token": token})
            kind, _, self.hello, _ = self.receive()
            assert kind == HELLO_ANSWER

    def send(self, kind: int, number: int = 0, header: Any = None, body: bytes = b"") -> None:
        text = b"" if header is None else json.dumps(header).encode()
        self.socket.sendall(HEAD.pack(HEAD.size - 4 + len(text) + len(body), 1, kind, 0, number, len(text)) + text + body)

    def receive(self) -> tuple[int, int, Any, bytes]:
        head = self._exactly(HEAD.size)
        length, _, kind, _, number, json_bytes = HEAD.unpack(head)
        rest = self._exactly(length + 4 - HEAD.size)
        return kind, number, json.loads(rest[:json_bytes]) if json_bytes else None, rest[json_bytes:]

    def _exactly(self, count: int) -> bytes:
        data = bytearray(count)
        view = memoryview(data)
        while view:
            try:
                received = self.socket.recv_into(view)
            except ConnectionResetError:
                received = 0
            if not received:
                raise Closed
            view = view[received:]
        return bytes(data)

    def ask(self, items: list[dict[str, Any]], **raw: Any) -> int:
        """Sends an infer frame of items {inputs: {name: array}, outputs?: names}; its id."""
        number, self.next = self.next, self.next + 1
        wire, body = [], b""
        for item in items:
            inputs = []
            for name, array in item["inputs"].items():
                data, datatype, shape = wire_of(array)
                inputs.append({"name": name, "datatype": datatype, "shape": shape, "bytes": len(data)})
                body += data
            wire.append({"inputs": inputs, **({"outputs": item["outputs"]} if "outputs" in item else {})})
        self.send(INFER, number, {"items": wire, **raw}, body)
        return number

    def answer(self, number: int) -> dict[str, Any]:
        """The next frame, which must be this one's answer: {items, header} or the failure."""
        kind, found, header, body = self.receive()
        assert found == number, (kind, found, header)
        if kind == FAILURE:
            return header
        assert kind == INFER_RESULT
        items, at = [], 0
        for item in header["items"]:
            if "outputs" not in item:
                items.append(item)
                continue
            outputs = {}
            for tensor in item["outputs"]:
                outputs[tensor["name"]] = array_of(tensor, body[at : at + tensor["bytes"]])
                at += tensor["bytes"]
            items.append(outputs)
        assert at == len(body)
        return {"items": items, "header": header}

    def infer(self, *items: dict[str, Any]) -> list[Any]:
        """Items {name: array} in one frame; each one's outputs or failure."""
        answer = self.answer(self.ask([{"inputs": item} for item in items]))
        assert "items" in answer, answer
        return answer["items"]

    def close(self) -> None:
        self.socket.close()


def wire_of(array: Any) -> tuple[bytes, str, list[int]]:
    array = np.asarray(array)
    if array.dtype == object:
        return b"".join(struct.pack("<I", len(each)) + each for each in array.reshape(-1)), "BYTES", list(array.shape)
    datatype = next(name for name, code in DTYPES.items() if np.dtype(code) == array.dtype)
    return array.tobytes(), datatype, list(array.shape)


def array_of(tensor: dict[str, Any], data: bytes) -> Any:
    if tensor["datatype"] != "BYTES":
        return np.frombuffer(data, DTYPES[tensor["datatype"]]).reshape(tensor["shape"])
    elements, at = [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        elements.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return np.array(elements, dtype=object).reshape(tensor["shape"])


def floats(*rows: list[float]) -> Any:
    return np.array(rows, dtype=np.float32)
