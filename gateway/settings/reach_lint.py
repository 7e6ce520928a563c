"""Roles that nobody can assume, and trust in those who do not exist: a name misspelt, or left behind by a change."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from gateway.domain.arn import RoleArn, issuer_path, session_arn, user_arn
from gateway.domain.identifiers import role_id, user_id
from gateway.settings.faults import Fault, Place, fault_at, shown
from gateway.settings.lint import is_misspelt, roles_of
from gateway.settings.models.document import DocumentModel
from gateway.settings.models.mappings import MappingSection
from gateway.settings.models.roles import RoleSection
from gateway.settings.models.section import document
from gateway.settings.patterns import split_name
from gateway.settings.references import Names
from gateway.settings.tree import Entry, Listing, Node, Section, child, items_of, plain, text_of
from gateway.settings.values import duration

_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_EVERYBODY: Final = "*"
_ROOT: Final = ":root"
_USUAL_SESSION: Final = 3600
_SHOWN: Final = 3
_NOBODY: Final = {
    False: "nobody can assume it: no mapping names it, and no trust_policy admits anybody; add one, or remove the role",
    True: "nobody can assume it: no mapping names it, and its trust_policy admits only who does not exist here or "
    "cannot be reached either; add a mapping, or name somebody who can",
}


def unreachable_roles(root: Section) -> Iterator[Fault]:
    """A warning for each such role and principal, and for roles whose sessions end before most clients expect."""
    names = Names.of(root)
    world = _World.of(names)
    reached = _reached(names, world)
    told = not is_misspelt(root, DocumentModel) and not any(is_misspelt(one, MappingSection) for one in names.mappings)
    for name, entry in names.roles.items():
        yield from _short_sessions(name, entry)
        trusted = world.trusted.get(name, ())
        for one in trusted:
            for missing in one.missing[:_SHOWN]:
                message = f"names {shown(missing)}, which does not exist here; correct the name, or remove it"
                yield fault_at(one.place, f"roles.{name}.{one.key}", message)
        if told and name in world.role_accounts and name not in reached and not is_misspelt(entry.node, RoleSection):
            yield fault_at(entry.place, f"roles.{name}", _NOBODY[bool(trusted)])


def _short_sessions(name: str, entry: Entry) -> Iterator[Fault]:
    node = child(entry.node, "max_session_duration")
    try:
        seconds = duration(plain(node)) if node is not None else _USUAL_SESSION
    except ValueError:
        return
    if node is not None and seconds < _USUAL_SESSION:
        message = (
            "is under 1h, which AWS never allows and many clients ask for (they are then refused); write 1h, or set "
            "the duration at every client"
        )
        yield fault_at(node.place, f"roles.{name}.max_session_duration", message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trusted:
    """One Allow statement of a trust policy: whom it admits of those who exist, and whom it names besides.

    `roles` and `accounts` can only be callers once they are reached themselves; `everybody` needs nobody else.
    """

    key: str
    place: Place
    everybody: bool = False
    roles: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _World:
    """Who there is. `callers`: every name of a role that a Principal may have to the role, None for a user."""

    callers: dict[str, str | None] = field(default_factory=dict)
    role_accounts: dict[str, str] = field(default_factory=dict)
    user_accounts: set[str] = field(default_factory=set)
    providers: set[str] = field(default_factory=set)
    trusted: dict[str, tuple[_Trusted, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Names) -> "_World":
        world = cls()
        for name, entry in names.roles.items():
            account, own = _account_of(name, names), split_name(name)[1]
            if account is None:
                continue
            arn = RoleArn(account=account, path=text_of(child(entry.node, "path")) or "/", name=own)
            world.role_accounts[name] = account
            world.callers |= {str(arn): name, role_id(account, own): name, session_arn(account, own, ""): name}
        for name in names.users:
            account, own = _account_of(name, names), split_name(name)[1]
            if account is None:
                continue
            world.user_accounts.add(account)
            world.callers |= {user_arn(account, "/", own): None, user_id(account, own): None}
        world.providers = {text for name, entry in names.providers.items() for text in _provider_names(name, entry)}
        known = ((name, entry) for name, entry in names.roles.items() if name in world.role_accounts)
        world.trusted = {name: tuple(world.trusted_by(name, entry)) for name, entry in known}
        return world

    def trusted_by(self, name: str, entry: Entry) -> Iterator[_Trusted]:
        node = child(entry.node, "trust_policy")
        for at, (statement, place) in enumerate(_statements(node, entry.place)):
            if statement.get("Effect") == "Allow":
                key = f"trust_policy.Statement[{at}]"
                yield self._trusted(statement, key, place, self.role_accounts[name])

    def _trusted(self, statement: Mapping[str, Any], key: str, place: Place, account: str) -> _Trusted:
        principal = statement.get("Principal")
        if not isinstance(principal, Mapping):
            # NotPrincipal admits whoever is not named, and `*` everybody.
            return _Trusted(key=key, place=place, everybody=True)
        roles: list[str] = []
        accounts: list[str] = []
        missing: list[str] = []
        everybody = False
        for kind, names in principal.items():
            if not _asks_for(kind, statement):
                continue
            for text in _texts(names):
                found = self._found(kind, text, account)
                if found is None:
                    missing.append(text)
                elif isinstance(found, bool):
                    everybody = True
                else:
                    (accounts if found.isdecimal() else roles).append(found)
        return _Trusted(
            key=key,
            place=place,
            everybody=everybody,
            roles=tuple(roles),
            accounts=tuple(accounts),
            missing=tuple(missing),
        )

    def _found(self, kind: str, text: str, account: str) -> str | bool | None:
        """True where somebody is admitted, a role's name or an account's id where that depends, None: nobody."""
        if text == _EVERYBODY:
            return True
        if kind == "Federated":
            return text.casefold() in self.providers or _of_account(text, account) in self.providers or None
        if kind != "AWS":
            return None
        own = text.removesuffix(_ROOT).rpartition(":")[2] if text.endswith(_ROOT) else text
        if own.isdecimal():
            if own in self.user_accounts:
                return True
            return own if own in self.role_accounts.values() else None
        for known in (text, f"{text.rpartition('/')[0]}/"):
            if known in self.callers:
                return self.callers[known] or True
        return None


def _reached(names: Names, world: _World) -> set[str]:
    """The roles that somebody can assume, directly or from role to role."""
    by_source: defaultdict[str, list[str]] = defaultdict(list)
    waiting = [role for mapping in names.mappings for role in roles_of(mapping, names)]
    for name, trusted in world.trusted.items():
        for one in trusted:
            if one.everybody:
                waiting.append(name)
            for source in (*one.roles, *one.accounts):
                by_source[source].append(name)
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in reached or name not in world.role_accounts:
            continue
        reached.add(name)
        waiting += by_source.pop(world.role_accounts[name], [])
        waiting += by_source.pop(name, [])
    return reached


def _account_of(name: str, names: Names) -> str | None:
    """The account of `ALIAS/NAME`; None where the settings have a fault there, which is told elsewhere."""
    account = names.accounts.get(split_name(name)[0], "")
    return account if _ACCOUNT.fullmatch(account) else None


def _provider_names(name: str, entry: Entry) -> Iterator[str]:
    """What a Federated principal may call the provider, whatever the account, in lower case."""
    kind = text_of(child(entry.node, "type")) or ""
    issuer = text_of(child(entry.node, "issuer"))
    if issuer is None:
        yield f"{kind}-provider/{name}".casefold()
        return
    try:
        path = issuer_path(issuer).casefold()
    except ValueError:
        return
    yield from (path, f"{kind}-provider/{path}")


def _of_account(text: str, account: str) -> str:
    """Of a provider's ARN what stands behind the account, where that is the role's own; of anything else nothing."""
    prefix = f"arn:aws:iam::{account}:"
    return text.removeprefix(prefix).casefold() if text.startswith(prefix) else ""


def _asks_for(kind: str, statement: Mapping[str, Any]) -> bool:
    """Whether the statement is about assuming the role at all, for callers of this kind."""
    if "Action" not in statement:
        return True
    patterns = [text.lower() for text in _texts(statement["Action"])]
    actions = _ACTIONS.get(kind, _ALL_ACTIONS)
    return any(fnmatchcase(action, pattern) for action in actions for pattern in patterns)


def _statements(node: Node | None, place: Place) -> Sequence[tuple[Mapping[str, Any], Place]]:
    """The statements with the line of each; of a document given as JSON text the line of its key."""
    if isinstance(node, Section):
        written = child(node, "Statement")
        nodes = items_of(written) if isinstance(written, Listing) else [written] if written is not None else []
        return [(plain(one), one.place) for one in nodes if isinstance(one, Section)]
    text = text_of(node)
    try:
        found = document(text).get("Statement") if text is not None else None
    except ValueError:
        return []
    several = found if isinstance(found, list) else [found]
    return [(one, place) for one in several if isinstance(one, dict)]


def _texts(value: object) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


_FEDERATED: Final = ("sts:assumerolewithwebidentity", "sts:assumerolewithsaml", "sts:assumerolewithldapidentity")
_ACTIONS: Final = {"AWS": ("sts:assumerole",), "Federated": _FEDERATED}
_ALL_ACTIONS: Final = ("sts:assumerole", *_FEDERATED)
