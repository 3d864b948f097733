"""Loads a version and finds out what it is good for: the mirror of src/worker/load.ts.

open → known answers, or a smoke run on made-up inputs → what `measure` finds
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

from .adapters import open_model
from .batch import TensorSet
from .descriptor import DESCRIPTOR_FILE, Descriptor, read_descriptor
from .errors import LeptonError, words_of
from .known_answers import check_known_answers, read_known_answers
from .log import traceback_of
from .measure import Rules, measure
from .memory import resident_bytes
from .model import LoadedModel
from .signature import parse_signature, shape_text
from .smoke_run import Failed, Inconclusive, smoke_run
from .synthesise import rotate

#: Enough draws for two different rows even of a single bit.
MORE_SEEDS = (2, 3, 4, 5, 6, 7, 8, 9)


@dataclass(frozen=True)
class LoadRequest:
    """What to load and with how many threads. `signature` and `entry` overrule the descriptor's where they are given."""

    directory: Path
    format: Optional[str] = None
    entry: Optional[str] = None
    signature: Any = None
    threads: int = 1
    max_batch_size: Optional[int] = None
    #: Measure other numbers of threads too.
    all_threads: bool = False
    #: A LoadProfile as JSON of an earlier start on this class of host, which is not measured again.
    known: Optional[Mapping[str, Any]] = None


@dataclass(frozen=True)
class LoadProfile:
    """What a worker measured when it loaded; src/core/replica.ts says what each field means."""

    load_ms: int
    measure_ms: int
    origin: str
    batchable: bool
    batchable_reason: str
    best_batch: int
    latency_ms_by_batch: Mapping[str, float]
    cpu_ms_by_batch: Mapping[str, float]
    by_threads: Sequence[Mapping[str, Any]]
    check: str
    check_message: str
    resident_bytes: int
    peak_bytes: int

    def to_json(self) -> dict[str, Any]:
        """As it crosses process borders."""
        return {
            "loadMs": self.load_ms, "measureMs": self.measure_ms, "origin": self.origin,
            "batchable": self.batchable, "batchableReason": self.batchable_reason, "bestBatch": self.best_batch,
            "latencyMsByBatch": dict(self.latency_ms_by_batch), "cpuMsByBatch": dict(self.cpu_ms_by_batch), "byThreads": [dict(each) for each in self.by_threads],
            "check": self.check, "checkMessage": self.check_message, "residentBytes": self.resident_bytes, "peakBytes": self.peak_bytes,
        }  # fmt: skip


@dataclass(frozen=True)
class LoadedVersion:
    """A model that answers. `ranks`: those of the inputs that were proven to merge."""

    model: LoadedModel
    profile: LoadProfile
    ranks: Sequence[int]


class LoadFailure(Exception):
    """Why a version cannot be served. `detail`: what the runtime said, word for word, with its traceback; '' if there is nothing more."""

    def __init__(self, reason: str, message: str, cause: Optional[BaseException] = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.detail = traceback_of(cause).rstrip() if cause else ""


def load_version(request: LoadRequest) -> LoadedVersion:
    """Raises LoadFailure only."""
    try:
        return _load(request)
    except LoadFailure:
        raise
    except LeptonError as error:
        raise LoadFailure("LoadFailed", error.message, error.__cause__) from error
    except BaseException as error:  # Whatever user code raises while it is loaded.
        raise LoadFailure("LoadFailed", words_of(error), error) from error


def _load(request: LoadRequest) -> LoadedVersion:
    descriptor = _descriptor(request)
    answers = read_known_answers(request.directory)
    if not (request.directory / descriptor.entry).exists():
        raise LoadFailure("ArtefactMissing", f"{descriptor.entry} is not in the artefact's directory")
    model = LoadedModel(open_model(request.directory, descriptor, request.threads), descriptor.signature)
    samples: Sequence[TensorSet]
    if answers:
        wrong = check_known_answers(model, answers)
        if wrong:
            raise LoadFailure("KnownAnswerFailed", *wrong)
        # With too few different examples, their values shifted by a place stand in: their domain is the examples' own.
        first = answers[0].inputs
        samples = [*(answer.inputs for answer in answers), rotate(first, 1), rotate(first, 2)]
        check, message = "known-answer", f"{len(answers)} known answers given"
    else:
        check, message, samples = _smoke(model)
    return _measure(model, descriptor, request, samples, check, message)


def _descriptor(request: LoadRequest) -> Descriptor:
    descriptor = read_descriptor(request.directory)
    if request.format not in (None, descriptor.format):
        raise LeptonError("MODEL_INVALID", f"{DESCRIPTOR_FILE} says format {descriptor.format}, the version {request.format}")
    signature = descriptor.signature if request.signature is None else parse_signature(request.signature)
    return replace(descriptor, entry=request.entry or descriptor.entry, signature=signature)


def _smoke(model: LoadedModel) -> tuple[str, str, Sequence[TensorSet]]:
    outcome = smoke_run(model)
    if isinstance(outcome, Failed):
        raise LoadFailure("SmokeRunFailed", outcome.error.message, outcome.error.__cause__)
    if isinstance(outcome, Inconclusive):
        return "inconclusive", outcome.message, ()
    shapes = " ".join(f"{tensor.name}[{shape_text(tensor.array.shape)}]" for tensor in outcome.inputs)
    return "smoke", f"made-up inputs ran: {shapes}", [outcome.inputs, *map(outcome.another, MORE_SEEDS)]


def _measure(model: LoadedModel, descriptor: Descriptor, request: LoadRequest, samples: Sequence[TensorSet], check: str, message: str) -> LoadedVersion:
    started = time.monotonic()
    rules = Rules(request.max_batch_size, descriptor.axis0, request.threads, request.all_threads, request.known)
    found = measure(model, rules, samples)
    by_name = {tensor.name: tensor.array.ndim for tensor in found.rows[0]} if found.rows else {}
    ranks = [by_name.get(spec.name, 0) for spec in descriptor.signature.inputs]
    profile = LoadProfile(
        load_ms=_ms_since_start(), measure_ms=round((time.monotonic() - started) * 1000), origin=found.origin,
        batchable=found.batchable, batchable_reason=found.batchable_reason, best_batch=found.best_batch,
        latency_ms_by_batch=found.latency_ms_by_batch, cpu_ms_by_batch=found.cpu_ms_by_batch, by_threads=found.by_threads,
        check=check, check_message=message, resident_bytes=resident_bytes(), peak_bytes=found.peak_bytes,
    )  # fmt: skip
    return LoadedVersion(model, profile, ranks)


_IMPORTED = time.monotonic()


def _ms_since_start() -> int:
    """Since the process was started, as "spawn to ready" asks."""
    try:
        started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
        return round((time.clock_gettime(time.CLOCK_BOOTTIME) - started) * 1000)
    except (OSError, ValueError, AttributeError, IndexError):
        return round((time.monotonic() - _IMPORTED) * 1000)
