"""The golden vectors of `protocol/`, by a second implementation: numpy, struct and this file share no code with the server."""

import json
import math
import struct
import unittest
import urllib.error
import urllib.request
from typing import Any

import numpy as np
import shared
from platform_server import ROOT
from tritonclient.utils import deserialize_bytes_tensor, serialize_byte_tensor, triton_to_np_dtype

TENSORS = json.loads((ROOT / "protocol/inference-v2.json").read_text("utf-8"))
FRAMES = json.loads((ROOT / "protocol/frames.json").read_text("utf-8"))


def array_of(vector: dict[str, Any]) -> np.ndarray:
    """What `data` says, as Python reads JSON: whole numbers stay exact, whatever their size."""
    values, datatype, shape = json.loads(vector["data"]), vector["datatype"], vector["shape"]
    if datatype == "BYTES":
        return np.array([text.encode() for text in values], dtype=np.object_).reshape(shape)
    return np.array(values, dtype=triton_to_np_dtype(datatype)).reshape(shape)


def bytes_of(array: np.ndarray) -> bytes:
    if array.dtype == np.object_:
        return serialize_byte_tensor(array).item()
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def post(model: str, body: str) -> tuple[int, dict[str, Any], bytes]:
    """Status, JSON and what follows the JSON."""
    request = urllib.request.Request(f"http://{shared.SERVER.http}/v2/models/{model}/infer", body.encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = response.read()
            head = int(response.headers.get("inference-header-content-length", len(answer)))
            return response.status, json.loads(answer[:head]), answer[head:]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read()), b""


class Tensors(unittest.TestCase):
    def test_numpy_gives_the_same_bytes(self) -> None:
        for vector in TENSORS["tensors"]:
            with self.subTest(**vector):
                self.assertEqual(bytes_of(array_of(vector)).hex(), vector["hex"])

    def test_numpy_reads_the_same_values(self) -> None:
        for vector in TENSORS["tensors"]:
            with self.subTest(**vector):
                raw, wanted = bytes.fromhex(vector["hex"]), array_of(vector)
                is_text = vector["datatype"] == "BYTES"
                found = deserialize_bytes_tensor(raw) if is_text else np.frombuffer(raw, wanted.dtype.newbyteorder("<"))
                np.testing.assert_array_equal(found.reshape(vector["shape"]), wanted)

    def test_every_datatype_of_numpy_is_there(self) -> None:
        known = {"BYTES" if name == "bytes" else name.upper() for name in shared.IDENTITY_ARRAYS}
        self.assertEqual({vector["datatype"] for vector in TENSORS["tensors"]}, known)

    def test_the_server_passes_them_on_unchanged(self) -> None:
        """JSON in, bytes out, through a model that returns its input. It has two dimensions: a row stands for one."""
        for vector in TENSORS["tensors"]:
            if len(vector["shape"]) not in (1, 2):
                continue
            with self.subTest(**vector):
                shape = vector["shape"] if len(vector["shape"]) == 2 else [1, *vector["shape"]]
                body = f'{{"inputs":[{{"name":"x","datatype":"{vector["datatype"]}","shape":{shape},"data":{vector["data"]}}}],"outputs":[{{"name":"y","parameters":{{"binary_data":true}}}}]}}'
                status, answer, raw = post(f"identity_{vector['datatype'].lower()}", body)
                self.assertEqual((status, answer.get("error")), (200, None))
                self.assertEqual((answer["outputs"][0]["shape"], raw.hex()), (shape, vector["hex"]))

    def test_the_server_refuses_the_refused(self) -> None:
        for vector in TENSORS["refused"]:
            with self.subTest(**vector):
                status, answer, _ = post("identity_fp32", f'{{"inputs":[{vector["input"]}]}}')
                self.assertEqual((status, answer["code"]), (400, "INVALID_ARGUMENT"), answer)
                for mention in vector["mentions"]:
                    self.assertIn(mention, answer["error"])


