"""An ONNX artefact against its known answers, by onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lepton_ai_worker.compare import floats_agree
from lepton_ai_worker.known_answers import read_known_answers
from lepton_ai_worker.tensors import readable

from ..errors import LossyConversionError, ModelInvalidError
from .common import needed


def check(directory: Path) -> None:
    """Raises LossyConversionError with the largest difference; UnsupportedError where onnxruntime is not installed."""
    answers = read_known_answers(directory)
    if not answers:
        return
    runtime = needed("onnxruntime", "onnxruntime")
    file = next(iter(sorted(directory.glob("**/*.onnx"))))
    try:
        session = runtime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelInvalidError(f"onnxruntime cannot load the conversion, so it was not stored: {error}") from None
    for number, answer in enumerate(answers):
        names = [each.name for each in answer.outputs]
        results = session.run(names, {each.name: readable(each, text=True) for each in answer.inputs})
        for expected, got in zip(answer.outputs, results):
            live = readable(expected, text=True)
            got = np.asarray(got)
            if live.shape != got.shape:
                raise LossyConversionError(f"the conversion does not answer as the live model, so it was not stored: output {expected.name} of example {number} has shape {list(got.shape)}, the live model gives {list(live.shape)}")
            same = floats_agree(live.reshape(-1), got.reshape(-1), answer.tolerance) if live.dtype.kind == "f" else live.reshape(-1) == got.reshape(-1)
            if not np.all(same):
                apart = np.abs(live.astype(np.float64) - got.astype(np.float64)) if live.dtype.kind in "fiub" else ~np.asarray(same)
                index = np.unravel_index(int(np.argmax(apart)), live.shape)
                raise LossyConversionError(f"the conversion does not answer as the live model, so it was not stored: largest difference {apart[index]:.3g} in output {expected.name} of example {number} at {[int(each) for each in index]}: {got[index]!r} instead of {live[index]!r} (tolerance {answer.tolerance:g})")
