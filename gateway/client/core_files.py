"""No core files of processes that hold others' secrets: keyring, passwords on their way, credentials."""

import resource
from typing import Final

_NONE: Final = 1
"""Byte: too little for a file. Where they go to a program instead, Linux heeds no limit but this (fs/coredump.c)."""


def leave_no_core_file() -> None:
    """A crash of this process, or of one that it forks, writes its memory nowhere."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0 if hard == 0 else _NONE, hard))
