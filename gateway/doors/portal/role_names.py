"""How forms and paths of the portal name a role: `ACCOUNT/ROLE`, with the account's number."""

import re
from typing import Final

from gateway.domain.errors import InvalidParameter

_ACCOUNT: Final = re.compile(r"[0-9]{12}", re.ASCII)
_ROLE: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


def account_and_role(text: str) -> tuple[str, str]:
    """Raises InvalidParameter."""
    account, _, role = text.partition("/")
    if not _ACCOUNT.fullmatch(account) or not _ROLE.fullmatch(role):
        raise InvalidParameter(
            "A role is named by its account's number and its name: 111122223333/Analyst", parameter="of"
        )
    return account, role
