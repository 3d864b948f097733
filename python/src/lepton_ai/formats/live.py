"""The live object as something that can be asked and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from ..errors import InvalidArgumentError
from .common import Array, Arrays, Spec


@dataclass
class Written:
    """What a format has written into the artefact's directory."""

    format: str
    entry: str
    options: dict[str, Any] = field(default_factory=dict)
    #: Names of distributions that the version needs; pinned to what is installed.
    requirements: list[str] = field(default_factory=list)
    #: What a person should know.
    notes: list[str] = field(default_factory=list)


class Live:
    """A live object that can be asked and written."""

    #: What the model calls its inputs, in order; None: it does not say.
    input_names: Optional[list[str]] = None
    #: What the model itself says; None: it does not.
    inputs: Optional[list[Spec]] = None
    outputs: Optional[list[Spec]] = None
    #: Of files that have one already.
    descriptor: Optional[Mapping[str, Any]] = None

    def choose(self, name: str) -> None:
        """Serves another function of the model."""
        raise InvalidArgumentError(f"signature={name!r} names a function of a tf.Module or a signature of a SavedModel, which this model is not; give {{\"inputs\": {{name: (datatype, shape)}}}}")

    def adopt(self, example: Arrays) -> None:
        """Takes the example's names where the model has none of its own."""

    def unknown(self) -> Optional[str]:
        """Why outputs are not known without an example, if so."""
        return None

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """The live object's own answer."""
        raise NotImplementedError

    def write(self, directory: Path, examples: Sequence[Arrays]) -> Written:
        """Saves it, the same bytes each time."""
        raise NotImplementedError
