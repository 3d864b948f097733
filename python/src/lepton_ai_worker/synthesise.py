"""Inputs made up from a signature, for versions that bring no known answers: the mirror of src/worker/synthesise.ts."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod

import numpy as np

from .batch import TensorSet
from .signature import DATATYPE_BYTES, FLOATS, Signature, TensorSpec
from .tensors import DTYPES, Array, Tensor, float32_to_bfloat16

#: Sizes tried for a free dimension, likeliest first.
SIZES = (1, 2, 8, 16, 64, 512, 1536)
#: Most bytes of one made-up input set.
BYTES_MAX = 4 * 2**20

Sizes = Mapping[str, int]


def free_dimensions(signature: Signature) -> list[str]:
    """Free dimensions of the inputs; equal names mean one dimension."""
    keys = [_key(spec, axis) for spec in signature.inputs for axis, size in enumerate(spec.shape) if size == -1]
    return list(dict.fromkeys(keys))


def _key(spec: TensorSpec, axis: int) -> str:
    name = spec.dimension_names[axis] if axis < len(spec.dimension_names) else ""
    return f"={name}" if name else f"{spec.name}#{axis}"


def guess_dimensions(keys: Sequence[str]) -> Iterator[Sizes]:
    """Most plausible first: all 1; one at a time at each other size; all but the first at one size; then pairs."""
    ones = dict.fromkeys(keys, 1)
    yield ones
    others = [size for size in SIZES if size != 1]
    for key in keys:
        for size in others:
            yield {**ones, key: size}
    if len(keys) < 2:
        return
    for size in others:
        yield {key: size if index else 1 for index, key in enumerate(keys)}
    for index, first in enumerate(keys):
        for second in keys[index + 1 :]:
            for a in others:
                for b in others:
                    yield {**ones, first: a, second: b}


def synthesise(signature: Signature, sizes: Sizes, values: str, seed: int) -> "TensorSet | None":
    """An input set of these sizes (`values`: random, ones or zeros), or None when it would be too large to be a sensible guess."""
    shapes = [[sizes.get(_key(spec, axis), 1) if size == -1 else size for axis, size in enumerate(spec.shape)] for spec in signature.inputs]
    if sum(prod(shape) * (DATATYPE_BYTES[spec.datatype] or 4) for spec, shape in zip(signature.inputs, shapes)) > BYTES_MAX:
        return None
    random = np.random.default_rng(seed)
    return [Tensor(spec.name, spec.datatype, _fill(spec.datatype, shape, values, random)) for spec, shape in zip(signature.inputs, shapes)]


def _fill(datatype: str, shape: Sequence[int], values: str, random: np.random.Generator) -> Array:
    if datatype == "BYTES":
        # A digit: text for those who want text, and a number for those who read one out of it.
        texts = [str(digit).encode() if values == "random" else b"a" if values == "ones" else b"" for digit in random.integers(0, 10, prod(shape))]
        elements = np.empty(len(texts), dtype=object)
        elements[:] = texts
        return elements.reshape(shape)
    if values != "random":
        numbers = np.full(shape, 1 if values == "ones" else 0, dtype=np.float32)
    elif datatype in FLOATS:
        numbers = random.uniform(-1, 1, shape).astype(np.float32)
    else:
        # Integers stay 0 or 1, since they are often indices into something small.
        numbers = random.integers(0, 2, shape).astype(np.float32)
    return float32_to_bfloat16(numbers) if datatype == "BF16" else numbers.astype(DTYPES[datatype])


def rotate(inputs: TensorSet, places: int) -> TensorSet:
    """The same values one place further on in every tensor: another valid-looking input without knowing what is valid."""
    return [tensor if tensor.datatype == "BYTES" else Tensor(tensor.name, tensor.datatype, np.roll(tensor.array, -places)) for tensor in inputs]
