"""Examples of what a model takes, and what they say about it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np

from ..errors import InvalidArgumentError, ModelInvalidError
from .common import Array, Arrays, Spec, array_of, input_names, tensor_of

#: What `example_inputs` may be: an array, a tuple of arrays in the model's order, a dict by name, or a list of such dicts.
Examples = Any


def normalise_examples(given: Examples, names: Optional[Sequence[str]]) -> list[dict[str, Array]]:
    """`example_inputs` as dicts by input name."""
    if given is None:
        return []
    if isinstance(given, list) and given and all(isinstance(each, (Mapping, tuple)) for each in given):
        return [one for each in given for one in normalise_examples(each, names)]
    if hasattr(given, "columns") and hasattr(given, "dtypes") and any(each.kind not in "biuf" for each in map(_dtype_of, given.dtypes)):
        # A DataFrame of unlike columns.
        given = {name: given[name] for name in given.columns}
    if isinstance(given, Mapping):
        known = [name for name in names or [] if name in given]
        return [{str(name): array_of(given[name]) for name in (*known, *(each for each in given if each not in known))}]
    values = list(given) if isinstance(given, tuple) else [given]
    if names is None:
        names = input_names(len(values))
    if len(values) > len(names):
        raise InvalidArgumentError(f"example_inputs has {len(values)} inputs, the model takes {len(names)}: {', '.join(names)}")
    return [{name: array_of(value) for name, value in zip(names, values)}]


def _dtype_of(dtype: Any) -> Any:
    """Numpy's, or that of objects for what only the DataFrame knows."""
    return dtype if isinstance(dtype, np.dtype) else np.dtype(object)


def adopted(specs: Optional[list[Spec]], example: Arrays) -> Optional[list[Spec]]:
    """A table's only input under the example's name and with its width of floats; as it is where the example has several."""
    if specs is None or len(specs) != 1 or len(example) != 1:
        return specs
    [(name, array)] = example.items()
    datatype = {"float32": "FP32", "float64": "FP64"}.get(array.dtype.name, specs[0].datatype) if specs[0].datatype != "BYTES" else "BYTES"
    return [dataclasses.replace(specs[0], name=name, datatype=datatype)]


def specs_of(examples: Sequence[Mapping[str, Array]], batch: bool) -> list[Spec]:
    """Specifications that fit all examples: -1 where they differ, and in front where there is a batch."""
    specs: list[Spec] = []
    for name in examples[0]:
        tensors = [tensor_of(name, each[name]) for each in examples if name in each]
        datatypes = sorted({tensor.datatype for tensor in tensors})
        ranks = {tensor.array.ndim for tensor in tensors}
        if len(datatypes) > 1 or len(ranks) > 1:
            raise ModelInvalidError(f"{name} has different {'datatypes ' + ', '.join(datatypes) if len(datatypes) > 1 else 'ranks'} in the examples")
        shape = [sizes[0] if len(set(sizes)) == 1 else -1 for sizes in zip(*(tensor.array.shape for tensor in tensors))]
        if batch and shape:
            shape[0] = -1
        specs.append(Spec(name, datatypes[0], tuple(shape)))
    return specs


def doubled(example: Mapping[str, Array]) -> Optional[dict[str, Array]]:
    """The example twice along the first dimension; None where its inputs have no such dimension in common."""
    sizes = {array.shape[0] if array.ndim else None for array in example.values()}
    if len(sizes) != 1 or None in sizes or 0 in sizes:
        return None
    return {name: np.concatenate([array, array]) for name, array in example.items()}
