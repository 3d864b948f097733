"""Clients of the Open Inference Protocol: numpy in, numpy out, over HTTP with binary tensors or gRPC."""

from .aio import AsyncClient
from .result import InferenceResult, Timing
from .sync import Client

__all__ = ["AsyncClient", "Client", "InferenceResult", "Timing"]
