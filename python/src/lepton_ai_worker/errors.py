"""The one error class; its codes are those of src/core/errors.ts."""


class LeptonError(Exception):
    """What was wrong, with the value, and what to do. The cause, if any, is the runtime's own exception."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> LeptonError:
    """An error of the asker's."""
    return LeptonError("INVALID_ARGUMENT", message)


def words_of(error: BaseException) -> str:
    """`ExceptionType: message`, as Python prints it; our own errors speak for themselves."""
    if isinstance(error, LeptonError):
        return error.message
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
