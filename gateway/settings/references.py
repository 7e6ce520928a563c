"""What one section says of another: every name that must be known, and what may be said only once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.domain.arn import issuer_path
from gateway.settings.faults import Fault, Place, fault_at, nearest, shown
from gateway.settings.models.mappings import is_group_pattern
from gateway.settings.models.section import is_json
from gateway.settings.patterns import group_names, roles_meant, split_name
from gateway.settings.tree import Entry, Node, Scalar, Section, child, entries_of, items_of, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the configuration declares, faulty entries included: a role with a mistake in it is no unknown role."""

    root: Section
    accounts: dict[str, str]
    providers: dict[str, Entry]
    roles: dict[str, Entry]
    policies: dict[str, Entry]
    users: dict[str, Entry]
    services: dict[str, Entry]
    mappings: list[Node]

    @classmethod
    def of(cls, root: Section) -> "Names":
        accounts = entries_of(child(root, "accounts"))
        return cls(
            root=root,
            accounts={alias: text_of(entry.node) or "" for alias, entry in accounts.items()},
            providers=entries_of(child(root, "providers")),
            roles=entries_of(child(root, "roles")),
            policies=entries_of(child(root, "policies")),
            users=entries_of(child(root, "users")),
            services=entries_of(child(root, "services")),
            mappings=items_of(child(root, "mappings")),
        )


def reference_faults(root: Section) -> list[Fault]:
    """Every fault between sections; faults inside one section are the models' to tell."""
    names = Names.of(root)
    return [fault for check in _CHECKS for fault in check(names)]


def _accounts(names: Names) -> Iterator[Fault]:
    entries = entries_of(child(names.root, "accounts"))
    ids = ((text_of(entry.node), entry.place, f"accounts.{alias}") for alias, entry in entries.items())
    yield from _once(ids, "two aliases of one account id")
    folded = ((alias.casefold(), entry.place, f"accounts.{alias}") for alias, entry in entries.items())
    yield from _once(folded, "two aliases that differ only in case")


def _providers(names: Names) -> Iterator[Fault]:
    issuers = (
        (_comparable(text_of(child(entry.node, "issuer"))), _issuer_place(entry), f"providers.{name}.issuer")
        for name, entry in names.providers.items()
    )
    # A token finds its provider by `iss` alone; two that differ only by case or slash would share one ARN.
    yield from _once(issuers, "two providers with one issuer; give one provider the audiences of both")
    # A directory's name stands in its ARN, and condition keys are compared without regard to case.
    folded = ((name.casefold(), entry.place, f"providers.{name}") for name, entry in names.providers.items())
    yield from _once(folded, "two names that differ only in case")
    own = _comparable(text_of(child(names.root, "gateway", "public_url")))
    for name, entry in names.providers.items():
        # AWS takes none of its own ID tokens either: a session would renew itself without end, by another name.
        if own is not None and _comparable(text_of(child(entry.node, "issuer"))) == own:
            message = "is the gateway's own `public_url`, whose tokens it never takes back; name another issuer"
            yield fault_at(_issuer_place(entry), f"providers.{name}.issuer", message)


def _issuer_place(provider: Entry) -> Place:
    issuer = entries_of(provider.node).get("issuer")
    return issuer.place if issuer else provider.place


def _comparable(issuer: str | None) -> str | None:
    try:
        return issuer_path(issuer).casefold() if issuer else None
    except ValueError:
        return None


def _owned(names: Names) -> Iterator[Fault]:
    """Roles and users: account and policies known, names unlike without regard to case, as in IAM."""
    for section, entries in (("roles", names.roles), ("users", names.users)):
        folded = ((name.casefold(), entry.place, f"{section}.{name}") for name, entry in entries.items())
        yield from _once(folded, "two names that differ only in case")
        for name, entry in entries.items():
            key = f"{section}.{name}"
            alias = split_name(name)[0]
            if alias and alias not in names.accounts:
                message = f"unknown account {shown(alias)}{_hint(alias, names.accounts, 'accounts')}"
                yield fault_at(entry.place, key, message)
            for at, policy in enumerate(items_of(child(entry.node, "policies"))):
                yield from _policy(policy, f"{key}.policies[{at}]", names)
            boundary = child(entry.node, "permissions_boundary")
            if boundary is not None:
                yield from _policy(boundary, f"{key}.permissions_boundary", names)


def _policy(node: Node, key: str, names: Names) -> Iterator[Fault]:
    name = text_of(node)
    if name is not None and not is_json(name) and name not in names.policies:
        yield from _unknown(node, key, "policy", name, names.policies, "policies")


def _mappings(names: Names) -> Iterator[Fault]:
    for at, mapping in enumerate(names.mappings):
        key = f"mappings[{at}]"
        provider = child(mapping, "provider")
        name = text_of(provider)
        if provider is not None and name is not None and name not in names.providers:
            yield from _unknown(provider, f"{key}.provider", "provider", name, names.providers, "providers")
        entries = entries_of(mapping)
        if "group_pattern" in entries:
            yield from _pattern(mapping, entries["group_pattern"], key, names)
        else:
            yield from _roles(mapping, key, names)


def _roles(mapping: Node, key: str, names: Names) -> Iterator[Fault]:
    for at, role in enumerate(items_of(child(mapping, "roles"))):
        name = text_of(role)
        if name is None or name in names.roles:
            continue
        if "{" in name:
            message = "a template needs `group_pattern` beside it; name the roles, or add the pattern"
            yield fault_at(role.place, f"{key}.roles[{at}]", message)
        else:
            yield from _unknown(role, f"{key}.roles[{at}]", "role", name, names.roles, "roles")


