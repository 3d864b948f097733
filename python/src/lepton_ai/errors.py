"""What can go wrong, by type. Every message says what was wrong, with the value, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional


class LeptonError(Exception):
    """The base of all errors of this package.

    `code` is the server's code (docs/reference/errors.md) or one of this package, `status` the HTTP status (0: no answer
    came), `retry_after` the seconds after which the server says a retry makes sense.
    """

    code = "INTERNAL"

    def __init__(self, message: str, *, code: Optional[str] = None, status: int = 0, details: Any = None, retry_after: Optional[float] = None, request_id: Optional[str] = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.status = status
        self.details = details
        self.retry_after = retry_after
        self.request_id = request_id


class InvalidArgumentError(LeptonError, ValueError):
    """A value that cannot be used: an input of another datatype or shape, a malformed name."""

    code = "INVALID_ARGUMENT"


class NotFoundError(LeptonError, LookupError):
    """Nothing of this name is there."""

    code = "NOT_FOUND"


class RepositoryNotFoundError(NotFoundError):
    """No repository has this name."""

    code = "REPOSITORY_NOT_FOUND"


class VersionNotFoundError(NotFoundError):
    """The repository or service has no such version or label."""

    code = "VERSION_NOT_FOUND"


class ServiceNotFoundError(NotFoundError):
    """No service has this name."""

    code = "SERVICE_NOT_FOUND"


class ConflictError(LeptonError):
    """The state does not allow this now, or somebody else changed it meanwhile."""

    code = "CONFLICT"


class VersionExistsError(ConflictError):
    """A version of this name exists with other content; versions never change."""

    code = "VERSION_EXISTS"


class InUseError(ConflictError):
    """A service, label or child still uses it."""

    code = "IN_USE"


class ModelInvalidError(LeptonError):
    """The model cannot be saved or served as it is."""

    code = "MODEL_INVALID"


class LossyConversionError(ModelInvalidError):
    """The saved artefact does not answer as the live object does."""


class ModelUnsafeError(ModelInvalidError):
    """The artefact would run code when it is loaded; `details` holds what was found."""

    code = "MODEL_UNSAFE"


class UnsupportedError(LeptonError, NotImplementedError):
    """This environment or server cannot do that; the message says what is missing."""

    code = "UNSUPPORTED"


class ModelError(LeptonError):
    """The model itself failed on this input."""

    code = "MODEL_ERROR"


class UnavailableError(LeptonError):
    """The server or version cannot answer now; a retry may help."""

    code = "UNAVAILABLE"


class QueueFullError(UnavailableError):
    """Too many requests wait for this version."""

    code = "QUEUE_FULL"


class VersionNotReadyError(UnavailableError):
    """The version is deployed but has no ready replica."""

    code = "VERSION_NOT_READY"


class ServerUnreachableError(UnavailableError, ConnectionError):
    """No answer came from the server."""

    code = "SERVER_UNREACHABLE"


class DeadlineExceededError(LeptonError, TimeoutError):
    """No answer within the time that was given."""

    code = "DEADLINE_EXCEEDED"


class DeploymentError(LeptonError):
    """A change was accepted but does not serve: the version failed, with its own reason, or not in time."""

    code = "NOT_SERVING"


_BY_CODE: Mapping[str, type[LeptonError]] = {
    **{each.code: each for each in (InvalidArgumentError, RepositoryNotFoundError, VersionNotFoundError, ServiceNotFoundError, ConflictError, VersionExistsError, InUseError, ModelInvalidError, ModelUnsafeError, UnsupportedError, ModelError, QueueFullError, VersionNotReadyError, DeadlineExceededError)},
    "MODEL_NOT_FOUND": ServiceNotFoundError,
    "LABEL_NOT_FOUND": VersionNotFoundError,
    "BLOB_NOT_FOUND": NotFoundError,
    "PLAN_NOT_FOUND": NotFoundError,
    "REVISION_NOT_FOUND": NotFoundError,
    "ALERT_RULE_NOT_FOUND": NotFoundError,
    "REPLICA_NOT_FOUND": NotFoundError,
    "ROUTE_NOT_FOUND": UnsupportedError,
    "REPOSITORY_EXISTS": ConflictError,
    "PRECONDITION_FAILED": ConflictError,
    "BLOB_MISSING": ConflictError,
    "FEEDBACK_UNKNOWN": NotFoundError,
    "FEEDBACK_DUPLICATE": ConflictError,
    "FEEDBACK_TOO_LATE": ConflictError,
    "TOO_LARGE": InvalidArgumentError,
    "UNSUPPORTED_MEDIA_TYPE": InvalidArgumentError,
    "DIGEST_MISMATCH": InvalidArgumentError,
    "REPLICA_FAILED": UnavailableError,
    "CONTROL_UNAVAILABLE": UnavailableError,
    "DATABASE_UNAVAILABLE": UnavailableError,
    "SHUTTING_DOWN": UnavailableError,
}


def error_of(code: str, message: str, *, status: int = 0, details: Any = None, retry_after: Optional[float] = None, request_id: Optional[str] = None) -> LeptonError:
    """The typed error of a server's code."""
    kind = _BY_CODE.get(code) or (NotFoundError if status == 404 else UnavailableError if status == 503 else LeptonError)
    return kind(message, code=code, status=status, details=details, retry_after=retry_after, request_id=request_id)
