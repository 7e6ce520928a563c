"""Settings that are valid and dangerous: who is let in more widely than the line seems to say."""

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.settings.faults import Fault, Place, fault_at, shown
from gateway.settings.models.mappings import MappingSection
from gateway.settings.models.section import SectionModel
from gateway.settings.patterns import roles_meant
from gateway.settings.references import Names
from gateway.settings.tree import Listing, Node, Section, child, entries_of, items_of, text_of
from gateway.state.file_system import network_file_system

_GITHUB: Final = ("sub", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref")
_GITLAB: Final = ("sub", "project_path", "project_id", "namespace_path", "namespace_id")
_TERRAFORM: Final = ("sub", "terraform_organization_id", "terraform_organization_name", "terraform_workspace_id")
SHARED_ISSUERS: Final = {
    "token.actions.githubusercontent.com": _GITHUB,
    "gitlab.com": _GITLAB,
    "app.terraform.io": _TERRAFORM,
    "accounts.google.com": ("sub", "hd", "email"),
    "agent.buildkite.com": ("sub", "organization_slug", "organization_id"),
}
"""Issuers that sign tokens for everybody in the world, and the claims that tell whose a token is."""
_ENTRA_HOST: Final = "login.microsoftonline.com"
_ENTRA_SHARED: Final = frozenset({"common", "organizations", "consumers"})
_SQLITE: Final = "sqlite:///"
_DELIMITERS: Final = (":", "/")
# Behind these the rest of a subject is a branch or tag of a repository that is already fixed.
_FIXED_ENOUGH: Final = ("refs/", ":ref:")


def dangerous_settings(root: Section) -> list[Fault]:
    """A warning for each of them."""
    names = Names.of(root)
    return [warning for check in _CHECKS for warning in check(names)]


def is_misspelt(node: Node | None, model: type[SectionModel]) -> bool:
    """Whether a key is none of the model's: it is told as such, and what would follow from its absence is not."""
    return not entries_of(node).keys() <= model.model_fields.keys()


def _everybody(names: Names) -> Iterator[Fault]:
    for at, mapping in enumerate(names.mappings):
        keys = entries_of(mapping)
        globs = [glob for entry in entries_of(child(mapping, "claims")).values() for glob in globs_of(entry.node)]
        narrowed = "groups" in keys or "group_pattern" in keys or any(glob.strip("*") for glob in globs)
        if isinstance(mapping, Section) and not narrowed and not is_misspelt(mapping, MappingSection):
            message = "lets in everybody of its provider; name `groups`, `group_pattern` or `claims`"
            yield fault_at(mapping.place, f"mappings[{at}]", message)


def _shared_issuer(names: Names) -> Iterator[Fault]:
    for at, mapping in enumerate(names.mappings):
        provider = names.providers.get(text_of(child(mapping, "provider")) or "")
        issuer = text_of(child(provider.node, "issuer")) if provider else None
        telling = telling_claims(issuer or "")
        if not telling or is_misspelt(mapping, MappingSection):
            continue
        claims = entries_of(child(mapping, "claims"))
        if not any(says_whose(claims[name].node) for name in telling if name in claims):
            message = (
                f"the issuer {shown(issuer or '')} signs tokens for everybody; "
                f"add a condition on {' or '.join(f'`{name}`' for name in telling[:3])} that names your own"
            )
            yield fault_at(mapping.place, f"mappings[{at}].claims", message)


def telling_claims(issuer: str) -> tuple[str, ...]:
    """The claims that tell whose a token of a shared issuer is; none for an issuer that signs for one owner."""
    try:
        parts = urlsplit(issuer)
        host = (parts.hostname or "").casefold()
    except ValueError:
        return ()
    if host == _ENTRA_HOST and parts.path.strip("/").split("/")[0].casefold() in _ENTRA_SHARED:
        return ("tid",)
    return SHARED_ISSUERS.get(host, ())


def says_whose(claim: Node) -> bool:
    """Every value fixes its beginning up to the owner: `repo:org/*` does, `*` and `repo:*` do not."""
    globs = globs_of(claim)
    return bool(globs) and all(_owner_is_fixed(glob) for glob in globs)


def _owner_is_fixed(glob: str) -> bool:
    fixed = _fixed_part(glob)
    if fixed == glob:
        return True
    kind, colon, owner = fixed.partition(":")
    return bool(owner.strip("/") if colon else kind.strip("/"))


def _crossing_globs(names: Names) -> Iterator[Fault]:
    for at, mapping in enumerate(names.mappings):
        entry = entries_of(child(mapping, "claims")).get("sub")
        if entry is None:
            continue
        for glob in globs_of(entry.node):
            message = crossing(glob)
            if message is not None:
                yield fault_at(entry.place, f"mappings[{at}].claims.sub", message)


def crossing(glob: str) -> str | None:
    """What is wrong with a glob for `sub` that covers names which only begin alike; None where it does not."""
    fixed = _fixed_part(glob)
    ends_inside_a_name = fixed != glob and bool(fixed) and not fixed.endswith(_DELIMITERS)
    if not ends_inside_a_name or any(mark in fixed for mark in _FIXED_ENOUGH):
        return None
    return (
        f"{shown(glob)} also covers names that only begin alike, since * crosses `:` and `/`; "
        f"end the fixed part with its delimiter, as in {shown(_delimited(fixed))}"
    )


def _delimited(fixed: str) -> str:
    return f"{fixed}{':' if fixed.startswith('system:') else '/'}*"


def _fixed_part(glob: str) -> str:
    return glob[: min((at for mark in "*?" if (at := glob.find(mark)) >= 0), default=len(glob))]


def globs_of(claim: Node) -> list[str]:
    """The values of one claim, of which one alone may stand without a list."""
    nodes = claim.items if isinstance(claim, Listing) else [claim]
    return [text for node in nodes if (text := text_of(node)) is not None]


def _unlike_tags(names: Names) -> Iterator[Fault]:
    """One tag key from two mappings of one role: a person whom both let in is refused where the values differ."""
    first: dict[tuple[str, str, str], tuple[str, Place, str]] = {}
    for at, mapping in enumerate(names.mappings):
        templates = entries_of(child(mapping, "session_tags"))
        if not templates:
            continue
        told: set[str] = set()
        for role in roles_of(mapping, names):
            for tag, entry in templates.items():
                value = text_of(entry.node) or ""
                slot = (text_of(child(mapping, "provider")) or "", role, tag.casefold())
                key = f"mappings[{at}].session_tags.{tag}"
                before, place, key_before = first.setdefault(slot, (value, entry.place, key))
                if before != value and key_before not in told:
                    told.add(key_before)
                    message = (
                        f"differs from {key_before} at {place.file}:{place.line} for the role {shown(role)}; "
                        "whoever both mappings let in is refused: make the values alike"
                    )
                    yield fault_at(entry.place, key, message)


def roles_of(mapping: Node, names: Names) -> Iterable[str]:
    """The roles that a mapping gives, those of its `group_pattern` included."""
    written = [text for node in items_of(child(mapping, "roles")) if (text := text_of(node)) is not None]
    return roles_meant(written, names.roles, names.accounts) if "group_pattern" in entries_of(mapping) else written


def _open_proxies(names: Names) -> Iterator[Fault]:
    for at, node in enumerate(items_of(child(names.root, "gateway", "trusted_proxies"))):
        try:
            network = ipaddress.ip_network(text_of(node) or "")
        except ValueError:
            continue
        if network.prefixlen == 0:
            message = "believes the X-Forwarded-* headers of everybody; name the proxies' own networks"
            yield fault_at(node.place, f"gateway.trusted_proxies[{at}]", message)


def _state_on_a_network(names: Names) -> Iterator[Fault]:
    node = child(names.root, "gateway", "state")
    address = text_of(node) or ""
    if node is None or not address.startswith(_SQLITE):
        return
    kind = network_file_system(Path(address.removeprefix(_SQLITE)))
    if kind is not None:
        message = (
            f"the file stands on a network file system ({kind}), where SQLite loses writes; "
            "name a file on a local disk, or a Redis"
        )
        yield fault_at(node.place, "gateway.state", message)


_CHECKS: Final[tuple[Callable[[Names], Iterable[Fault]], ...]] = (
    _everybody,
    _shared_issuer,
    _crossing_globs,
    _unlike_tags,
    _open_proxies,
    _state_on_a_network,
)
