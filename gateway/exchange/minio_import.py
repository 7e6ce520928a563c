"""MinIO's policies and attachments as roles, policies and mappings, with the reason for each.

In MinIO a person has the policies of all their groups and of their own DN at once. A session here is of one role, so
what is attached together becomes one role, and somebody who holds several chooses.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway.exchange.minio_attachments import Attachment, Holder
from gateway.exchange.minio_policies import MovedPolicy, UnusableExport, fitting_name

ACCOUNT: Final = "minio"
ACCOUNT_ID: Final = "111122223333"
DIRECTORY: Final = "ldap"
OPENID: Final = "openid"
_LONGEST_ROLE: Final = 64
_NOT_MOVED: Final = {
    Holder.MINIO_USER: "its secret key cannot be read out; give it keys under `users`, or let it sign in",
    Holder.MINIO_GROUP: "it holds users of MinIO's own, which do not come along",
}
# RFC 8259 gives a claim of one policy as a text; MinIO also takes several in one text, with commas between.
_CLAIM_GLOBS: Final = ("{}", "{},*", "*,{}", "*,{},*")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRole:
    """One role, and whom MinIO gave its policies: groups and people by DN, and what an ID token must hold."""

    name: str
    policies: tuple[str, ...]
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    claims: tuple[Mapping[str, Sequence[str]], ...] = ()
    """One mapping each."""

    @property
    def trust_policy(self) -> Mapping[str, Any] | None:
        """Who is let in by DN: case is ignored, since MinIO writes attribute types in lower case and AD does not."""
        if not self.people:
            return None
        dns = [dn.replace("${", "${$}{") for dn in self.people]
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT_ID}:ldap-provider/{DIRECTORY}"},
                    "Action": "sts:AssumeRoleWithLDAPIdentity",
                    "Condition": {"StringEqualsIgnoreCase": {"ldap:user": dns}},
                }
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """All of it. `left_out`: what MinIO grants and this does not, a sentence each with the mend."""

    policies: tuple[MovedPolicy, ...]
    roles: tuple[NewRole, ...]
    left_out: tuple[str, ...]


def imported(policies: Sequence[MovedPolicy], attachments: Sequence[Attachment]) -> Import:
    """Raises UnusableExport: two policies of one name."""
    by_old_name = {policy.old_name: policy for policy in policies}
    if len(by_old_name) < len(policies) or len({policy.name for policy in policies}) < len(policies):
        names = sorted(policy.name for policy in policies)
        twice = next(name for name in names if names.count(name) > 1)
        raise UnusableExport(f"two policies are called {twice}; rename one of them, in its file and the attachments")
    left_out = [
        f"{one.holder.value} {one.name}: {_NOT_MOVED[one.holder]}" for one in attachments if one.holder in _NOT_MOVED
    ]
    together: dict[tuple[str, ...], list[Attachment]] = {}
    for wanted, holder in _wanted(policies, attachments):
        lost = _lost(wanted, by_old_name)
        if lost is not None:
            left_out.append(f"{holder.holder.value} {holder.name}: {lost}")
            continue
        kept = tuple(by_old_name[name].name for name in wanted if by_old_name[name].document is not None)
        together.setdefault(kept, []).append(holder)
    taken: set[str] = set()
    roles = tuple(_role(kept, holders, taken) for kept, holders in together.items())
    return Import(policies=tuple(policies), roles=roles, left_out=tuple(left_out))


def _wanted(
    policies: Sequence[MovedPolicy], attachments: Sequence[Attachment]
) -> Iterator[tuple[Sequence[str], Attachment]]:
    """The policies, in MinIO's names, that make one role together, and one holder of them."""
    for one in attachments:
        if one.holder is Holder.CLAIM:
            # Which policies a token names, only the provider knows: each of them is for who brings its name.
            for policy in policies:
                if policy.document is not None:
                    yield [policy.old_name], replace(one, policies=frozenset({policy.old_name}))
        elif one.holder not in _NOT_MOVED and one.policies:
            yield sorted(one.policies), one


def _lost(names: Sequence[str], by_old_name: Mapping[str, MovedPolicy]) -> str | None:
    """Why these policies make no role."""
    missing = [name for name in names if name not in by_old_name]
    if missing:
        # A policy may hold a Deny: the others alone could be more than MinIO gave.
        return f"no file holds the policy {missing[0]}; save it with `mc admin policy info`, then import again"
    if all(by_old_name[name].document is None for name in names):
        return f"of {', '.join(names)} nothing means anything here"
    return None


def _role(policies: tuple[str, ...], holders: Sequence[Attachment], taken: set[str]) -> NewRole:
    return NewRole(
        name=_unused("+".join(policies), taken),
        policies=policies,
        groups=tuple(one.name for one in holders if one.holder is Holder.GROUP),
        people=tuple(one.name for one in holders if one.holder is Holder.PERSON),
        claims=tuple(_claims(one) for one in holders if one.holder in {Holder.BEARER, Holder.CLAIM}),
    )


def _claims(holder: Attachment) -> Mapping[str, Sequence[str]]:
    if holder.holder is Holder.BEARER:
        return {"sub": ["*"]}
    # A `?` stands for any one letter, itself too; a `*` in the name would stand for all policies.
    (name,) = (policy.replace("*", "?") for policy in holder.policies)
    return {holder.name: [glob.format(name) for glob in _CLAIM_GLOBS]}


def _unused(wanted: str, taken: set[str]) -> str:
    """A role's name that no other role has."""
    names = (fitting_name(wanted, _LONGEST_ROLE - 4) + suffix for suffix in ("", *(f"-{n}" for n in range(2, 1_000))))
    name = next(name for name in names if name.lower() not in taken)
    taken.add(name.lower())
    return name
