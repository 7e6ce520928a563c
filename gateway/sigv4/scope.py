"""The credential scope: for which day, region and service a signing key was derived."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.domain.errors import ScopeMismatch

TERMINATOR: Final = "aws4_request"
_REMEMBERED: Final = 1_024

# Groups of the expressions that read a scope. An access key id is printable ASCII without `/` and `,`, which end it.
ACCESS_KEY_ID: Final = r"([!-+\-.0-~]{1,128})"
DATE: Final = r"([0-9]{8})"
NAME: Final = r"([A-Za-z0-9_-]{1,64})"

_CREDENTIAL: Final = re.compile(f"{ACCESS_KEY_ID}/{DATE}/{NAME}/{NAME}/{NAME}")
_LONGEST: Final = 128 + 1 + 8 + 3 * (1 + 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialScope:
    """Where a signature counts. date: `YYYYMMDD` in UTC; the terminator is always `aws4_request`."""

    date: str
    region: str
    service: str

    @property
    def text(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{TERMINATOR}"


def read_credential(text: str) -> tuple[str, CredentialScope] | None:
    """Read `keyid/date/region/service/aws4_request`; None where the text has another shape.

    Raises ScopeMismatch when only the terminator is another.
    """
    # A longer text is none, and is not remembered: any client may send a thousand of 64 KiB.
    return _read(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=_REMEMBERED)
def _read(text: str) -> tuple[str, CredentialScope] | None:
    found = _CREDENTIAL.fullmatch(text)
    if found is None:
        return None
    access_key_id, date, region, service, terminator = found.groups()
    check_terminator(terminator)
    return access_key_id, CredentialScope(date=date, region=region, service=service)


def check_terminator(terminator: str) -> None:
    """Raise ScopeMismatch when a scope ends otherwise than in `aws4_request`."""
    if terminator != TERMINATOR:
        raise ScopeMismatch(
            f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{terminator}'.",
            part="terminator",
            given=terminator,
            expected=TERMINATOR,
        )


def check_date(scope: CredentialScope, timestamp: str) -> None:
    """Raise ScopeMismatch when the scope is of another day than the request (`timestamp`: `YYYYMMDDTHHMMSSZ`)."""
    if scope.date != timestamp[:8]:
        raise ScopeMismatch(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{scope.date}' != '{timestamp[:8]}', from '{timestamp}'.",
            part="date",
            given=scope.date,
            expected=timestamp[:8],
        )


def check_scope(scope: CredentialScope, *, service: str, region: str | None) -> None:
    """Raise ScopeMismatch unless the scope names this service and, where one is given, this region."""
    if region is not None and scope.region != region:
        raise ScopeMismatch(
            f"Credential should be scoped to a valid Region, not '{scope.region}'.",
            part="region",
            given=scope.region,
            expected=region,
        )
    if scope.service != service:
        raise ScopeMismatch(
            f"Credential should be scoped to correct service: '{service}'.",
            part="service",
            given=scope.service,
            expected=service,
        )
