"""XGBoost and LightGBM in their own files, which hold data only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..errors import ModelInvalidError
from .common import Array, Arrays, Spec, array_of, loaded, tensor_of
from .examples import adopted
from .live import Live, Written


def live(model: Any, format: Optional[str]) -> Booster:
    """XGBoost's or LightGBM's."""
    kind = XgboostModel if any(each.__module__.startswith("xgboost") for each in type(model).__mro__) else LightgbmModel
    if format not in (None, kind.format):
        raise ModelInvalidError(f"a model of {kind.format} is saved as {kind.format}, not as {format}")
    return kind(model)


class Booster(Live):
    """One table of features in, one prediction out: the probabilities of a classifier."""

    format = ""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.input_names = ["features"]
        self.inputs = [Spec("features", "FP32", (-1, self._features()))]
        self._name = "probabilities" if self._method() == "predict_proba" else "prediction"
        answer = self.run({"features": np.zeros((2, self._features()), dtype=np.float32)})[self._name]
        self.outputs = [Spec(self._name, tensor_of(self._name, answer).datatype, (-1, *answer.shape[1:]))]

    def _features(self) -> int:
        raise NotImplementedError

    def _predict(self, table: Array) -> Any:
        raise NotImplementedError

    def _method(self) -> str:
        return "predict_proba" if hasattr(self._model, "predict_proba") else "predict"

    def adopt(self, example: Arrays) -> None:
        """The example's name and width of floats, where it is one table."""
        self.inputs = adopted(self.inputs, example)
        self.input_names = [each.name for each in self.inputs or []]

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """The live model's own answer."""
        return {self._name: array_of(self._predict(next(iter(inputs.values()))))}


class XgboostModel(Booster):
    """A Booster or an estimator of XGBoost's."""

    format = "xgboost"

    def _features(self) -> int:
        return int(self._model.num_features() if hasattr(self._model, "num_features") else self._model.n_features_in_)

    def _predict(self, table: Array) -> Any:
        if self._is_booster():
            xgboost = loaded("xgboost")
            return self._model.predict(xgboost.DMatrix(table, feature_names=self._model.feature_names, feature_types=self._model.feature_types))
        return getattr(self._model, self._method())(table)

    def _is_booster(self) -> bool:
        return type(self._model).__name__ == "Booster"

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """UBJSON."""
        self._model.save_model(str(directory / "model.ubj"))
        options = {"class": "Booster" if self._is_booster() else type(self._model).__name__, "method": self._method()}
        return Written("xgboost", "model.ubj", options, ["xgboost", "numpy", "scipy", *([] if self._is_booster() else ["scikit-learn"])])


class LightgbmModel(Booster):
    """A Booster or an estimator of LightGBM's; served as a booster."""

    format = "lightgbm"

    def _booster(self) -> Any:
        return getattr(self._model, "booster_", self._model)

    def _features(self) -> int:
        return int(self._booster().num_feature())

    def _predict(self, table: Array) -> Any:
        return getattr(self._model, self._method())(table)

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """LightGBM's text."""
        self._booster().save_model(str(directory / "model.txt"))
        options: dict[str, Any] = {"method": self._method()}
        if self._method() == "predict_proba":
            options["classes"] = np.asarray(self._model.classes_).tolist()
        return Written("lightgbm", "model.txt", options, ["lightgbm", "numpy", "scipy"])
