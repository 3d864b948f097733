"""From a live object to an artefact's directory: files, descriptor, known answers."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

import numpy as np

from lepton_ai_worker.descriptor import DESCRIPTOR_FILE
from lepton_ai_worker.tensors import DTYPES

from .errors import InvalidArgumentError, ModelInvalidError, UnsupportedError
from .formats import live_model
from .formats.common import Array, Spec, parse_signature
from .formats.examples import doubled, normalise_examples, specs_of
from .formats.live import Live, Written
from .formats.requirements import pins
from .known_answers import write_known_answers

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Artefact:
    """What was written."""

    format: str
    #: Python minor version and pins; None: needs no Python.
    environment: Optional[Mapping[str, Any]]
    notes: Sequence[str]
    #: Examples that the saved model has to answer as the live one did.
    examples: int


@dataclass(frozen=True)
class Wishes:
    """What the caller says about the model."""

    example_inputs: Any = None
    format: Optional[str] = None
    requirements: Sequence[str] = ()
    signature: Any = None
    tolerance: float = TOLERANCE


def write_artefact(model: Any, directory: Path, wishes: Wishes) -> Artefact:
    """Writes the model into an empty directory."""
    if not 0 <= wishes.tolerance < math.inf:
        raise InvalidArgumentError(f"tolerance {wishes.tolerance!r} is not a number ≥ 0")
    live = live_model(model, wishes.format)
    if isinstance(wishes.signature, str):
        live.choose(wishes.signature)
    given_inputs, given_outputs = parse_signature(None if isinstance(wishes.signature, str) else wishes.signature)
    if given_inputs is not None and live.input_names is None:
        live.input_names = [each.name for each in given_inputs]
    examples = normalise_examples(wishes.example_inputs, live.input_names)
    if examples and given_inputs is None:
        live.adopt(examples[0])
    examples = [_typed(example, given_inputs or live.inputs) for example in examples]
    answers = [live.run(example) for example in examples]
    _refuse_unsteady(live, examples, answers, wishes.tolerance)
    unknown = live.unknown()
    if not examples and given_outputs is None and unknown:
        raise ModelInvalidError(unknown)
    batch = _append_batch(live, examples, answers, wishes.tolerance)
    written = live.write(directory, examples)
    answers = [_renamed(answer, live.outputs) for answer in answers]
    if written.format == "onnx":
        write_known_answers(directory, examples, answers, wishes.tolerance)
        return Artefact("onnx", None, written.notes, len(examples))
    if live.descriptor:
        return Artefact(written.format, live.descriptor.get("environment"), written.notes, 0)
    if batch:
        # Keras takes the batch of the first call for its own.
        live.inputs, live.outputs = _open_front(live.inputs), _open_front(live.outputs)
    inputs = given_inputs or (specs_of(examples, batch) if examples and not _binding(live.inputs) else live.inputs) or _untyped_inputs(live)
    outputs = given_outputs or (specs_of(answers, batch) if answers and not _binding(live.outputs) else live.outputs) or [Spec("output", untyped=True)]
    return _describe(directory, written, _Facts(inputs, outputs, batch, examples, answers), wishes)


def _open_front(specs: Optional[list[Spec]]) -> Optional[list[Spec]]:
    return [replace(each, shape=(-1, *each.shape[1:])) if each.shape else each for each in specs] if specs else specs


def _renamed(answer: dict[str, Array], outputs: Optional[Sequence[Spec]]) -> dict[str, Array]:
    """By the names that the written form has, where these are others."""
    names = [each.name for each in outputs or []]
    return dict(zip(names, answer.values())) if len(names) == len(answer) and set(names) != set(answer) else answer


@dataclass(frozen=True)
class _Facts:
    inputs: Sequence[Spec]
    outputs: Sequence[Spec]
    batch: bool
    examples: Sequence[Mapping[str, Array]]
    answers: Sequence[Mapping[str, Array]]


def _describe(directory: Path, written: Written, facts: _Facts, wishes: Wishes) -> Artefact:
    environment = {"python": f"{sys.version_info.major}.{sys.version_info.minor}", "requirements": pins(written.requirements, wishes.requirements)}
    open_front = bool(facts.inputs) and all(each.shape[:1] == (-1,) and not each.untyped for each in (*facts.inputs, *facts.outputs))
    descriptor = {
        "schema": 1,
        "format": written.format,
        "entry": written.entry,
        "signature": {"inputs": [each.to_json() for each in facts.inputs], "outputs": [each.to_json() for each in facts.outputs]},
        **({"batching": {"axis0": True}} if open_front else {}),
        "environment": environment,
        "options": written.options,
    }
    (directory / DESCRIPTOR_FILE).write_text(json.dumps(descriptor, indent=2, sort_keys=True) + "\n", "utf-8")
    write_known_answers(directory, facts.examples, facts.answers, wishes.tolerance)
    return Artefact(written.format, environment, written.notes, len(facts.examples))


def _typed(example: dict[str, Array], specs: Optional[Sequence[Spec]]) -> dict[str, Array]:
    """Examples take the datatype that the model itself states, where only precision is lost."""
    known = {each.name: each for each in specs or [] if not each.untyped and each.datatype != "BF16"}
    return {name: array.astype(DTYPES[known[name].datatype]) if name in known and array.dtype.kind in "biuf" and known[name].datatype != "BYTES" else array for name, array in example.items()}


def _binding(specs: Optional[Sequence[Spec]]) -> bool:
    return bool(specs) and not any(each.untyped for each in specs or [])


def _untyped_inputs(live: Live) -> list[Spec]:
    return [Spec(name, untyped=True) for name in live.input_names or ["input"]]


def _append_batch(live: Live, examples: list[dict[str, Array]], answers: list[dict[str, Array]], tolerance: float) -> bool:
    """Whether the first dimension is a batch: the first example twice gives its answer twice. Then that is an example, too."""
    twice = doubled(examples[0]) if examples else None
    if twice is None:
        return False
    try:
        both = live.run(twice)
    except UnsupportedError:
        raise
    except Exception:
        return False
    expected = doubled(answers[0])
    if expected is None or set(both) != set(expected) or not all(_same(both[name], expected[name], tolerance) for name in both):
        return False
    examples.append(twice)
    answers.append(both)
    return True


def _refuse_unsteady(live: Live, examples: list[dict[str, Array]], answers: list[dict[str, Array]], tolerance: float) -> None:
    """Requests of many clients mix in a version, so that each answer may depend on its own request only."""
    if not examples:
        return
    again = live.run(examples[0])
    unlike = [name for name, array in answers[0].items() if name not in again or not _same(again[name], array, tolerance)]
    if unlike:
        raise ModelInvalidError(f"the model answers the same example otherwise the second time ({', '.join(unlike)}): it keeps state, or draws random numbers. A version answers each request by itself: make state an input and an output, and fix random numbers by a seed that is an input")


def _same(a: Array, b: Array, tolerance: float) -> bool:
    if a.shape != b.shape:
        return False
    if a.dtype.kind != "f":
        return bool(np.array_equal(a, b))
    return bool(np.allclose(a, b, rtol=max(tolerance, 1e-3), atol=max(tolerance, 1e-3), equal_nan=True))
