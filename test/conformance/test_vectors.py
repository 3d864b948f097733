"""The golden vectors of `protocol/`, by a second implementation: struct, fractions and this file share no code with the server."""

import bisect
import json
import math
import struct
import unittest
import urllib.error
import urllib.request
from fractions import Fraction
from typing import Any

import shared
from platform_server import ROOT
from tritonclient.utils import deserialize_bytes_tensor

TENSORS = json.loads((ROOT / "protocol/inference-v2.json").read_text("utf-8"))
FRAMES = json.loads((ROOT / "protocol/frames.json").read_text("utf-8"))


def elements(data: Any) -> list[Any]:
    """Row-major, however they are nested."""
    return [leaf for part in data for leaf in elements(part)] if isinstance(data, list) else [data]


def bfloat16(value: float) -> bytes:
    """The nearest one, by exact arithmetic: ties go to the even one."""
    if math.isnan(value):
        return b"\xc0\x7f"
    sign = 0x8000 if math.copysign(1, value) < 0 else 0
    if math.isinf(value):
        return struct.pack("<H", sign | 0x7F80)

    def number(bits: int) -> Fraction:
        return Fraction(struct.unpack("<f", struct.pack("<I", bits << 16))[0])

    wanted = abs(Fraction(value))
    below = bisect.bisect_right(range(0x7F80), wanted, key=number) - 1
    above = number(below + 1) if below + 1 < 0x7F80 else Fraction(2) ** 128
    up = above - wanted < wanted - number(below) or (above - wanted == wanted - number(below) and below % 2 == 1)
    return struct.pack("<H", sign | (below + up))


STRUCT = {"BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d"}


def packed(datatype: str, value: Any) -> bytes:
    """One element as bytes, from what JSON says of it."""
    if datatype == "BYTES":
        return struct.pack("<I", len(value.encode())) + value.encode()
    if datatype in ("FP16", "BF16", "FP32", "FP64"):
        value = float(value)  # Also of "NaN", "Infinity" and "-Infinity".
    elif datatype != "BOOL":
        value = int(value)
    return bfloat16(value) if datatype == "BF16" else struct.pack("<" + STRUCT[datatype], value)


def unpacked(datatype: str, raw: bytes) -> list[Any]:
    if datatype == "BYTES":
        return [text.decode() for text in deserialize_bytes_tensor(raw)]
    if datatype == "BF16":
        return [value for (bits,) in struct.iter_unpack("<H", raw) for value in struct.unpack("<f", struct.pack("<I", bits << 16))]
    return [value for (value,) in struct.iter_unpack("<" + STRUCT[datatype], raw)]


def post(model: str, body: bytes, header_length: int | None = None) -> tuple[int, dict[str, Any], bytes]:
    """Status, JSON and what follows the JSON."""
    headers = {"content-type": "application/json"} if header_length is None else {"inference-header-content-length": str(header_length)}
    request = urllib.request.Request(f"http://{shared.SERVER.http}/v2/models/{model}/infer", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = response.read()
            head = int(response.headers.get("inference-header-content-length", len(answer)))
            return response.status, json.loads(answer[:head]), answer[head:]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read()), b""


