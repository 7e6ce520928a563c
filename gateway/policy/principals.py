"""Principal and NotPrincipal: who a trust or resource policy's statement is about.

Source: IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from gateway.domain.errors import MalformedPolicyDocument
from gateway.policy.elements import Reader, known_members, step
from gateway.policy.query import PrincipalReference
from gateway.policy.variables import Source

EVERYBODY: Final = "*"


class Reach(IntEnum):
    """How far an Allow of a resource policy carries by itself, within the resource's own account.

    Source: IAM User Guide, "Policy evaluation logic", "Evaluating identity-based policies with resource-based
    policies". Which names give which: see `reach`.
    """

    NONE = 0
    DELEGATED = 1
    """The account is named: its own policies must allow the caller as well."""
    LIMITED = 2
    """The role behind a session is named: boundary and session policies still limit it."""
    DIRECT = 3
    """The caller is named: no other policy need allow it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principals:
    """Those whom one element names, as written: `*` or kind to names."""

    written: str | Mapping[str, tuple[str, ...]]
    everybody: bool = False
    any_provider: bool = False
    accounts: frozenset[str] = frozenset()
    arns: frozenset[str] = frozenset()
    federated: frozenset[str] = frozenset()

    def reach(self, caller: PrincipalReference | None) -> Reach:
        """The strongest of the ways in which `caller` is named."""
        if self.everybody:
            return Reach.DIRECT
        if caller is None:
            return Reach.NONE
        if (self.any_provider and caller.federated) or not self.federated.isdisjoint(caller.federated):
            return Reach.DIRECT
        named = self.arns & caller.arns
        if named:
            return max(_reach_of(arn, caller) for arn in named)
        return Reach.DELEGATED if caller.account in self.accounts else Reach.NONE

    def names_some_of(self, caller: PrincipalReference | None) -> bool:
        return self.reach(caller) is not Reach.NONE

    def names_all_of(self, caller: PrincipalReference | None) -> bool:
        """Whether every name of `caller` is here: the account, and a session's role beside the session.

        An exception from a Deny must name them all, else naming an account would except everybody in it.
        """
        if self.everybody or caller is None or not (caller.arns or caller.account):
            return self.names_some_of(caller)
        ids = {name for name in caller.arns if not name.startswith(_ARN)}
        return caller.account in self.accounts and caller.arns - ids <= self.arns


def compile_principals(value: Any, path: str, reader: Reader) -> Principals:
    """Raises MalformedPolicyDocument."""
    if value == EVERYBODY:
        return Principals(written=EVERYBODY, everybody=True)
    if isinstance(value, str):
        raise MalformedPolicyDocument(path, 'must be "*" or an object such as {"AWS": "111122223333"}')
    kinds = known_members(value, path, _KINDS)
    if not kinds:
        raise MalformedPolicyDocument(path, "names nobody; name a principal")
    sources = {kind: reader.texts(names, step(path, kind)) for kind, names in kinds.items()}
    for kind, several in sources.items():
        for source in several:
            _KINDS[kind](source)
    aws = [source.text for source in sources.get("AWS", ())]
    federated = [source.text for source in sources.get("Federated", ())]
    return Principals(
        written={kind: tuple(source.text for source in several) for kind, several in sources.items()},
        everybody=EVERYBODY in aws,
        any_provider=EVERYBODY in federated,
        accounts=frozenset(match[1] or match[2] for text in aws if (match := _ACCOUNT.fullmatch(text))),
        arns=frozenset(text for text in aws if not _ACCOUNT.fullmatch(text)) - {EVERYBODY},
        federated=frozenset(federated) - {EVERYBODY},
    )


def _reach_of(name: str, caller: PrincipalReference) -> Reach:
    if _SESSION.match(name):
        return Reach.DIRECT
    # A role only ever acts through a session; so does a user whose own session is among the caller's names.
    is_session = _ROLE.match(name) or any(_SESSION.match(arn) for arn in caller.arns)
    return Reach.LIMITED if is_session else Reach.DIRECT


_ARN: Final = "arn:"
_PARTITION: Final = r"arn:aws[a-z-]*"
_ACCOUNT: Final = re.compile(rf"([0-9]{{12}})|{_PARTITION}:iam::([0-9]{{12}}):root")
_SESSION: Final = re.compile(rf"{_PARTITION}:sts::[0-9]{{12}}:(?:assumed-role|federated-user)/")
_ROLE: Final = re.compile(rf"{_PARTITION}:iam::[0-9]{{12}}:role/|AROA")
_NAME: Final = r"[\x21-\x29\x2b-\x3e\x40-\x7e]+"
_AWS: Final = re.compile(
    rf"{_PARTITION}:iam::[0-9]{{12}}:(?:user|role)/{_NAME}"
    rf"|{_PARTITION}:sts::[0-9]{{12}}:(?:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+)"
    r"|A[A-Z]{3}[A-Z0-9]{12,124}",
    re.ASCII,
)
_FEDERATED: Final = re.compile(
    rf"{_PARTITION}:iam::[0-9]{{12}}:(?:oidc|saml|ldap)-provider/{_NAME}"
    rf"|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{{1,5}})?(?:/{_NAME})?"
)
_SERVICE: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_CANONICAL_USER: Final = re.compile(r"[0-9a-f]{64}")


def _check_aws(source: Source) -> None:
    text = source.text
    if text == EVERYBODY or _ACCOUNT.fullmatch(text) or _AWS.fullmatch(text):
        return
    if text.startswith(_ARN) and ("*" in text or "?" in text):
        raise source.fault("has a wildcard inside an ARN; use a condition on aws:PrincipalArn for a pattern")
    raise source.fault(
        "is no principal; name an account id, or the ARN of an account's root, a user, a role, a role session or a "
        "federated user"
    )


def _check_federated(source: Source) -> None:
    if source.text != EVERYBODY and not _FEDERATED.fullmatch(source.text):
        raise source.fault(
            "is no identity provider; name its ARN, such as arn:aws:iam::111122223333:oidc-provider/HOST"
        )


def _check_service(source: Source) -> None:
    if not _SERVICE.fullmatch(source.text):
        raise source.fault("is no service principal such as ec2.amazonaws.com")


def _check_canonical_user(source: Source) -> None:
    if not _CANONICAL_USER.fullmatch(source.text):
        raise source.fault("is no canonical user id, which has 64 hexadecimal digits")


# Service principals and canonical users are in the grammar; nobody who calls the gateway is one.
_KINDS: Final[Mapping[str, Callable[[Source], None]]] = {
    "AWS": _check_aws,
    "Federated": _check_federated,
    "Service": _check_service,
    "CanonicalUser": _check_canonical_user,
}
