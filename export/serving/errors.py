"""What goes wrong in serving, under the names that gRPC and TensorFlow Serving give it."""

# TensorFlow Serving's own table from its codes to those of HTTP, as far as they occur here.
HTTP = {
    "INVALID_ARGUMENT": 400,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
    # Of HTTP alone.
    "TOO_LARGE": 413,
    "UNSUPPORTED": 415,
}


class ServingError(Exception):
    """A request that is refused: `code` is a key of HTTP, the message one line."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def invalid(message: str) -> ServingError:
    return ServingError("INVALID_ARGUMENT", message)
