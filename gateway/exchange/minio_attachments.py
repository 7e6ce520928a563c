"""To whom MinIO attaches which policies: what its client prints of directories and of OpenID Connect providers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from gateway.domain.directory_names import comparable, is_distinguished_name
from gateway.exchange.minio_policies import UnusableExport

_DEFAULT_CLAIM: Final = "policy"
_MAPPINGS: Final = ("userMappings", "groupMappings", "policyMappings")


class Holder(Enum):
    """What kind of thing has policies in MinIO."""

    GROUP = "group"
    PERSON = "person"
    MINIO_USER = "user of MinIO's own"
    MINIO_GROUP = "group of MinIO's own"
    BEARER = "everybody with an ID token"
    CLAIM = "claim of the ID token"


_KINDS: Final = {
    ("group", True): Holder.GROUP,
    ("user", True): Holder.PERSON,
    ("group", False): Holder.MINIO_GROUP,
    ("user", False): Holder.MINIO_USER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """`name`: the DN, the name, or the claim that names the policies; `policies` in MinIO's names, none for a claim."""

    holder: Holder
    name: str
    policies: frozenset[str]


def attachments(exports: Sequence[Any]) -> tuple[Attachment, ...]:
    """Each holder once, with all its policies.

    `exports`: `mc idp ldap policy entities --json`, `mc idp openid info --json` and `mc admin policy entities --json`,
    one or several. Raises UnusableExport.
    """
    found: dict[tuple[Holder, str], Attachment] = {}
    for one in (attachment for export in exports for attachment in _attachments(export)):
        key = (one.holder, comparable(one.name))
        known = found.get(key, one)
        found[key] = Attachment(holder=known.holder, name=known.name, policies=known.policies | one.policies)
    return tuple(found.values())


def _attachments(export: Any) -> Iterator[Attachment]:
    body = export.get("result", export) if isinstance(export, Mapping) else None
    if isinstance(body, Mapping):
        if body.get("type") == "openid" and isinstance(body.get("info"), list):
            return _of_openid(body["info"])
        if any(name in body for name in _MAPPINGS) or "timestamp" in body:
            return _of_entities(body)
    raise UnusableExport(
        "the attachments are not what MinIO's client prints; save `mc idp ldap policy entities ALIAS --json`, or "
        "`mc idp openid info ALIAS NAME --json`"
    )


def _of_entities(body: Mapping[str, Any]) -> Iterator[Attachment]:
    for row in _rows(body, "userMappings"):
        yield _attachment("user", row.get("user"), row.get("policies"))
        for group in _rows(row, "memberOfMappings"):
            yield _attachment("group", group.get("group"), group.get("policies"))
    for row in _rows(body, "groupMappings"):
        yield _attachment("group", row.get("group"), row.get("policies"))
    for row in _rows(body, "policyMappings"):
        for kind in ("user", "group"):
            for name in _texts(row.get(f"{kind}s")):
                yield _attachment(kind, name, [row.get("policy")])


def _of_openid(info: Sequence[Any]) -> Iterator[Attachment]:
    """A provider's settings: policies for everybody (`role_policy`), else those that a claim of the token names."""
    settings = {row.get("key"): row.get("value") for row in info if isinstance(row, Mapping)}
    policies = frozenset(part.strip() for part in str(settings.get("role_policy") or "").split(",")) - {""}
    if policies:
        yield Attachment(holder=Holder.BEARER, name="role_policy", policies=policies)
        return
    claim = f"{settings.get('claim_prefix') or ''}{settings.get('claim_name') or _DEFAULT_CLAIM}"
    yield Attachment(holder=Holder.CLAIM, name=claim, policies=frozenset())


def _attachment(kind: str, name: object, policies: object) -> Attachment:
    if not isinstance(name, str) or not name:
        raise UnusableExport(f"the attachments have a {kind} without a name; save what MinIO's client prints as it is")
    return Attachment(holder=_KINDS[kind, is_distinguished_name(name)], name=name, policies=frozenset(_texts(policies)))


def _rows(body: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    rows = body.get(name) or []
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise UnusableExport(f"{name} of the attachments is no list of objects; save what MinIO's client prints")
    return rows


def _texts(value: object) -> Sequence[str]:
    texts = value or []
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise UnusableExport("the attachments hold a name that is no text; save what MinIO's client prints as it is")
    return texts