def _pattern(mapping: Node, pattern: Entry, key: str, names: Names) -> Iterator[Fault]:
    if "groups" in entries_of(mapping):
        message = "`groups` and `group_pattern` in one mapping; write two mappings"
        yield fault_at(pattern.place, f"{key}.group_pattern", message)
    meant: dict[str, None] = {}
    for at, template in enumerate(items_of(child(mapping, "roles"))):
        text = text_of(template)
        if text is None:
            continue
        found = roles_meant([text], names.roles, names.accounts)
        meant.update(dict.fromkeys(found))
        if not found and "{" in text:
            yield fault_at(
                template.place, f"{key}.roles[{at}]", "means no configured role; correct it, or add the roles"
            )
        elif not found and text not in names.roles:
            yield from _unknown(template, f"{key}.roles[{at}]", "role", text, names.roles, "roles")
    yield from _collisions(pattern, f"{key}.group_pattern", meant, names)


def _collisions(pattern: Entry, key: str, roles: Iterable[str], names: Names) -> Iterator[Fault]:
    text = text_of(pattern.node)
    if not text or not is_group_pattern(text):
        return
    by_group: dict[str, list[str]] = {}
    spelled: dict[str, str] = {}
    for role, group in group_names(text, roles, names.accounts).items():
        # Without regard to case: a directory compares group names so.
        by_group.setdefault(group.casefold(), []).append(role)
        spelled.setdefault(group.casefold(), group)
    for folded, several in by_group.items():
        if len(several) > 1:
            more = f" and {len(several) - 2} more" if len(several) > 2 else ""
            message = (
                f"gives the roles {shown(several[0])}, {shown(several[1])}{more} one group name, "
                f"{shown(spelled[folded])}; put {{account}} and {{role}} into it, separated by what no name holds"
            )
            yield fault_at(pattern.place, key, message)


def _claim_paths(names: Names) -> Iterator[Fault]:
    """Condition keys are compared without regard to case, claims with it: two such paths could not be told apart."""
    first: dict[tuple[str, str], tuple[str, Place]] = {}
    for at, mapping in enumerate(names.mappings):
        provider = text_of(child(mapping, "provider")) or ""
        for path, entry in entries_of(child(mapping, "claims")).items():
            spelling, place = first.setdefault((provider, path.casefold()), (path, entry.place))
            if spelling != path:
                where = f"{shown(spelling)} at {place.file}:{place.line}"
                message = f"the claim differs only in case from {where}; write both as the provider does"
                yield fault_at(entry.place, f"mappings[{at}].claims.{path}", message)


def _access_keys(names: Names) -> Iterator[Fault]:
    keys = (
        (text_of(node), node.place, f"users.{name}.access_keys[{at}].id")
        for name, entry in names.users.items()
        for at, access_key in enumerate(items_of(child(entry.node, "access_keys")))
        if (node := child(access_key, "id")) is not None
    )
    yield from _once(keys, "one access key id given twice")


def _services(names: Names) -> Iterator[Fault]:
    hosts = (
        (text_of(host), host.place, f"services.{name}.hosts[{at}]")
        for name, entry in names.services.items()
        for at, host in enumerate(items_of(child(entry.node, "hosts")))
    )
    yield from _once(hosts, "one host given to two services")
    for name, entry in names.services.items():
        key = f"services.{name}"
        account = child(entry.node, "account")
        places = [(account, f"{key}.account")] if account is not None else []
        places += [
            (node, f"{key}.principals[{at}]") for at, node in enumerate(items_of(child(entry.node, "principals")))
        ]
        for node, place_key in places:
            alias = text_of(node)
            if alias is not None and alias not in names.accounts:
                yield from _unknown(node, place_key, "account", alias, names.accounts, "accounts")
        if account is None and text_of(child(entry.node, "type")) == "execute-api" and len(names.accounts) != 1:
            yield fault_at(entry.place, f"{key}.account", "missing; add `account:`, since its ARNs hold one")
        yield from _proxy_token(entry, f"{key}.proxy_token", names)


def _proxy_token(service: Entry, key: str, names: Names) -> Iterator[Fault]:
    """Whoever may ask `/authz` learns what is allowed, and where the gateway signs anew he gets its signatures."""
    if child(service.node, "proxy_token") is not None:
        return
    if child(service.node, "upstream") is not None:
        yield fault_at(service.place, key, "missing; add `proxy_token:`, which proves the proxy that gets signatures")
    elif child(names.root, "gateway", "internal_listen") is None:
        mend = "add `proxy_token:`, or `gateway.internal_listen`, so that proxies alone reach `/authz`"
        yield fault_at(service.place, key, f"missing; {mend}")


def _unknown(node: Node, key: str, kind: str, name: str, known: Iterable[str], section: str) -> Iterator[Fault]:
    told = "" if isinstance(node, Scalar) and node.secret else f" {shown(name)}"
    yield fault_at(node.place, key, f"unknown {kind}{told}{_hint(name, known, section)}")


def _hint(name: str, known: Iterable[str], section: str) -> str:
    return nearest(name, known) or f"; add it under `{section}`"


def _once(values: Iterable[tuple[str | None, Place, str]], problem: str) -> Iterator[Fault]:
    """A fault for every value that was there before; None and empty values do not count."""
    first: dict[str, tuple[Place, str]] = {}
    for value, place, key in values:
        if not value:
            continue
        before, key_before = first.setdefault(value, (place, key))
        if key_before != key:
            where = f"{before.file}:{before.line}"
            yield fault_at(place, key, f"{problem}; the first is {key_before} at {where}: remove or change one")


_CHECKS: Final[tuple[Callable[[Names], Iterable[Fault]], ...]] = (
    _accounts,
    _providers,
    _owned,
    _mappings,
    _claim_paths,
    _access_keys,
    _services,
)
