"""Every array that numpy can make goes over the wire as it is, or is refused in words."""

import json

import numpy as np
import pytest

from lepton_ai import InvalidArgumentError
from lepton_ai.client.tensors import decode, describe, encode, request_head

RANDOM = np.random.default_rng(3)
ARRAYS = {
    "strided": RANDOM.random((6, 8), dtype=np.float32)[::2, ::3],
    "backwards": RANDOM.random(7)[::-1],
    "Fortran": np.asfortranarray(RANDOM.random((3, 5))),
    "transposed": RANDOM.random((3, 5, 2)).T,
    "big-endian": RANDOM.random((2, 3)).astype(">f8"),
    "big-endian Fortran": np.asfortranarray(np.arange(12, dtype=">i2").reshape(3, 4)),
    "empty": np.zeros((0, 4), np.float32),
    "empty inside": np.zeros((2, 0, 3), np.int64),
    "scalar": np.array(3.5, np.float32),
    "big-endian scalar": np.array(3.5, ">f4"),
    "true": np.array(True),
    "bools": (RANDOM.random((6, 6)) > 0.5)[:, ::2],
    "half": RANDOM.random(5).astype(np.float16),
    "largest": np.array([2**64 - 1], np.uint64),
    "no numbers": np.array([np.nan, np.inf, -np.inf]),
    "broadcast": np.broadcast_to(np.float32(3), (4, 5)),
    "unaligned": np.frombuffer(b"x" + np.arange(4, dtype="<f4").tobytes(), np.uint8)[1:].view("<f4"),
    "list": [[1, 2], [3, 4]],
    "number": 1.5,
    "rank 32": np.zeros((1,) * 32, np.float32),
}
TEXTS = {"unicode": np.array(["a", "ünï", ""]), "bytes": np.array([b"a", b"bc"]), "objects": np.array([["a", b"\xff\x00"]], object)[:, ::-1], "none": np.zeros((0,), object), "one": "text"}


def there_and_back(value: object) -> np.ndarray:
    encoded = encode({"x": value})
    head = json.dumps({"outputs": json.loads(request_head(describe(encoded), None, (), None))["inputs"]}).encode()
    return decode(np.frombuffer(head + b"".join(each.data for each in encoded), np.uint8), len(head))[0]["x"]


@pytest.mark.parametrize("name", ARRAYS)
def test_numbers(name):
    given = np.asarray(ARRAYS[name])
    found = there_and_back(ARRAYS[name])
    np.testing.assert_array_equal(found, given)
    assert found.shape == given.shape and found.dtype == given.dtype.newbyteorder("<")


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name):
    given = np.asarray(TEXTS[name])
    found = there_and_back(TEXTS[name])
    assert found.shape == given.shape
    assert found.reshape(-1).tolist() == [each if isinstance(each, bytes) else each.encode() for each in given.reshape(-1).tolist()]


def test_bfloat16_comes_back_as_float32():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    given = RANDOM.random((4, 6)).astype(bfloat16)[:, ::2]
    np.testing.assert_array_equal(there_and_back(given), given.astype(np.float32))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros(2, complex), "'x' has dtype complex128, for which the protocol has no datatype"),
        (np.zeros(2, "datetime64[D]"), r"dtype datetime64\[D\]"),
        (np.array([1, 2], object), "dtype object and holds int '1'; texts and bytes can stand in it"),
        (None, "holds NoneType 'None'"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), r"has a mask, which the protocol lacks; give its \.filled"),
        ([[1], [1, 2]], "is a list of which numpy makes no array"),
    ],
)
def test_what_is_no_tensor(value, words):
    with pytest.raises(InvalidArgumentError, match=words):
        encode({"x": value})