def murmur3(data: bytes, seed: int) -> int:
    """MurmurHash3 x86_32."""

    def rotated(value: int, by: int) -> int:
        return ((value << by) | (value >> (32 - by))) & 0xFFFFFFFF

    def scrambled(word: int) -> int:
        return rotated(word * 0xCC9E2D51 & 0xFFFFFFFF, 15) * 0x1B873593 & 0xFFFFFFFF

    whole = len(data) & ~3
    value = seed
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        value = (rotated(value ^ scrambled(word), 13) * 5 + 0xE6546B64) & 0xFFFFFFFF
    if whole != len(data):
        value ^= scrambled(int.from_bytes(data[whole:], "little"))
    value ^= len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        value = (value ^ (value >> shift)) * factor & 0xFFFFFFFF
    return value


def rendezvous(weights: dict[str, float], key: str) -> str:
    def score(version: str) -> float:
        text = f"{key}\0{version}".encode()
        unit = ((murmur3(text, 0x9747B28C) >> 5) * 2**26 + (murmur3(text, 0x1B873593) >> 6) + 0.5) / 2**53
        return -weights[version] / math.log(unit)

    return max(weights, key=score)


class Sticky(unittest.TestCase):
    def test_hash(self) -> None:
        # Published for MurmurHash3 x86_32, so that the vectors do not only agree with themselves.
        for data, seed, wanted in ((b"", 0, 0), (b"", 1, 0x514E28B7), (b"\xff\xff\xff\xff", 0, 0x76293B50), (b"!Ce\x87", 0, 0xF55B516B), (b"!Ce", 0, 0x7E4A8634), (b"!", 0, 0x72661CF4)):
            self.assertEqual(murmur3(data, seed), wanted, data)

    def test_decisions(self) -> None:
        for vector in TENSORS["sticky"]:
            with self.subTest(**vector):
                self.assertEqual(rendezvous(vector["weights"], vector["key"]), vector["version"])


TYPES = ("hello", "helloAnswer", "status", "infer", "inferResult", "failure", "ping", "pong", "stop", "routingTable", "routingAck", "demand", "replicaTrouble", "cancel")
HEAD = struct.Struct("<IBBHII")


class Refused(Exception):
    pass


def encoded(kind: str, number: int, header: str, body: bytes) -> bytes:
    text = header.encode()
    return HEAD.pack(HEAD.size - 4 + len(text) + len(body), 1, TYPES.index(kind) + 1, 0, number, len(text)) + text + body


def decoded(data: bytes, most: int = 2**30) -> tuple[str, int, Any, bytes]:
    """One frame; Refused with the code that the vectors name."""
    (length,) = struct.unpack_from("<I", data)
    if length < HEAD.size - 4:
        raise Refused("INVALID_ARGUMENT")
    if length > most:
        raise Refused("TOO_LARGE")
    _, version, kind, _, number, header_bytes = HEAD.unpack_from(data)
    body_at = HEAD.size + header_bytes
    if version != 1 or not 1 <= kind <= len(TYPES) or body_at > 4 + length:
        raise Refused("INVALID_ARGUMENT")
    try:
        header = json.loads(data[HEAD.size : body_at].decode()) if header_bytes else None
    except ValueError:
        raise Refused("INVALID_ARGUMENT") from None
    return TYPES[kind - 1], number, header, data[body_at : 4 + length]


class Frames(unittest.TestCase):
    def test_encoded(self) -> None:
        for vector in FRAMES["frames"]:
            with self.subTest(vector["name"]):
                header = json.dumps(vector["header"], separators=(",", ":"), ensure_ascii=False) if "header" in vector else ""
                self.assertEqual(encoded(vector["type"], vector["id"], header, bytes.fromhex(vector["bodyHex"])).hex(), vector["hex"])

    def test_decoded(self) -> None:
        for vector in FRAMES["frames"]:
            with self.subTest(vector["name"]):
                self.assertEqual(decoded(bytes.fromhex(vector["hex"])), (vector["type"], vector["id"], vector.get("header"), bytes.fromhex(vector["bodyHex"])))

    def test_every_type_is_there(self) -> None:
        self.assertEqual({vector["type"] for vector in FRAMES["frames"]}, set(TYPES))

    def test_refused(self) -> None:
        for vector in FRAMES["refused"]:
            with self.subTest(vector["name"]), self.assertRaises(Refused) as refusal:
                decoded(bytes.fromhex(vector["hex"]), vector.get("bytesMax", 2**30))
            self.assertEqual(str(refusal.exception), vector["code"], vector["name"])
