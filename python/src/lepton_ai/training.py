"""Progress of training, and the metrics that the version which is saved next keeps."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Any, Generic, Optional, TypeVar

from .progress import Advance, bar, is_terminal, say

Batch = TypeVar("Batch")

_lock = threading.Lock()
#: Metrics of the last training that named no model; of those that did, by model.
_latest: dict[str, float] = {}
_by_model: weakref.WeakKeyDictionary[Any, dict[str, float]] = weakref.WeakKeyDictionary()


def remember(metrics: Mapping[str, float], model: Any = None) -> None:
    """Keeps metrics for the save of `model`, or for the next save."""
    with _lock:
        if model is not None:
            _by_model[model] = dict(metrics)
            return
        _latest.clear()
        _latest.update(metrics)


def taken_metrics(model: Any) -> dict[str, float]:
    """Metrics for the version that is being saved: the model's own, else the last ones, which are then used up."""
    with _lock:
        try:
            own = _by_model.get(model)
        except TypeError:
            own = None
        if own is not None:
            return dict(own)
        metrics = dict(_latest)
        _latest.clear()
        return metrics


class TrainProgress(Generic[Batch]):
    """An iterable over a loader's batches, all epochs after one another, with a bar; see `train_progress`."""

    def __init__(self, loader: Iterable[Batch], epochs: int, model: Any) -> None:
        if epochs < 1:
            raise ValueError(f"epochs {epochs} is not a number ≥ 1")
        self._loader = loader
        self._epochs = epochs
        self._model = model
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self.epoch = 0
        self.metrics: dict[str, float] = {}

    def log(self, **metrics: Any) -> None:
        """Values of this batch (numbers, or tensors of one element); an epoch's metrics are their means."""
        for name, value in metrics.items():
            number = float(value.item() if hasattr(value, "item") else value)
            self._sums[name] = self._sums.get(name, 0.0) + number
            self._counts[name] = self._counts.get(name, 0) + 1

    def __iter__(self) -> Iterator[Batch]:
        per_epoch = len(self._loader) if isinstance(self._loader, Sized) else None
        with bar("training", None if per_epoch is None else per_epoch * self._epochs, "batches") as advance:
            for epoch in range(1, self._epochs + 1):
                self.epoch = epoch
                yield from self._one_epoch(advance)
                self._end_epoch()
        if self.metrics:
            remember(self.metrics, self._model)

    def _one_epoch(self, advance: Advance) -> Iterator[Batch]:
        for batch in self._loader:
            yield batch
            advance(1)

    def _end_epoch(self) -> None:
        self.metrics = {**self.metrics, **{name: total / self._counts[name] for name, total in self._sums.items() if math.isfinite(total)}}
        self._sums, self._counts = {}, {}
        if is_terminal() or self.epoch == self._epochs:
            say(f"epoch {self.epoch}/{self._epochs}" + "".join(f"  {name} {value:.4g}" for name, value in sorted(self.metrics.items())))


def train_progress(loader: Iterable[Batch], *, epochs: int = 1, model: Any = None) -> TrainProgress[Batch]:
    """Shows how far a training loop is; the last epoch's metrics are stored with the version that is saved next (`metadata.metrics`).

        progress = train_progress(loader, epochs=3)
        for x, y in progress:
            loss = step(x, y)
            progress.log(loss=loss)

    `model`: keep the metrics for the saves of this object only.
    """
    return TrainProgress(loader, epochs, model)


def keras_callback(model: Optional[Any] = None) -> Any:
    """A callback for `fit(callbacks=[keras_callback()])`: the last epoch's logs are stored with the version that is saved next."""
    import sys

    keras = sys.modules.get("keras") or __import__("keras")

    class LeptonMetrics(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        """Remembers the logs of the last epoch."""

        def on_epoch_end(self, epoch: int, logs: Optional[Mapping[str, Any]] = None) -> None:
            """Called by Keras."""
            self._last = {name: float(value) for name, value in (logs or {}).items() if math.isfinite(float(value))}

        def on_train_end(self, logs: Optional[Mapping[str, Any]] = None) -> None:
            """Called by Keras."""
            remember(getattr(self, "_last", {}), model)

    return LeptonMetrics()
