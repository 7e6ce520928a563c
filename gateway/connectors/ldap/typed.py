"""What a person types: the name as it may be looked up, and passwords that no server shall ever see."""

import stringprep
import unicodedata
from typing import Final

from gateway.domain.directory_names import folded
from gateway.domain.errors import RejectedLogin

_MAXIMUM_NAME: Final = 256
_MAXIMUM_PASSWORD: Final = 1_024


def typed_name(username: str) -> str:
    """The name to look up: compatibility forms made plain (full width letters), outer blanks gone.

    Raises RejectedLogin: empty, over-long, unprintable, or a computer's.
    """
    name = unicodedata.normalize("NFKC", username[: 4 * _MAXIMUM_NAME]).strip()
    if not 1 <= len(name) <= _MAXIMUM_NAME or len(username) > 4 * _MAXIMUM_NAME:
        raise _unusable(name, f"the name has not 1 to {_MAXIMUM_NAME} characters")
    # NUL ends a name for servers written in C; bidirectional and zero-width characters make one name look like another.
    if not name.isprintable():
        raise _unusable(name, "the name holds characters that cannot be printed")
    if is_computer_name(name):
        raise _unusable(name, "the name is that of a computer account")
    return name


def is_computer_name(name: str) -> bool:
    """Whether the account's name ends in `$`, with or without a domain (noPac, CVE-2021-42278, began with these)."""
    account = name.rpartition("\\")[2]
    return account.endswith("$") or account.partition("@")[0].endswith("$")


def throttle_key(name: str) -> str:
    """One key for all spellings of a name."""
    return folded(name)


def loose_throttle_key(name: str) -> str:
    """One key for all names that may be one entry's in a DN, which tells nobody whose entry it is.

    Directories fold more than `throttle_key` does: to OpenLDAP a capital I with a dot is an `i`, to Active Directory no
    accent makes a difference. Each such spelling would have guesses of its own.
    """
    return "".join(one for one in unicodedata.normalize("NFKD", folded(name)) if unicodedata.category(one) != "Mn")


def typed_password(password: str, *, principal_key: str) -> str:
    """The password as it was typed, which is what directories compare.

    RFC 4513 5.1.3 would have it prepared (RFC 4013). OpenLDAP and Active Directory prepare none that they keep, so a
    prepared `²` or `½` is another password to them than the one that was set.

    Raises RejectedLogin for what a server would take for a bind without password (RFC 4513 5.1.2), or cut short.
    """
    if len(password) > _MAXIMUM_PASSWORD:
        cause = f"the password is longer than {_MAXIMUM_PASSWORD} characters"
        raise RejectedLogin(cause=cause, principal_key=principal_key)
    if "\0" in password:
        raise RejectedLogin(cause="the password holds NUL", principal_key=principal_key)
    # RFC 3454 B.1: characters that a server which prepares passwords leaves out.
    if not "".join(one for one in password if not stringprep.in_table_b1(one)).strip():
        raise RejectedLogin(cause="the password is empty or blank", principal_key=principal_key)
    return password


def _unusable(name: str, cause: str) -> RejectedLogin:
    return RejectedLogin(cause=cause, principal_key=throttle_key(name[:_MAXIMUM_NAME]))
