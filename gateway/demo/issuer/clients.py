"""Who may ask the development issuer for ID tokens, and where it may send people back to."""

import re
from dataclasses import dataclass
from typing import Final

_LOOPBACK: Final = "http://127.0.0.1/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A public client: it has no secret, PKCE proves that the one who asked is the one who redeems.

    `redirect_uris` are compared exactly; one on a loopback address without a port stands for every port there, since
    a program takes whichever is free (RFC 8252 section 7.3).
    """

    client_id: str
    redirect_uris: tuple[str, ...]

    def may_return_to(self, redirect_uri: str) -> bool:
        return any(_matches(registered, redirect_uri) for registered in self.redirect_uris)


def _matches(registered: str, given: str) -> bool:
    if registered == given:
        return True
    if not registered.startswith(_LOOPBACK):
        return False
    # Nothing but digits may stand between address and path: no `@host`, no longer host name.
    host, path = _LOOPBACK.removesuffix("/"), registered.removeprefix(_LOOPBACK)
    return re.fullmatch(rf"{re.escape(host)}:[0-9]{{1,5}}/{re.escape(path)}", given) is not None
