"""Work that several methods of an estimator share, done once a table."""

from collections.abc import Callable
from typing import Any

import numpy as np

_STEP_METHODS = ("transform",)
_FINAL_METHODS = ("predict_proba", "decision_function")


class Once:
    """While a table is asked for several outputs, a pipeline's steps transform it once, and what `predict` is made from is not made again.

    Many classifiers' `predict` calls their own `predict_proba` or `decision_function`: with both asked for, a forest would run twice.
    """

    def __init__(self, estimator: Any) -> None:
        self._known: dict[tuple[int, str, int], tuple[Any, Any]] = {}
        steps = [step for _, step in getattr(estimator, "steps", ())]
        for step in steps[:-1]:
            self._shadow(step, _STEP_METHODS)
        for final in {id(each): each for each in (estimator, *steps[-1:])}.values():
            self._shadow(final, _FINAL_METHODS)

    def __enter__(self) -> None:
        self._known.clear()

    def __exit__(self, *_error: object) -> None:
        self._known.clear()

    def _shadow(self, owner: Any, names: tuple[str, ...]) -> None:
        for name in names:
            method = getattr(owner, name, None)
            if callable(method):
                try:
                    setattr(owner, name, self._once(owner, name, method))
                except AttributeError:
                    return  # Without attributes of its own it is called as often as before.

    def _once(self, owner: Any, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(table: Any, *more: Any, **named: Any) -> Any:
            if more or named:
                return method(table, *more, **named)
            key = (id(owner), name, id(table))
            if key not in self._known:
                # The table is kept with it, so that no other can have its id.
                self._known[key] = (table, method(table))
            result = self._known[key][1]
            # Steps know each other's results by identity; final methods write into what they are given.
            return result.copy() if name in _FINAL_METHODS and isinstance(result, np.ndarray) else result

        return call
