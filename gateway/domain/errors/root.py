"""The root of the tree of errors."""

from typing import ClassVar


class GatewayError(Exception):
    """Catch this at a door; anything else that reaches it is a bug."""

    code: ClassVar[str] = "gateway_error"

    def __init__(self, message: str, *, cause: str | None = None) -> None:
        super().__init__(message)
        self.cause = cause or message
