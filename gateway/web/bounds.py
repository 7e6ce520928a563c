"""What one connection may take, and the parts of a message for which it may take it."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Part(Enum):
    """Which part of a message the client has to send next."""

    HEAD = auto()
    BODY = auto()
    NOTHING = auto()


# Of each request several are compared, and a global name is found sooner than a class's.
HEAD: Final = Part.HEAD
BODY: Final = Part.BODY
NOTHING: Final = Part.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Sizes in bytes, times in seconds."""

    url: int = 40 * 1024  # MinIO's clients send tokens in it
    header_count: int = 100
    headers: int = 64 * 1024
    head_time: float = 10.0
    body_time: float = 30.0
    answer_time: float = 30.0  # how long a client may leave its answer unread
    framing: int = 64 * 1024  # chunk sizes, chunk extensions and trailers beyond 16 times the body
    discarded: int = 1024 * 1024  # of a body that nobody reads because its answer was sent already
