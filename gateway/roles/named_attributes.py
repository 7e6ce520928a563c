"""Which attributes of a directory's people the configuration looks at: the connector asks for these by name."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from gateway.domain import role as domain
from gateway.domain.role import Role
from gateway.roles.session_tags import claims_named

# As a condition key, and as a policy variable.
_KEY: Final = re.compile(r"\bldap:([A-Za-z][A-Za-z0-9-]*)", re.IGNORECASE | re.ASCII)


def attributes_named(
    provider: str, *, mappings: Iterable[domain.Mapping], roles: Iterable[Role], policies: Iterable[Mapping[str, Any]]
) -> frozenset[str]:
    """The claims of the provider's mappings, and NAME of every `ldap:NAME` in trust and other policies."""
    documents = [*policies, *(document for role in roles for document in _documents(role))]
    keys = {name for document in documents for name in _KEY.findall(json.dumps(document))}
    return claims_named(mappings, provider) | keys


def _documents(role: Role) -> Iterable[Mapping[str, Any]]:
    if role.trust_policy is not None:
        yield role.trust_policy
    if role.permissions_boundary is not None:
        yield role.permissions_boundary.document
    yield from (reference.document for reference in role.policies)
