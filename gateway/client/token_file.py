"""The token of a Kubernetes service account, as a projected volume holds it: read anew for each use."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MAXIMUM: Final = 20_000
"""STS takes no longer WebIdentityToken."""

_TOKEN: Final = re.compile(r"[\w.~+/=-]{4,}", re.ASCII)
_MEND: Final = "mount a projected service account token, readable for this process (fsGroup)"


class UnusableToken(Exception):
    """The file has no token; the message names the mend and never what the file holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFile:
    """Where the kubelet puts a token, and a fresh one before it ends."""

    path: Path

    def read(self) -> str:
        """The token that is there now. Raises UnusableToken."""
        try:
            with self.path.open("rb") as file:
                content = file.read(_MAXIMUM + 2)
        except OSError as error:
            raise UnusableToken(f"{self.path}: {error.strerror}; {_MEND}") from None
        # Who writes such a file by hand ends it with a newline; no token holds one.
        token = content.decode("ascii", "replace").strip()
        if len(token) > _MAXIMUM or not _TOKEN.fullmatch(token):
            raise UnusableToken(f"{self.path}: holds no token of at most {_MAXIMUM} characters; {_MEND}")
        return token
