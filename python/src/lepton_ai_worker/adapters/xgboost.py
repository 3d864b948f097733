"""XGBoost: a model in its own JSON or UBJSON file.

`options.class` is Booster (default) or one of its scikit-learn classes; `options.method` predict (default), predict_proba or
margin.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..descriptor import Descriptor
from ..errors import LeptonError
from ..tensors import Tensor
from .columns import Table
from .common import choice, framework, tensors_of

CLASSES = ("Booster", "XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor")


def load(directory: Path, descriptor: Descriptor) -> Any:
    """The booster or estimator. Its file holds data only."""
    xgboost = framework("xgboost", "xgboost", descriptor.format)
    path = directory / descriptor.entry
    with path.open("rb") as file:
        # Old binary models and pickles are not among what is served.
        if file.read(1) != b"{":
            raise LeptonError("MODEL_INVALID", f"{descriptor.entry} is neither JSON nor UBJSON of XGBoost; save it with save_model('model.ubj')")
    model = getattr(xgboost, choice(descriptor, "class", CLASSES, "Booster"))()
    model.load_model(str(path))
    return model


def open_model(directory: Path, descriptor: Descriptor, threads: int) -> "Xgboost":
    """See the module."""
    model = load(directory, descriptor)
    served = Xgboost(model, descriptor)
    served.set_threads(threads)
    return served


class Xgboost:
    """Predicts rows of features."""

    def __init__(self, model: Any, descriptor: Descriptor) -> None:
        self._xgboost = framework("xgboost", "xgboost", descriptor.format)
        self._model = model
        self._descriptor = descriptor
        self._table = Table(descriptor)
        self._method = choice(descriptor, "method", ("predict", "predict_proba", "margin"), "predict")
        self._is_booster = isinstance(model, self._xgboost.Booster)
        if self._method == "predict_proba" and not hasattr(model, "predict_proba"):
            raise LeptonError("MODEL_INVALID", f"options.method predict_proba: {type(model).__name__} has none")

    def set_threads(self, threads: int) -> None:
        """From the next run on."""
        if self._is_booster:
            self._model.set_param({"nthread": threads})
        else:
            self._model.set_params(n_jobs=threads)

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> Mapping[str, Tensor]:
        """See `Adapter`."""
        table = self._table.of(inputs)
        margin = self._method == "margin"
        if self._is_booster:
            matrix = self._xgboost.DMatrix(table, feature_names=self._model.feature_names, feature_types=self._model.feature_types, nthread=1)
            result = self._model.predict(matrix, output_margin=margin)
        elif self._method == "predict_proba":
            result = self._model.predict_proba(table)
        else:
            result = self._model.predict(table, output_margin=margin)
        return tensors_of(self._descriptor, result, outputs)
