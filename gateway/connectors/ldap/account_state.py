"""What a directory says of an account beside its password: disabled, locked, expired, to be changed first.

A sentence is for the person, and only where the directory had accepted the password before it looked at the account:
else whoever guesses names would learn which exist.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.connectors.ldap.results import Answer, Code, Entry

DISABLED: Final = "Your account is disabled; ask your administrator"
EXPIRED: Final = "Your account has expired; ask your administrator"
TOO_OLD: Final = "Your password has expired; change it where you usually do, then sign in again"
MUST_CHANGE: Final = "You must change your password before you sign in; do so where you usually do"
NOT_NOW: Final = "Your account may not sign in at this time of day; ask your administrator"
NOT_HERE: Final = "Your account may not sign in from here; ask your administrator"

ATTRIBUTES: Final = frozenset(
    {
        "userAccountControl",
        "accountExpires",
        "pwdLastSet",
        "nsAccountLock",
        "shadowExpire",
        "shadowLastChange",
        "shadowMax",
        "pwdAccountLockedTime",
        "pwdReset",
    }
)
"""What `of_entry` looks at, where the directory has it."""

_PASSWORD_POLICY: Final = "1.3.6.1.4.1.42.2.27.8.5.1"  # noqa: S105  an object identifier
_PASSWORD_EXPIRED: Final = "2.16.840.1.113730.3.4.4"  # noqa: S105  likewise
_SUBCODE: Final = re.compile(r"AcceptSecurityContext error, data ([0-9a-f]{1,8})\b", re.IGNORECASE)
# [MS-ERREF]; 775 comes before the password is looked at, the others after it was right.
_SUBCODES: Final = {
    "525": ("there is no such user", None),
    "52e": ("the password is wrong", None),
    "530": ("the account may not sign in at this time", NOT_NOW),
    "531": ("the account may not sign in at this workstation", NOT_HERE),
    "532": ("the password has expired", TOO_OLD),
    "533": ("the account is disabled", DISABLED),
    "701": ("the account has expired", EXPIRED),
    "773": ("the password must be changed first", MUST_CHANGE),
    "775": ("the account is locked", None),
}
# draft-behera-ldap-password-policy-10 section 6.2
_POLICY_ERRORS: Final = {
    0: ("the password has expired", TOO_OLD),
    1: ("the account is locked", None),
    2: ("the password must be changed first", MUST_CHANGE),
}
_ERROR_TAG: Final = 0x81
_COMPUTERS: Final = 0x0800 | 0x1000 | 0x2000
_ACCOUNT_DISABLED: Final = 0x0002
_NEVER: Final = 0x7FFFFFFFFFFFFFFF
_FILETIME_EPOCH_SECONDS: Final = 11_644_473_600
_DAY_SECONDS: Final = 86_400
_YES: Final = "TRUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an account may not sign in: `cause` for the audit log, `sentence` for the person where it may be told."""

    cause: str
    sentence: str | None = None


def of_bind(answer: Answer) -> Refusal | None:
    """What the answer to a person's bind refuses; None where the password was right and nothing stands against it."""
    policy = _POLICY_ERRORS.get(_policy_error(answer))
    if answer.succeeded:
        if policy is None and _PASSWORD_EXPIRED in answer.controls:
            policy = _POLICY_ERRORS[2]
        return None if policy is None else Refusal(cause=policy[0], sentence=policy[1])
    if answer.code != Code.INVALID_CREDENTIALS:
        return Refusal(cause=f"the directory refuses the bind: {answer.told}")
    subcode = _SUBCODE.search(answer.message)
    if subcode is not None:
        cause, sentence = _SUBCODES.get(subcode[1].lower(), ("the directory refuses the bind", None))
        return Refusal(cause=f"{cause} (data {subcode[1].lower()})", sentence=sentence)
    if policy is not None:
        return Refusal(cause=policy[0], sentence=policy[1])
    return Refusal(cause="the password is wrong")


def of_entry(entry: Entry, now: datetime) -> Refusal | None:
    """What the entry of a person whose password was right holds against a sign-in."""
    return _of_active_directory(entry, now) or _of_lock(entry) or _of_shadow(entry, now)


def is_computer(entry: Entry) -> bool:
    """Whether the account is a machine's or a domain's, which nobody signs in as."""
    if "computer" in {name.lower() for name in entry.texts("objectClass")}:
        return True
    return bool((entry.number("userAccountControl") or 0) & _COMPUTERS)


def _of_active_directory(entry: Entry, now: datetime) -> Refusal | None:
    if (entry.number("userAccountControl") or 0) & _ACCOUNT_DISABLED:
        return Refusal(cause="the account is disabled (userAccountControl)", sentence=DISABLED)
    expires = entry.number("accountExpires") or 0
    # Hundreds of nanoseconds since 1601; 0 and the largest number mean never.
    if 0 < expires < _NEVER and expires / 10_000_000 - _FILETIME_EPOCH_SECONDS <= now.timestamp():
        return Refusal(cause="the account has expired (accountExpires)", sentence=EXPIRED)
    if entry.number("pwdLastSet") == 0:
        return Refusal(cause="the password must be changed first (pwdLastSet)", sentence=MUST_CHANGE)
    return None


def _of_lock(entry: Entry) -> Refusal | None:
    if _YES in {text.upper() for text in entry.texts("nsAccountLock")}:
        return Refusal(cause="the account is disabled (nsAccountLock)", sentence=DISABLED)
    if "000001010000Z" in entry.texts("pwdAccountLockedTime"):
        return Refusal(cause="the account is locked for good (pwdAccountLockedTime)", sentence=DISABLED)
    if _YES in {text.upper() for text in entry.texts("pwdReset")}:
        return Refusal(cause="the password must be changed first (pwdReset)", sentence=MUST_CHANGE)
    return None


def _of_shadow(entry: Entry, now: datetime) -> Refusal | None:
    """shadow(5): days since 1970; -1 or no value means without limit."""
    today = int(now.timestamp()) // _DAY_SECONDS
    expire, changed, longest = (entry.number(name) for name in ("shadowExpire", "shadowLastChange", "shadowMax"))
    if expire is not None and 0 <= expire <= today:
        return Refusal(cause="the account has expired (shadowExpire)", sentence=EXPIRED)
    if changed == 0:
        return Refusal(cause="the password must be changed first (shadowLastChange)", sentence=MUST_CHANGE)
    if changed is not None and longest is not None and changed > 0 and longest >= 0 and changed + longest < today:
        return Refusal(cause="the password has expired (shadowMax)", sentence=TOO_OLD)
    return None


def _policy_error(answer: Answer) -> int:
    """The error of the control: SEQUENCE { warning [0] CHOICE OPTIONAL, error [1] ENUMERATED OPTIONAL }; -1: none."""
    value = answer.controls.get(_PASSWORD_POLICY)
    if not isinstance(value, bytes) or len(value) < 2 or value[0] != 0x30 or value[1] != len(value) - 2:
        return -1
    at = 2
    while at + 2 <= len(value):
        tag, length = value[at], value[at + 1]
        if tag == _ERROR_TAG and length == 1 and at + 2 < len(value):
            return value[at + 2]
        at += 2 + length
    return -1
