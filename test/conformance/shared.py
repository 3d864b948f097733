"""What the tests share: the running server, and the same calls for the HTTP and the gRPC client."""

from typing import Any

import numpy as np
from platform_server import PlatformServer
from tritonclient.utils import np_to_triton_dtype

SERVER: PlatformServer


def tensor(client_module: Any, name: str, array: np.ndarray, **options: Any) -> Any:
    """An input of either client; `options` such as binary_data are the HTTP client's."""
    wanted = client_module.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    wanted.set_data_from_numpy(array, **options)
    return wanted


def simple_inputs(client_module: Any, rows: int = 1, **options: Any) -> tuple[list[Any], np.ndarray, np.ndarray]:
    first = np.arange(16 * rows, dtype=np.int32).reshape(rows, 16)
    second = np.full((rows, 16), 3, dtype=np.int32)
    return [tensor(client_module, "INPUT0", first, **options), tensor(client_module, "INPUT1", second, **options)], first, second


SCALE_ROW = np.array([[1, 2, 3, 4]], dtype=np.float32)

# One array for each datatype of the protocol that numpy has; extremes included, since they are what breaks.
IDENTITY_ARRAYS = {
    "bool": np.array([[True, False], [False, True]]),
    "uint8": np.array([[0, 255]], dtype=np.uint8),
    "uint16": np.array([[0, 65535]], dtype=np.uint16),
    "uint32": np.array([[0, 2**32 - 1]], dtype=np.uint32),
    "uint64": np.array([[0, 2**64 - 1, 2**53 + 1]], dtype=np.uint64),
    "int8": np.array([[-128, 127]], dtype=np.int8),
    "int16": np.array([[-32768, 32767]], dtype=np.int16),
    "int32": np.array([[-(2**31), 2**31 - 1]], dtype=np.int32),
    "int64": np.array([[-(2**63), 2**63 - 1, 2**53 + 1]], dtype=np.int64),
    "fp16": np.array([[0.5, -65504.0]], dtype=np.float16),
    "fp32": np.array([[0.1, -3.4e38]], dtype=np.float32),
    "fp64": np.array([[0.1, -1.7e308]], dtype=np.float64),
    "bytes": np.array([["", "grüße", "名前"]], dtype=np.object_),
}


def as_bytes(array: np.ndarray) -> list[bytes]:
    return [value.encode() if isinstance(value, str) else bytes(value) for value in array.flatten()]
