"""scikit-learn: an estimator or pipeline by joblib."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..errors import ModelInvalidError
from .common import Array, Arrays, Spec, Written, array_of, needed, tensor_of

_OUTPUTS = (("label", "predict"), ("probabilities", "predict_proba"))


def live(model: Any, format: Optional[str]) -> Estimator:
    """See `Estimator`."""
    if format not in (None, "sklearn"):
        raise ModelInvalidError(f"an estimator of scikit-learn is saved as sklearn, not as {format}; skl2onnx makes ONNX, whose file can be saved")
    return Estimator(model)


class Estimator:
    """Outputs: of a classifier `label` and `probabilities`, otherwise the estimator's own method."""

    def __init__(self, estimator: Any) -> None:
        needed("joblib", "joblib")
        self._estimator = estimator
        self._methods = _methods_of(estimator)
        self._text = _takes_text(estimator)
        names = getattr(estimator, "feature_names_in_", None)
        self._columns = [str(name) for name in names] if names is not None and loaded_by_columns(estimator) else None
        self.input_names: Optional[list[str]] = ["text" if self._text else "features"]
        self.inputs = self._declared()
        self.outputs: Optional[list[Spec]] = self._outputs_of_zeros()

    def _declared(self) -> Optional[list[Spec]]:
        if self._text:
            return [Spec("text", "BYTES", (-1,))]
        count = getattr(self._estimator, "n_features_in_", None)
        return [Spec("features", "FP64", (-1, int(count)))] if count is not None else None

    def _outputs_of_zeros(self) -> Optional[list[Spec]]:
        """What the estimator gives for one row of zeros, or one empty text."""
        if self.inputs is None or self._columns:
            return None
        probe: Array = np.array(["a"], dtype=object) if self._text else np.zeros((1, self.inputs[0].shape[1]))
        try:
            answer = self.run({self.inputs[0].name: probe})
        except Exception:
            return None
        return [Spec(name, tensor_of(name, array).datatype, (-1, *array.shape[1:])) for name, array in answer.items()]

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """Each output's method."""
        table: Any = next(iter(inputs.values())) if len(inputs) == 1 else np.concatenate([np.reshape(each, (len(each), -1)) for each in inputs.values()], axis=1)
        if self._columns:
            table = needed("pandas", "pandas").DataFrame(table, columns=self._columns)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="X does not have valid feature names")
            return {name: array_of(getattr(self._estimator, method)(table)) for name, method in self._methods.items()}

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """Uncompressed, so that files of versions that are alike are stored once."""
        needed("joblib", "joblib").dump(self._estimator, directory / "model.joblib", compress=0)
        options: dict[str, Any] = {"methods": self._methods}
        if self._text:
            options["text"] = True
        if self._columns:
            options["columns"] = self._columns
        requirements = ["scikit-learn", "joblib", "numpy", "scipy", "threadpoolctl", *(["pandas"] if self._columns else []), *_foreign(self._estimator)]
        return Written("sklearn", "model.joblib", options, requirements, ["a pickle: it is scanned before it is loaded"])


def _methods_of(estimator: Any) -> dict[str, str]:
    if hasattr(estimator, "predict"):
        if hasattr(estimator, "predict_proba"):
            return dict(_OUTPUTS)
        return {"label" if hasattr(estimator, "classes_") else "prediction": "predict"}
    for method, name in (("transform", "features_out"), ("score_samples", "score"), ("decision_function", "score")):
        if hasattr(estimator, method):
            return {name: method}
    raise ModelInvalidError(f"{type(estimator).__name__} has none of predict, transform, score_samples and decision_function" + ("; is it fitted?" if hasattr(estimator, "fit") else ""))


def _takes_text(estimator: Any) -> bool:
    first = estimator.steps[0][1] if hasattr(estimator, "steps") else estimator
    return type(first).__module__.startswith("sklearn.feature_extraction.text")


def loaded_by_columns(estimator: Any) -> bool:
    """Whether a pipeline chooses columns by name, for which it needs a DataFrame."""
    steps = [step for _, step in estimator.steps] if hasattr(estimator, "steps") else [estimator]
    return any(type(step).__name__ == "ColumnTransformer" for step in steps)


def _foreign(estimator: Any) -> list[str]:
    """Distributions of steps that are not scikit-learn's own."""
    steps = [step for _, step in estimator.steps] if hasattr(estimator, "steps") else []
    tops = {type(step).__module__.partition(".")[0] for step in [estimator, *steps]}
    return sorted(tops & {"xgboost", "lightgbm"})
