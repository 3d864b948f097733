"""The golden vectors of protocol/, which TypeScript's tests read too."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from harness import ROOT

from lepton_ai_worker.descriptor import FORMATS, parse_descriptor
from lepton_ai_worker.errors import LeptonError
from lepton_ai_worker.frames import FrameDecoder, FrameType, encode_head
from lepton_ai_worker.load import LoadProfile
from lepton_ai_worker.model import LoadedModel
from lepton_ai_worker.runner import InferenceRunner
from lepton_ai_worker.signature import parse_signature
from lepton_ai_worker.tensors import Tensor

FRAMES = json.loads((ROOT / "protocol/frames.json").read_text("utf-8"))
WORKER = json.loads((ROOT / "protocol/worker.json").read_text("utf-8"))
SCHEMA = json.loads((ROOT / "protocol/lepton-model.schema.json").read_text("utf-8"))


def named(vectors: Any) -> Any:
    return pytest.mark.parametrize("vector", vectors, ids=[vector["name"] for vector in vectors])


def plain(frame: Any) -> Any:
    return frame.type.name, frame.id, frame.header, frame.body.tobytes().hex()


def expected(vector: Any) -> Any:
    return vector["type"], vector["id"], vector.get("header"), vector["bodyHex"]


@named(FRAMES["frames"])
def test_frames(vector: Any) -> None:
    body = bytes.fromhex(vector["bodyHex"])
    head = encode_head(FrameType[vector["type"]], vector["id"], vector.get("header"), len(body))
    assert (head + body).hex() == vector["hex"]
    assert [plain(frame) for frame in FrameDecoder().push(memoryview(bytes.fromhex(vector["hex"])))] == [expected(vector)]


@named(FRAMES["refused"])
def test_refused_frames(vector: Any) -> None:
    decoder = FrameDecoder(vector["bytesMax"]) if "bytesMax" in vector else FrameDecoder()
    with pytest.raises(LeptonError) as refusal:
        decoder.push(memoryview(bytes.fromhex(vector["hex"])))
    assert refusal.value.code == vector["code"]


def test_every_type_is_there() -> None:
    assert {vector["type"] for vector in FRAMES["frames"]} == {kind.name for kind in FrameType}


def test_frames_however_the_stream_is_cut() -> None:
    stream = bytes.fromhex("".join(vector["hex"] for vector in FRAMES["frames"]))
    wanted = [expected(vector) for vector in FRAMES["frames"]]
    for cut in range(len(stream) + 1):
        decoder = FrameDecoder()
        frames = decoder.push(memoryview(stream[:cut])) + decoder.push(memoryview(stream[cut:]))
        assert [plain(frame) for frame in frames] == wanted, cut
    decoder = FrameDecoder()
    assert [plain(frame) for byte in stream for frame in decoder.push(memoryview(bytes([byte])))] == wanted


@pytest.mark.parametrize("step", [1_000, 65_536, 200_000, 10**7])
def test_large_bodies_by_push_and_into_their_own_memory(step: int) -> None:
    sizes = [100, 2**16, 50_000, 200_000, 7, 2**16 - 40]
    stream = memoryview(b"".join(encode_head(FrameType.infer, number, {"n": number}, size) + bytes([number]) * size for number, size in enumerate(sizes)))
    for direct in (False, True):
        decoder, found, at = FrameDecoder(), [], 0
        while at < len(stream):
            target = decoder.target() if direct else None
            if target is None:
                found += decoder.push(stream[at : at + step])
                at += step
            else:
                count = min(step, len(target), len(stream) - at)
                target[:count] = stream[at : at + count]
                whole = decoder.received(count)
                found += [whole] if whole else []
                at += count
        assert [(frame.id, frame.header, len(frame.body)) for frame in found] == [(number, {"n": number}, size) for number, size in enumerate(sizes)]
        assert all((frame.body == frame.id).all() for frame in found)


def test_random_bytes_are_refused_or_frames() -> None:
    random = np.random.default_rng(1)
    for number in range(2_000):
        data = bytearray(random.bytes(1 + number % 64))
        if number % 2 and len(data) >= 4:
            data[:4] = (len(data) - 4).to_bytes(4, "little")
        try:
            FrameDecoder(1_024).push(memoryview(data))
        except LeptonError as error:
            assert error.code in ("INVALID_ARGUMENT", "TOO_LARGE")


class Model:
    """The models that the vectors name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> Mapping[str, Tensor]:
        x = inputs["x"]
        if self.kind == "picky" and (x.array == 7).any():
            raise LeptonError("MODEL_ERROR", "7 is not allowed")
        return {"y": Tensor("y", x.datatype, x.array * np.float32(2) if self.kind == "double" else x.array)}


@named(WORKER["infer"])
def test_infer(vector: Any) -> None:
    signature = parse_signature(vector["signature"])
    runner = InferenceRunner(LoadedModel(Model(vector["model"]), signature), vector["batchable"], [len(spec.shape) for spec in signature.inputs], lambda *_: None)
    body = np.frombuffer(bytes.fromhex(vector["bodyHex"]), dtype=np.uint8)
    if "failure" in vector:
        with pytest.raises(LeptonError) as failure:
            runner.answer(vector["header"], body)
        assert {"code": failure.value.code, "error": failure.value.message} == vector["failure"]
        return
    header, parts = runner.answer(vector["header"], body)
    assert {"items": header["items"], "batchSize": header["batchSize"]} == vector["result"]
    assert b"".join(part.tobytes() for part in parts).hex() == vector["resultHex"]


def test_status() -> None:
    ready = WORKER["status"][-1]
    profile = LoadProfile(
        load_ms=340, measure_ms=12, origin="measured", batchable=True, batchable_reason="", best_batch=8,
        latency_ms_by_batch={"1": 0.31, "2": 0.33, "4": 0.38, "8": 0.51}, cpu_ms_by_batch={"1": 0.3, "2": 0.32, "4": 0.37, "8": 0.5},
        by_threads=[{"threads": 1, "batch": 1, "latencyMs": 0.31, "cpuMs": 0.3}, {"threads": 2, "batch": 1, "latencyMs": 0.2, "cpuMs": 0.36}],
        check="smoke", check_message="made-up inputs ran: x[1,4]", resident_bytes=61_000_000, peak_bytes=64_000_000,
    )  # fmt: skip
    assert list(profile.to_json().items()) == list(ready["profile"].items())


@named(WORKER["descriptors"]["valid"])
def test_descriptors(vector: Any) -> None:
    descriptor = parse_descriptor(vector["descriptor"])
    assert (descriptor.format, descriptor.entry, dict(descriptor.options)) == (vector["descriptor"]["format"], vector["descriptor"]["entry"], vector["descriptor"].get("options", {}))


@named(WORKER["descriptors"]["refused"])
def test_refused_descriptors(vector: Any) -> None:
    with pytest.raises(LeptonError) as refusal:
        parse_descriptor(vector["descriptor"])
    assert refusal.value.code == "MODEL_INVALID"


def test_the_schema_names_the_same_formats() -> None:
    assert tuple(SCHEMA["properties"]["format"]["enum"]) == FORMATS
