"""LightGBM: a model in its own text file.

`options.method`: predict (default) or margin give the booster's own numbers; with `options.classes`, a list of labels, predict
gives labels and predict_proba a column for each.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..descriptor import Descriptor
from ..errors import LeptonError
from ..tensors import Array, Tensor
from .columns import Table
from .common import choice, framework, option, tensors_of


def load(directory: Path, descriptor: Descriptor) -> Any:
    """The booster. Its file holds data only."""
    lightgbm = framework("lightgbm", "lightgbm", descriptor.format)
    return lightgbm.Booster(model_file=str(directory / descriptor.entry))


def open_model(directory: Path, descriptor: Descriptor, threads: int) -> "Lightgbm":
    """See the module."""
    return Lightgbm(load(directory, descriptor), descriptor, threads)


class Lightgbm:
    """Predicts rows of features."""

    def __init__(self, booster: Any, descriptor: Descriptor, threads: int) -> None:
        self._booster = booster
        self._descriptor = descriptor
        self._threads = threads
        self._table = Table(descriptor)
        self._method = choice(descriptor, "method", ("predict", "predict_proba", "margin"), "predict")
        classes = option(descriptor, "classes", list)
        self._classes: Array | None = np.asarray(classes) if classes else None
        if self._method == "predict_proba" and self._classes is None:
            raise LeptonError("MODEL_INVALID", "options.method predict_proba needs options.classes, the labels in order")

    def set_threads(self, threads: int) -> None:
        """From the next run on."""
        self._threads = threads

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> Mapping[str, Tensor]:
        """See `Adapter`."""
        result = np.asarray(self._booster.predict(self._table.of(inputs), raw_score=self._method == "margin", num_threads=self._threads))
        if self._classes is not None and self._method != "margin":
            chances = np.stack([1 - result, result], axis=1) if result.ndim == 1 else result
            result = chances if self._method == "predict_proba" else self._classes[chances.argmax(axis=1)]
        return tensors_of(self._descriptor, result, outputs)
