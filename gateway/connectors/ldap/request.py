"""The two requests that are made, encoded: bind and search."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.connectors.ldap import ber

BASE: Final = 0
SUBTREE: Final = 2
PAGED_RESULTS: Final = "1.2.840.113556.1.4.319"

_BIND_REQUEST: Final = 0x60
_SIMPLE: Final = 0x80
_SEARCH_REQUEST: Final = 0x63
_CONTROLS: Final = 0xA0
_NEVER_DEREFERENCE: Final = ber.integer(0, ber.ENUMERATED)
_WITH_VALUES: Final = ber.boolean(value=False)
# RFC 4511 4.5.1.8: no attribute at all.
_NO_ATTRIBUTES: Final = ("1.1",)


_VERSION: Final = ber.integer(3)
# draft-behera-ldap-password-policy-10 6.1: tell what stands against the account.
_ASKS_FOR_POLICY: Final = ber.constructed(
    _CONTROLS, (ber.constructed(ber.SEQUENCE, (ber.text("1.3.6.1.4.1.42.2.27.8.5.1"),)),)
)


def bind_request(message_id: int, name: str, password: str) -> bytes:
    """A simple bind (RFC 4511 4.2) as a whole message. Neither may be empty: such a bind is nobody's, and succeeds."""
    request = ber.constructed(_BIND_REQUEST, (_VERSION, ber.text(name), ber.text(password, _SIMPLE)))
    return ber.constructed(ber.SEQUENCE, (ber.integer(message_id), request, _ASKS_FOR_POLICY))


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """RFC 4511 4.5.1. `query`: a filter, encoded; `most` 0: without limit; `page` 0: all at once (else RFC 2696)."""

    base: str
    scope: int
    query: bytes
    attributes: Iterable[str]
    most: int = 0
    page: int = 0
    cookie: bytes = b""

    def encoded(self, message_id: int) -> bytes:
        """The whole LDAP message."""
        request = ber.constructed(
            _SEARCH_REQUEST,
            (
                ber.text(self.base),
                ber.integer(self.scope, ber.ENUMERATED),
                _NEVER_DEREFERENCE,
                ber.integer(self.most),
                ber.integer(0),
                _WITH_VALUES,
                self.query,
                ber.constructed(ber.SEQUENCE, map(ber.text, sorted(self.attributes) or _NO_ATTRIBUTES)),
            ),
        )
        return ber.constructed(ber.SEQUENCE, (ber.integer(message_id), request, self._controls()))

    def _controls(self) -> bytes:
        if not self.page:
            return b""
        value = ber.constructed(ber.SEQUENCE, (ber.integer(self.page), ber.element(ber.OCTET_STRING, self.cookie)))
        control = ber.constructed(ber.SEQUENCE, (ber.text(PAGED_RESULTS), ber.element(ber.OCTET_STRING, value)))
        return ber.constructed(_CONTROLS, (control,))
