"""Lepton AI: keep several versions of a model running side by side.

`ModelRepository` saves versions, `Deployer` runs them in services, `Client` and `AsyncClient` ask them. Nothing heavy is imported
until it is used, and no framework that a model is not of.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client.aio import AsyncClient
    from .client.result import InferenceResult
    from .client.sync import Client
    from .deployer import Deployer
    from .errors import (
        ConflictError,
        DeadlineExceededError,
        DeploymentError,
        InUseError,
        InvalidArgumentError,
        LeptonError,
        LossyConversionError,
        ModelError,
        ModelInvalidError,
        ModelUnsafeError,
        NotFoundError,
        QueueFullError,
        RepositoryNotFoundError,
        ServerUnreachableError,
        ServiceNotFoundError,
        UnavailableError,
        UnsupportedError,
        VersionExistsError,
        VersionNotFoundError,
        VersionNotReadyError,
    )  # fmt: skip
    from .platform_process import connect
    from .repository import ModelRepository, Version
    from .training import TrainProgress, keras_callback, train_progress

__version__ = "0.1.0"

_HOMES = {
    "client.aio": ("AsyncClient",),
    "client.result": ("InferenceResult",),
    "client.sync": ("Client",),
    "deployer": ("Deployer",),
    "errors": (
        "ConflictError", "DeadlineExceededError", "DeploymentError", "InUseError", "InvalidArgumentError", "LeptonError", "LossyConversionError", "ModelError", "ModelInvalidError", "ModelUnsafeError",
        "NotFoundError", "QueueFullError", "RepositoryNotFoundError", "ServerUnreachableError", "ServiceNotFoundError", "UnavailableError", "UnsupportedError", "VersionExistsError",
        "VersionNotFoundError", "VersionNotReadyError",
    ),
    "platform_process": ("connect",),
    "repository": ("ModelRepository", "Version"),
    "training": ("TrainProgress", "keras_callback", "train_progress"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AsyncClient", "Client", "ConflictError", "DeadlineExceededError", "Deployer", "DeploymentError", "InUseError", "InferenceResult", "InvalidArgumentError", "LeptonError", "LossyConversionError",
    "ModelError", "ModelInvalidError", "ModelRepository", "ModelUnsafeError", "NotFoundError", "QueueFullError", "RepositoryNotFoundError", "ServerUnreachableError", "ServiceNotFoundError",
    "TrainProgress", "UnavailableError", "UnsupportedError", "Version", "VersionExistsError", "VersionNotFoundError", "VersionNotReadyError", "connect", "keras_callback", "train_progress",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME_OF])
