"""`python -m lepton_ai.difference DIRECTORY`: where an artefact's answers differ most from its known ones, as JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Optional

import numpy as np

from lepton_ai_worker import adapters
from lepton_ai_worker.descriptor import read_descriptor
from lepton_ai_worker.known_answers import KnownAnswer, read_known_answers
from lepton_ai_worker.signature import FLOATS
from lepton_ai_worker.tensors import Tensor, bfloat16_to_float32


def main(directory: Path) -> None:
    """Prints {"difference": text} or {"difference": null}."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    descriptor = read_descriptor(directory)
    model = adapters.open_model(directory, descriptor, 1)
    worst: tuple[float, Optional[str]] = (-1.0, None)
    for number, answer in enumerate(read_known_answers(directory)):
        got = model.run({tensor.name: tensor for tensor in answer.inputs}, [each.name for each in answer.outputs])
        for expected in answer.outputs:
            found = _worst(expected, got[expected.name], answer, number)
            worst = max(worst, found, key=lambda each: each[0])
    print(json.dumps({"difference": worst[1]}), file=output, flush=True)


def _worst(expected: Tensor, got: Tensor, answer: KnownAnswer, number: int) -> tuple[float, Optional[str]]:
    where = f"output {expected.name} of example {number}"
    forms = [f"{each.datatype}{list(each.array.shape)}" for each in (expected, got)]
    if forms[0] != forms[1]:
        return float("inf"), f"{where} is {forms[1]}, the live model gives {forms[0]}"
    if expected.datatype not in FLOATS:
        unlike = np.flatnonzero(np.asarray(expected.array != got.array).reshape(-1))
        return (float(len(unlike)), f"{where} differs in {len(unlike)} of {expected.array.size} elements, first at {_at(expected, int(unlike[0]))}: {got.array.reshape(-1)[unlike[0]]!r} instead of {expected.array.reshape(-1)[unlike[0]]!r}") if len(unlike) else (-1.0, None)
    live, saved = _floats(expected), _floats(got)
    with np.errstate(invalid="ignore"):
        apart = np.where((live == saved) | (np.isnan(live) & np.isnan(saved)), 0.0, np.abs(live - saved))
    apart = np.where(np.isnan(apart), np.inf, apart)
    index = int(np.argmax(apart)) if apart.size else 0
    if not apart.size or apart[index] == 0:
        return -1.0, None
    return float(apart[index]), f"largest difference {apart[index]:.3g} in {where} at {_at(expected, index)}: {saved[index]:.6g} instead of {live[index]:.6g} (tolerance {answer.tolerance:g})"


def _floats(tensor: Tensor) -> Any:
    array = bfloat16_to_float32(tensor.array) if tensor.datatype == "BF16" else tensor.array
    return array.astype(np.float64).reshape(-1)


def _at(tensor: Tensor, index: int) -> str:
    return str([int(each) for each in np.unravel_index(index, tensor.array.shape)])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
