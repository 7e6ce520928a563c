"""Numbers, dates, addresses and bytes as conditions compare them: read once, strictly; None for what is none."""

import base64
import binascii
import ipaddress
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Final

Address = tuple[int, int]
"""Version and number."""

Network = tuple[int, int, int]
"""Version, how many bits do not count, and the number without these."""

# Request values repeat between the conditions of one request, and between the requests of one client.
_REMEMBERED: Final = 1024
# What is longer is no number, date or address, and is not remembered either.
_LONGEST: Final = 100
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")
_YEAR: Final = re.compile(r"[0-9]{4}")
_EPOCH: Final = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,9})?")
# The profile of ISO 8601 in W3C's "Date and Time Formats": each form ends after a whole step.
_DATE: Final = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,9})?)?(?:Z|([+-])([0-9]{2}):([0-5][0-9])))?)?)?"
)
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CIDR: Final = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?")
_MAPPED_BITS: Final = 96


def number(text: str) -> Decimal | None:
    return _number(text) if len(text) <= _LONGEST else None


def moment(text: str) -> Decimal | None:
    """Seconds since 1970 of a date in a W3C form or in epoch seconds; four digits are a year, as W3C has it."""
    return _moment(text) if len(text) <= _LONGEST else None


def address(text: str) -> Address | None:
    """An address; an IPv4 one in IPv6's clothes (`::ffff:192.0.2.1`) is itself, so that no Deny is walked around."""
    return _address(text) if len(text) <= _LONGEST else None


@lru_cache(_REMEMBERED)
def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


@lru_cache(_REMEMBERED)
def _moment(text: str) -> Decimal | None:
    if _EPOCH.fullmatch(text) and not _YEAR.fullmatch(text):
        return Decimal(text)
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        date = datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=timezone(offset),
        )
        return Decimal((date - _BEGINNING) // timedelta(seconds=1)) + Decimal(fraction or 0)
    except (ValueError, OverflowError):
        return None


@lru_cache(_REMEMBERED)
def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.version, int(found)


def network(text: str) -> Network | None:
    """A range in CIDR form, whose host bits do not count, or one bare address."""
    if not _CIDR.fullmatch(text):
        return None
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    mapped = found.network_address.ipv4_mapped if isinstance(found, ipaddress.IPv6Network) else None
    if mapped is not None and found.prefixlen >= _MAPPED_BITS:
        found = ipaddress.IPv4Network((mapped, found.prefixlen - _MAPPED_BITS))
    bits = found.max_prefixlen - found.prefixlen
    return found.version, bits, int(found.network_address) >> bits


def within(found: Address, ranges: Sequence[Network]) -> bool:
    version, value = found
    for of, bits, base in ranges:  # noqa: SIM110  a generator costs more than the comparison
        if of == version and value >> bits == base:
            return True
    return False


def octets(text: str) -> bytes | None:
    """Bytes in base64 (RFC 4648 4), padded and without anything else."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
