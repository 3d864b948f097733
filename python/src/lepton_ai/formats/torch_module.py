"""A module of PyTorch as it is asked and written."""

from __future__ import annotations

from typing import Any

from .common import fields_of


class Evaluating:
    """Puts a module into evaluation mode and on the CPU; back into its mode and onto its device after it."""

    def __init__(self, torch: Any, module: Any) -> None:
        self._torch = torch
        self._module = module

    def __enter__(self) -> None:
        self._modes = [(each, each.training) for each in self._module.modules()]
        first = next(iter(self._module.parameters()), None)
        self._device = first.device if first is not None and first.device.type != "cpu" else None
        self._module.eval()
        if self._device is not None:
            self._module.to("cpu")

    def __exit__(self, *_error: object) -> None:
        for each, training in self._modes:
            each.training = training
        if self._device is not None:
            self._module.to(self._device)


def as_dict(torch: Any, module: Any) -> Any:
    """The module, with a plain dict of its result's fields."""

    class AsDict(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, *arguments: Any, **keywords: Any) -> Any:
            return fields_of(self.module(*arguments, **keywords))

    return AsDict().eval()
