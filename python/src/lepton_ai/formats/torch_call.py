"""How a module of PyTorch is called: which inputs by position, which by name, or all in one dict."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ..errors import InvalidArgumentError
from .common import Array


def to_tensor(torch: Any, array: Array) -> Any:
    """Over the same memory."""
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view("int16")).view(torch.bfloat16)
    try:
        return torch.from_numpy(array)
    except TypeError:
        raise InvalidArgumentError(f"torch has no tensors of {array.dtype}; give numbers as example_inputs") from None


class Call:
    """By the parameters of `forward`. Names that it lacks are taken in order, or as keys of the one dict that it wants."""

    def __init__(self, module: Any) -> None:
        self._positional: list[str] = []
        self._keyword_only: list[str] = []
        self._any_keyword = False
        self._dict = False
        for name, by_keyword, annotation in _parameters(module.forward):
            if by_keyword is None:
                self._any_keyword = True
            else:
                (self._keyword_only if by_keyword else self._positional).append(name)
                self._dict = self._dict or "dict" in annotation.lower() or "mapping" in annotation.lower()

    @property
    def names(self) -> Optional[list[str]]:
        """Of the inputs that `forward` takes, in order; None: it does not say."""
        return [*self._positional, *self._keyword_only] or None

    def arguments(self, inputs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional ones, and those by name."""
        if self._in_one(list(inputs)):
            return (dict(inputs),), {}
        keywords = self._keywords(list(inputs))
        order = [*(name for name in self._positional if name in inputs), *(name for name in inputs if name not in self._positional)]
        return tuple(inputs[name] for name in order if name not in keywords), {name: inputs[name] for name in keywords}

    def by_name(self, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
        """All of them by name."""
        return {**dict(zip(self._positional, arguments)), **keywords}

    def shapes(self, arguments: Sequence[Any], keywords: Mapping[str, Any], shape: Any) -> Any:
        """The same dynamic shape for every tensor, in the form that torch.export wants."""
        if arguments and isinstance(arguments[0], dict):
            return ({name: shape for name in arguments[0]},)
        if not keywords:
            return tuple(shape for _ in arguments)
        return {name: shape for name in self.by_name(arguments, keywords)} if not self._any_keyword else {"kwargs": {name: shape for name in keywords}}

    def options(self, names: Sequence[str]) -> dict[str, Any]:
        """What the worker must know of it."""
        if self._in_one(names):
            return {"inputs": "dict"}
        keywords = self._keywords(names)
        return {"keywords": keywords} if keywords else {}

    def _in_one(self, names: Sequence[str]) -> bool:
        unknown = len(self._positional) >= 1 and not self._any_keyword and not set(names) & {*self._positional, *self._keyword_only}
        return unknown and (self._dict or (len(names) > 1 and len(self._positional) == 1))

    def _keywords(self, names: Sequence[str]) -> list[str]:
        """Those that only a name can give: keyword-only ones, and what follows a parameter that is left out."""
        given = set(names)
        gap = next((index for index, name in enumerate(self._positional) if name not in given), len(self._positional)) if given & set(self._positional) else len(self._positional)
        late = [name for name in self._positional[gap:] if name in given]
        return [*late, *(name for name in names if name in self._keyword_only or (self._any_keyword and name not in self._positional))]


def _parameters(forward: Any) -> list[tuple[str, Optional[bool], str]]:
    """Name, whether by keyword only (None: any keyword), annotation; of a script by its schema."""
    if hasattr(forward, "schema"):
        return [(argument.name, argument.kwarg_only, str(argument.type)) for argument in forward.schema.arguments[1:]]
    try:
        parameters = list(inspect.signature(forward).parameters.values())
    except (TypeError, ValueError):
        return []
    kinds = {inspect.Parameter.POSITIONAL_ONLY: False, inspect.Parameter.POSITIONAL_OR_KEYWORD: False, inspect.Parameter.KEYWORD_ONLY: True, inspect.Parameter.VAR_KEYWORD: None}
    return [(each.name, kinds[each.kind], str(each.annotation)) for each in parameters if each.kind in kinds]
