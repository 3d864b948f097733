"""scikit-learn: an estimator or pipeline by joblib."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from lepton_ai_worker.adapters.sklearn import dense

from ..errors import InvalidArgumentError, ModelInvalidError
from .common import Array, Arrays, Spec, array_of, needed, tensor_of
from .examples import adopted
from .live import Live, Written

_OUTPUTS = (("label", "predict"), ("probabilities", "predict_proba"))


def live(model: Any, format: Optional[str]) -> Estimator:
    """See `Estimator`."""
    if format not in (None, "sklearn"):
        raise ModelInvalidError(f"an estimator of scikit-learn is saved as sklearn, not as {format}; skl2onnx makes ONNX, whose file can be saved")
    return Estimator(model)


class Estimator(Live):
    """Inputs: one table, one list of texts, or the columns of a DataFrame one by one where these are not all numbers.

    Outputs: of a classifier `label` and `probabilities`, otherwise the estimator's own method.
    """

    def __init__(self, estimator: Any) -> None:
        needed("joblib", "joblib")
        self._estimator = estimator
        self._methods = _methods_of(estimator)
        self._text = _takes_text(estimator)
        names = getattr(estimator, "feature_names_in_", None)
        self._columns = [str(name) for name in names] if names is not None and _by_columns(estimator) else None
        self._apart = False
        self.input_names = ["text" if self._text else "features"]
        self.inputs = self._declared()
        self.outputs = self._outputs_of_zeros()

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

    def unknown(self) -> Optional[str]:
        """Why its outputs are not known without an example."""
        columns = f" of the columns {', '.join(self._columns)}" if self._columns else ""
        return None if self.outputs else f"what {type(self._estimator).__name__} takes and gives cannot be told from it alone; give example_inputs=, some rows{columns}"

    def adopt(self, example: Arrays) -> None:
        """The example's name and width of floats where it is one table; its columns where it names them."""
        if len(example) == 1:
            self.inputs = adopted(self.inputs, example)
            self.input_names = list(example)
            return
        known = self._columns or [str(name) for name in getattr(self._estimator, "feature_names_in_", [])]
        if known and set(example) != set(known):
            raise InvalidArgumentError(f"example_inputs has columns {', '.join(example)}, the estimator was fitted on {', '.join(known)}")
        self._apart = bool(self._columns)
        self.input_names, self.inputs = known or list(example), None

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """Each output's method."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="X does not have valid feature names")
            table = self._table(inputs)
            return {name: array_of(dense(getattr(self._estimator, method)(table))) for name, method in self._methods.items()}

    def _table(self, inputs: Arrays) -> Any:
        if self._apart:
            return needed("pandas", "pandas").DataFrame({name: inputs[name].reshape(-1) for name in self._columns or []})
        table: Any = next(iter(inputs.values())) if len(inputs) == 1 else np.concatenate([np.reshape(each, (len(each), -1)) for each in inputs.values()], axis=1)
        return needed("pandas", "pandas").DataFrame(table, columns=self._columns) if self._columns else table

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """Uncompressed, so that files of versions that are alike are stored once."""
        needed("joblib", "joblib").dump(self._estimator, directory / "model.joblib", compress=0)
        options: dict[str, Any] = {"methods": self._methods}
        if self._text or self._apart:
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


def _parts(estimator: Any) -> Iterator[Any]:
    """The estimator, and what it is made of: steps, branches, the one that a search found best."""
    yield estimator
    for name in ("steps", "estimators", "transformers_", "transformers", "transformer_list"):
        entries = getattr(estimator, name, None)
        for entry in entries if isinstance(entries, (list, tuple)) else []:
            yield from _parts(entry[1] if isinstance(entry, tuple) else entry)
    for name in ("best_estimator_", "estimator", "final_estimator", "base_estimator"):
        part = getattr(estimator, name, None)
        if hasattr(part, "get_params"):
            yield from _parts(part)


def _takes_text(estimator: Any) -> bool:
    inner = getattr(estimator, "best_estimator_", estimator)
    first = inner.steps[0][1] if hasattr(inner, "steps") else inner
    return type(first).__module__.startswith("sklearn.feature_extraction.text")


def _by_columns(estimator: Any) -> bool:
    """Whether it chooses columns by name, for which it needs a DataFrame."""
    return any(type(part).__name__ == "ColumnTransformer" for part in _parts(estimator))


def _foreign(estimator: Any) -> list[str]:
    """Distributions of parts that are not scikit-learn's own."""
    tops = {type(part).__module__.partition(".")[0] for part in _parts(estimator)}
    return sorted(tops & {"xgboost", "lightgbm"})