class Tensors(unittest.TestCase):
    def test_python_gives_the_same_bytes(self) -> None:
        for vector in TENSORS["tensors"]:
            with self.subTest(**vector):
                self.assertEqual(b"".join(packed(vector["datatype"], value) for value in elements(json.loads(vector["data"]))).hex(), vector["hex"])

    def test_python_reads_the_answers(self) -> None:
        for vector in TENSORS["answers"]:
            with self.subTest(**vector):
                wanted = [packed(vector["datatype"], value) for value in json.loads(vector["data"])]
                self.assertEqual([packed(vector["datatype"], value) for value in unpacked(vector["datatype"], bytes.fromhex(vector["hex"]))], wanted)

    def test_every_datatype_is_there(self) -> None:
        self.assertEqual({vector["datatype"] for vector in TENSORS["tensors"]}, {*STRUCT, "BF16", "BYTES"})

    def identity(self, vector: dict[str, Any], data: str, binary: bool) -> tuple[dict[str, Any], bytes]:
        """Through a model that returns its input. It has two dimensions: a row stands for one."""
        shape = vector["shape"] if len(vector["shape"]) == 2 else [1, *vector["shape"]]
        body = f'{{"inputs":[{{"name":"x","datatype":"{vector["datatype"]}","shape":{shape},"data":{data}}}],"outputs":[{{"name":"y","parameters":{{"binary_data":{str(binary).lower()}}}}}]}}'
        status, answer, raw = post(f"identity_{vector['datatype'].lower()}", body.encode())
        self.assertEqual((status, answer.get("error")), (200, None))
        self.assertEqual(answer["outputs"][0]["shape"], shape)
        return answer, raw

    def test_the_server_passes_them_on_unchanged(self) -> None:
        for vector in TENSORS["tensors"]:
            if len(vector["shape"]) in (1, 2):
                with self.subTest(**vector):
                    data = vector["data"] if len(vector["shape"]) == 2 else f"[{vector['data']}]"
                    self.assertEqual(self.identity(vector, data, binary=True)[1].hex(), vector["hex"])
                    [output] = self.identity(vector, data, binary=False)[0]["outputs"]
                    self.assertEqual(b"".join(packed(vector["datatype"], value) for value in output["data"]).hex(), vector["hex"])

    def test_the_server_refuses_the_refused(self) -> None:
        for vector in TENSORS["refused"]:
            with self.subTest(**vector):
                self.refused(vector, f'{{"inputs":[{vector["input"]}]}}'.encode())

    def test_the_server_refuses_whole_requests(self) -> None:
        for vector in TENSORS["refusedRequests"]:
            with self.subTest(**vector):
                body = bytes.fromhex(vector["bodyHex"]) if "bodyHex" in vector else vector["body"].encode()
                self.refused(vector, body, vector.get("headerLength"))

    def refused(self, vector: dict[str, Any], body: bytes, header_length: int | None = None) -> None:
        status, answer, _ = post("identity_fp32", body, header_length)
        self.assertEqual((status, answer["code"]), (vector["status"], "INVALID_ARGUMENT"), answer)
        self.assertTrue(answer["error"].startswith(vector["error"]), answer["error"])


def classes(vector: dict[str, Any]) -> tuple[list[int], list[str]]:
    """The classification extension, written down once more."""
    datatype, shape, labels = vector["datatype"], vector["shape"], vector.get("labels", [])
    values = unpacked(datatype, bytes.fromhex(vector["hex"]))
    rows = shape[0] if vector["batched"] else 1
    per_row = math.prod(shape[1:] if vector["batched"] else shape)
    count = min(vector["count"], per_row)
    found = []
    for row in range(rows):
        own = values[row * per_row : (row + 1) * per_row]
        for index in sorted(range(per_row), key=lambda index: (math.isnan(own[index]), 0 if math.isnan(own[index]) else -own[index]))[:count]:
            text = f"{own[index]:f}" if "F" in datatype else str(own[index])
            found.append(f"{text}:{index}" + (f":{labels[index]}" if index < len(labels) and labels[index] else ""))
    return ([rows, count] if vector["batched"] else [count]), found


class Classification(unittest.TestCase):
    def test_python_finds_the_same_classes(self) -> None:
        for vector in TENSORS["classification"]:
            with self.subTest(**vector):
                self.assertEqual(classes(vector), (vector["classesShape"], vector["classes"]))

    def test_the_server_finds_them_in_an_output(self) -> None:
        for vector in TENSORS["classification"]:
            # The identity models have a batch dimension and no labels.
            if not vector["batched"] or len(vector["shape"]) != 2 or "labels" in vector:
                continue
            with self.subTest(**vector):
                raw = bytes.fromhex(vector["hex"])
                head = json.dumps({
                    "inputs": [{"name": "x", "datatype": vector["datatype"], "shape": vector["shape"], "parameters": {"binary_data_size": len(raw)}}],
                    "outputs": [{"name": "y", "parameters": {"classification": vector["count"]}}],
                }).encode()
                status, answer, _ = post(f"identity_{vector['datatype'].lower()}", head + raw, len(head))
                self.assertEqual((status, answer.get("error")), (200, None))
                self.assertEqual(answer["outputs"], [{"name": "y", "datatype": "BYTES", "shape": vector["classesShape"], "data": vector["classes"]}])


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


TYPES = ("hello", "helloAnswer", "status", "infer", "inferResult", "failure", "ping", "pong", "stop", "routingTable", "routingAck", "demand", "replicaTrouble", "cancel", "call", "callAnswer", "wake")
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
