"""One run on made-up inputs, to see that a model runs at all: the mirror of src/worker/smoke-run.ts."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Optional, Union

from .batch import TensorSet
from .errors import LeptonError
from .known_answers import KNOWN_ANSWERS_FILE
from .model import LoadedModel
from .run_copy import run_copy
from .signature import Signature
from .synthesise import Sizes, free_dimensions, guess_dimensions, synthesise

TRIES_MAX = 100
BUDGET = 3.0


@dataclass(frozen=True)
class Ran:
    """These made-up inputs ran; `another(seed)` makes more of the same sizes."""

    inputs: TensorSet
    another: Callable[[int], TensorSet]


@dataclass(frozen=True)
class Failed:
    """Nothing was left to guess, and it fails."""

    error: LeptonError


@dataclass(frozen=True)
class Inconclusive:
    """Nothing could be made up, or no guess ran; that says little about the model."""

    message: str


def smoke_run(model: LoadedModel) -> Union[Ran, Failed, Inconclusive]:
    """Tries inputs until one runs."""
    signature = model.signature
    if any(spec.untyped for spec in signature.inputs):
        return Inconclusive(f"the model does not say what it takes, so nothing was run (add {KNOWN_ANSWERS_FILE} to be sure)")
    deadline = time.monotonic() + BUDGET
    tries = 0
    first: Optional[LeptonError] = None
    for run in _candidates(signature, free_dimensions(signature)):
        if tries and (tries >= TRIES_MAX or time.monotonic() > deadline):
            break
        try:
            run_copy(model, run.inputs)
            return run
        except LeptonError as error:
            first = first or error
            tries += 1
    first = first or LeptonError("MODEL_ERROR", "no inputs of a sensible size could be made up")
    if _nothing_is_guessed(signature):
        return Failed(first)
    return Inconclusive(f"no guess at the free dimensions and texts ran in {tries} tries (add {KNOWN_ANSWERS_FILE} to be sure); the first said: {first.message}")


def _candidates(signature: Signature, keys: Sequence[str]) -> Iterator[Ran]:
    for values in ("random", "ones", "zeros"):
        for sizes in guess_dimensions(keys):
            inputs = synthesise(signature, sizes, values, 1)
            if inputs is not None:
                yield Ran(inputs, partial(_another, signature, sizes, inputs))


def _another(signature: Signature, sizes: Sizes, inputs: TensorSet, seed: int) -> TensorSet:
    return synthesise(signature, sizes, "random", seed) or inputs


def _nothing_is_guessed(signature: Signature) -> bool:
    """Only the batch is free, and there are no texts, of which a model may want any sort."""
    return all(spec.datatype != "BYTES" and all(size != -1 for size in spec.shape[1:]) for spec in signature.inputs)
