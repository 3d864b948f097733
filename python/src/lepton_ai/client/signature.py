"""Inputs against what the versions say they take, before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .tensors import Encoded


@dataclass(frozen=True)
class Wanted:
    """One input of a version; shape -1 where the request chooses."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    @property
    def binds(self) -> bool:
        """A model that does not say what it takes has FP32 and [-1] in its metadata."""
        return (self.datatype, self.shape) != ("FP32", (-1,))

    def __str__(self) -> str:
        return f"{self.name} {self.datatype}{list(self.shape)}"


class Signatures:
    """What is known of each service's versions."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Optional[str]], tuple[Sequence[Wanted], Sequence[str]]] = {}

    def knows(self, service: str, version: Optional[str]) -> bool:
        """Whether the metadata was read."""
        return (service, version) in self._known

    def learn(self, service: str, version: Optional[str], metadata: Mapping[str, Any]) -> None:
        """From the protocol's metadata."""
        inputs = [Wanted(each["name"], each["datatype"], tuple(int(size) for size in each["shape"])) for each in metadata.get("inputs", ())]
        self._known[(service, version)] = (inputs, [str(each) for each in metadata.get("versions", ())])

    def forget(self, service: str) -> None:
        """It may be served by other versions now."""
        for key in [key for key in self._known if key[0] == service]:
            del self._known[key]

    def versions(self, service: str, version: Optional[str]) -> Sequence[str]:
        """Versions that the metadata names."""
        return self._known[(service, version)][1]

    def fault(self, service: str, version: Optional[str], inputs: Sequence[Encoded]) -> str:
        """What does not fit, with expected and given; '' if it fits."""
        wanted = self._known[(service, version)][0]
        names = {each.name for each in wanted}
        given = {each.name: each for each in inputs}
        for name in given:
            if name not in names:
                return f"there is no input {name!r}; {_of(service, version)} takes {', '.join(map(str, wanted)) or 'none'}"
        for each in wanted:
            one = given.get(each.name)
            if one is not None and (text := _unlike(each, one)):
                return f"input {each.name!r}: expected {each.datatype}{list(each.shape)}, given {one.datatype}{list(one.shape)} ({text})"
        return ""


def _of(service: str, version: Optional[str]) -> str:
    return service if version is None else f"{service} {version}"


def _unlike(wanted: Wanted, given: Encoded) -> str:
    if not wanted.binds:
        return ""
    if wanted.datatype != given.datatype and not (wanted.datatype == "BF16" and given.datatype in ("FP32", "UINT16")):
        return "another datatype; convert it with .astype()"
    if len(wanted.shape) != len(given.shape):
        return f"{len(given.shape)} dimensions in place of {len(wanted.shape)}"
    for index, (size, other) in enumerate(zip(wanted.shape, given.shape)):
        if size not in (-1, other):
            return f"dimension {index} is {other} in place of {size}"
    return ""
