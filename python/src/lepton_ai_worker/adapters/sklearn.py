"""scikit-learn: an estimator or pipeline by joblib or pickle.

`options.method` (predict, predict_proba, …) for the only output, or `options.methods` {output: method} for several.
"""

import pickle
import warnings
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from ..descriptor import Descriptor
from ..errors import LeptonError
from ..tensors import Tensor
from .columns import Table
from .common import choice, framework, option, tensor_of
from .once import Once

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "score_samples", "apply", "kneighbors")


def load(directory: Path, descriptor: Descriptor) -> Any:
    """The estimator. Runs code that the file names: scan it first."""
    sklearn = framework("sklearn", "scikit-learn", descriptor.format)
    path = directory / descriptor.entry
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            return framework("joblib", "joblib", descriptor.format).load(path)
        except (LeptonError, ImportError):
            with path.open("rb") as file:
                return pickle.load(file)
        finally:
            for warning in caught:
                if issubclass(warning.category, getattr(sklearn.exceptions, "InconsistentVersionWarning", UserWarning)):
                    warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def open_model(directory: Path, descriptor: Descriptor, threads: int) -> "Estimator":
    """See the module."""
    estimator = load(directory, descriptor)
    _set_jobs(estimator, threads)
    # The names of columns are the signature's business.
    warnings.filterwarnings("ignore", message="X does not have valid feature names")
    return Estimator(estimator, descriptor)


class Estimator:
    """Calls one method of the estimator for each output."""

    def __init__(self, estimator: Any, descriptor: Descriptor) -> None:
        self._descriptor = descriptor
        self._estimator = estimator
        self._table = Table(descriptor)
        self._specs = {spec.name: spec for spec in descriptor.signature.outputs}
        methods = option(descriptor, "methods", dict) or {name: choice(descriptor, "method", METHODS, "predict") for name in self._specs}
        self._once = Once(estimator) if len(methods) > 1 else nullcontext()
        self._calls: dict[str, tuple[str, Any]] = {}
        for name in self._specs:
            method = methods.get(name)
            call = getattr(estimator, method, None) if method in METHODS else None
            if method is None or call is None:
                raise LeptonError("MODEL_INVALID", f"output {name!r} comes from method {method!r}, which {type(estimator).__name__} lacks; it has {', '.join(each for each in METHODS if hasattr(estimator, each))}")
            self._calls[name] = (method, call)

    def set_threads(self, threads: int) -> None:
        """From the next run on: of estimators that run in parallel, and of the libraries under them."""
        _set_jobs(self._estimator, threads)
        framework("threadpoolctl", "threadpoolctl", self._descriptor.format).threadpool_limits(threads)

    def run(self, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> Mapping[str, Tensor]:
        """See `Adapter`."""
        table = self._table.of(inputs)
        results: dict[str, Any] = {}
        with self._once:
            for name in outputs:
                method, call = self._calls[name]
                if method not in results:
                    results[method] = dense(call(table))
        return {name: tensor_of(self._specs[name], results[self._calls[name][0]]) for name in outputs}


def dense(result: Any) -> Any:
    """An array of a sparse matrix, and one of the list that a model of several targets gives."""
    if hasattr(result, "toarray"):
        return result.toarray()
    if hasattr(result, "to_numpy"):
        return result.to_numpy()
    return np.stack(result, axis=1) if isinstance(result, list) and result and isinstance(result[0], np.ndarray) else result


def _set_jobs(estimator: Any, threads: int) -> None:
    """Estimators that were trained on all cores must not serve on all cores."""
    try:
        jobs = {name: threads for name, value in estimator.get_params().items() if name.rpartition("__")[2] == "n_jobs" and value not in (None, threads)}
        if jobs:
            estimator.set_params(**jobs)
    except (AttributeError, ValueError, TypeError):
        pass  # Not every object with predict has parameters.
