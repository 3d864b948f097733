"""Inputs against what the versions say they take, before anything is sent."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional

from ..errors import InvalidArgumentError
from .tensors import Encoded


@dataclass(frozen=True)
class Wanted:
    """One input of a version; shape -1 where the request chooses."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    #: Whether datatype and shape mean something; a model may not say what it takes.
    binds: bool

    def __str__(self) -> str:
        return f"{self.name} {self.datatype}{list(self.shape)}"


class Signature(NamedTuple):
    """What a version takes, and which versions the service has."""

    inputs: Sequence[Wanted]
    versions: Sequence[str]


class Signatures:
    """What is known of each service's versions. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Optional[str]], Signature] = {}

    def fits(self, service: str, version: Optional[str], inputs: Sequence[Encoded]) -> bool:
        """Whether the inputs are known to fit: the version, or without one any of the service's."""
        known = self._known.get((service, version))
        if known is None:
            return False
        if not _fault(known.inputs, _of(service, version), inputs):
            return True
        others = (self._known.get((service, each)) for each in known.versions) if version is None else ()
        return any(other is not None and not _fault(other.inputs, service, inputs) for other in others)

    def check(self, service: str, version: Optional[str], inputs: Sequence[Encoded]) -> Generator[Optional[str], Mapping[str, Any], None]:
        """Raises InvalidArgumentError if no version that may answer takes the inputs.

        Yields each version whose metadata it wants (None: of the service), and is sent it: it is the caller who waits.
        """
        if (service, version) in self._known:
            # Another version may serve by now.
            self._forget(service)
        signature = self._learn(service, version, (yield version))
        fault = _fault(signature.inputs, _of(service, version), inputs)
        if not fault:
            return
        for each in signature.versions if version is None else ():
            if not _fault(self._learn(service, each, (yield each)).inputs, service, inputs):
                return
        raise InvalidArgumentError(fault)

    def _learn(self, service: str, version: Optional[str], metadata: Mapping[str, Any]) -> Signature:
        inputs = [Wanted(each["name"], each["datatype"], tuple(int(size) for size in each["shape"]), not (each.get("parameters") or {}).get("untyped")) for each in metadata.get("inputs", ())]
        signature = Signature(inputs, [str(each) for each in metadata.get("versions", ())])
        self._known[(service, version)] = signature
        return signature

    def _forget(self, service: str) -> None:
        for key in [key for key in list(self._known) if key[0] == service]:
            self._known.pop(key, None)


def _fault(wanted: Sequence[Wanted], whose: str, inputs: Sequence[Encoded]) -> str:
    """What does not fit, with expected and given; '' if it fits."""
    names = {each.name for each in wanted}
    given = {each.name: each for each in inputs}
    for name in given:
        if name not in names:
            return f"there is no input {name!r}; {whose} takes {', '.join(map(str, wanted)) or 'none'}"
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
