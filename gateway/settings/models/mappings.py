"""The section `mappings`: who may assume what."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from gateway.settings.faults import nearest, shown
from gateway.settings.models.section import SectionModel, without_default
from gateway.settings.values import Duration, OneOrMore, ProviderName, Text, between, tag_key, tag_value

PATTERN_FIELDS: Final = frozenset({"account", "account_id", "role"})
TAG_FIELDS: Final = frozenset({"username", "email", "subject", "provider"})
CLAIM_PREFIX: Final = "claims."
_FIELD: Final = re.compile(r"\{([^{}]*)\}")
_YEAR: Final = 366 * 86400


def fields_of(template: str) -> tuple[str, ...]:
    """The names in `{...}` of a template. Raises ValueError where a brace has no partner."""
    if "{" in (rest := _FIELD.sub("", template)) or "}" in rest:
        raise ValueError("a { or } without its partner; a template's field is {name}")
    return tuple(_FIELD.findall(template))


def pattern(value: str) -> str:
    """A template over a role's `{account}`, `{account_id}` and `{role}`."""
    for field in fields_of(value):
        if field not in PATTERN_FIELDS:
            raise ValueError(f"unknown field {{{field}}}{nearest(field, PATTERN_FIELDS)}")
    return value


def _group_pattern(value: str) -> str:
    if not fields_of(pattern(value)):
        raise ValueError("holds no {account}, {account_id} or {role}; write fixed names under `groups`")
    return value


def is_group_pattern(value: str) -> bool:
    """Whether the text is a pattern without fault."""
    try:
        _group_pattern(value)
    except ValueError:
        return False
    return True


def _tag_templates(value: dict[str, str]) -> dict[str, str]:
    for key, template in value.items():
        tag_key(key)
        for field in fields_of(template):
            claim = field.startswith(CLAIM_PREFIX) and len(field) > len(CLAIM_PREFIX)
            if not claim and field not in TAG_FIELDS:
                known = {*TAG_FIELDS, "claims.NAME"}
                raise ValueError(f"unknown field {{{field}}} in {shown(key)}{nearest(field, known)}")
        tag_value(key, _FIELD.sub("", template))
    if len({key.casefold() for key in value}) < len(value):
        raise ValueError("two tag keys that differ only in case; keep one")
    return value


class RequireSection(SectionModel):
    amr: OneOrMore | None = Field(default=None, description="All of these login methods must be in `amr`.")
    acr: OneOrMore | None = Field(default=None, description="One of these must be the login's `acr`.")
    authenticated_within: Annotated[Duration, between(1, _YEAR)] | None = Field(
        default=None, description="The login itself must be no older than this."
    )


class MappingSection(SectionModel):
    provider: ProviderName = Field(description="Name of the provider whose people this is about.")
    groups: tuple[Text, ...] = Field(
        default=(),
        min_length=1,
        json_schema_extra=without_default,
        description="Any of these groups, compared exactly.",
    )
    group_pattern: Annotated[Text, AfterValidator(_group_pattern)] = Field(
        default="",
        json_schema_extra=without_default,
        description="Stands for the group names that it gives for every configured role that `roles` names: "
        "{account}, {account_id}, {role}.",
    )
    claims: dict[Text, OneOrMore] = Field(
        default={},
        min_length=1,
        json_schema_extra=without_default,
        description="Claim path to a glob (* and ?) or several, of which one must match.",
    )
    roles: tuple[Annotated[Text, AfterValidator(pattern)], ...] = Field(
        min_length=1, description="Roles that may be assumed: ACCOUNT/ROLE, with {account} and {role} beside a pattern."
    )
    session_tags: Annotated[dict[str, str], AfterValidator(_tag_templates)] = Field(
        default={},
        max_length=50,
        description="Tags of the session; values may hold {username}, {email}, {claims.PATH}.",
    )
    require: RequireSection = Field(
        default=RequireSection(), description="What the login itself must have been; all that is set must hold."
    )
