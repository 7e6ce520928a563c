"""Cookies of people's browsers: what they are called, how they are set, and the signature that makes them ours.

The signature is itsdangerous' (HMAC-SHA-256, one salt a purpose, always with an age); what is signed is a random id and
no secret in itself. Its keys come of the keyring, from oldest to newest, so that rotation signs nobody out.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from itsdangerous import BadSignature, TimestampSigner

from gateway.domain.clock import Clock

_MAXIMUM_HEADER: Final = 16_384
_REMEMBERED: Final = 1_024
_SKEW: Final = 60
"""Seconds by which the clock of the replica that signed may be ahead."""
_NEVER: Final = "Thu, 01 Jan 1970 00:00:00 GMT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie and its age in seconds, which its signature holds too.

    `cross_site`: it comes along with another site's POST too, where people come by https; only for what binds a sign-in
    that such a POST completes.
    """

    name: str
    max_age: int
    cross_site: bool = False


class SignedCookies:
    """Cookies of one gateway. `keys`: oldest to newest, at this moment; the same object as long as they are the same.

    A signature that held is not reckoned anew as long as the keys are the same; how old it is, is looked at each time.
    """

    def __init__(self, keys: Callable[[], Sequence[bytes]], clock: Clock, *, secure: bool) -> None:
        """secure: whether people come by https; only then does a browser keep `__Host-` and `Secure`."""
        self._keys = keys
        self._clock = clock
        self._prefix = "__Host-" if secure else ""
        self._secure = secure
        self._by: Sequence[bytes] | None = None
        self._signers: dict[str, TimestampSigner] = {}
        self._held: dict[tuple[str, str], tuple[str, datetime]] = {}

    def set(self, cookie: Cookie, value: str) -> tuple[bytes, bytes]:
        """The header that keeps `value`: text of base64url's characters."""
        signed = self.signed(cookie.name, value)
        return self._header(cookie, f"{signed}; Max-Age={cookie.max_age}")

    def clear(self, cookie: Cookie) -> tuple[bytes, bytes]:
        return self._header(cookie, f"; Max-Age=0; Expires={_NEVER}")

    def read(self, cookie: Cookie, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """The value that we once set; None where there is none, several, one changed or too old."""
        name = f"{self._prefix}{cookie.name}"
        found = [value for key, value in _pairs(headers) if key == name]
        # Another host of the domain may have planted a second one: which of them is ours nobody can tell.
        return self.unsigned(cookie.name, found[0], cookie.max_age) if len(found) == 1 else None

    def signed(self, purpose: str, value: str) -> str:
        return self._signer(purpose).sign(value).decode("ascii")

    def unsigned(self, purpose: str, text: str, max_age: int) -> str | None:
        """What was signed for this purpose at most `max_age` seconds ago."""
        signer = self._signer(purpose)
        held = self._held.get((purpose, text))
        if held is None:
            try:
                value, signed_at = signer.unsign(text, return_timestamp=True)
                held = value.decode("ascii"), signed_at
            except (BadSignature, UnicodeError):
                return None
            self._keep((purpose, text), held)
        value_held, signed_at = held
        age = signer.get_timestamp() - signed_at.timestamp()
        return value_held if -_SKEW <= age <= max_age else None

    def _keep(self, signed: tuple[str, str], held: tuple[str, datetime]) -> None:
        while len(self._held) >= _REMEMBERED:
            del self._held[next(iter(self._held))]
        self._held[signed] = held

    def _signer(self, purpose: str) -> TimestampSigner:
        keys = self._keys()
        if keys is not self._by:
            # What another keyring vouched for, this one may not.
            self._by, self._signers, self._held = keys, {}, {}
        signer = self._signers.get(purpose)
        if signer is None:
            signer = self._signers[purpose] = _Signer(
                list(keys),
                salt=f"sts-gateway {purpose}",
                key_derivation="hmac",
                digest_method=hashlib.sha256,
                clock=self._clock,
            )
        return signer

    def _header(self, cookie: Cookie, text: str) -> tuple[bytes, bytes]:
        # Without https browsers take SameSite=None from nobody; loopback's ports are one site.
        same_site = "None" if cookie.cross_site and self._secure else "Lax"
        attributes = f"; Path=/; HttpOnly; SameSite={same_site}{'; Secure' if self._secure else ''}"
        return b"set-cookie", f"{self._prefix}{cookie.name}={text}{attributes}".encode("ascii")


class _Signer(TimestampSigner):
    def __init__(self, *given: Any, clock: Clock, **more: Any) -> None:
        super().__init__(*given, **more)
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock.now().timestamp())


def _pairs(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[str, str]]:
    sent = b"; ".join(value for name, value in headers if name == b"cookie")
    for pair in sent[:_MAXIMUM_HEADER].decode("latin-1").split(";"):
        name, _, value = pair.strip().partition("=")
        yield name, value
