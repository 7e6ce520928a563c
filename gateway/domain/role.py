"""Roles and the mappings that give them, as configuration states them; nothing compiled."""

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.arn import RoleArn


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role. `name` is `ALIAS/NAME` as configuration writes it; `policies` are names of, or whole, policy documents.

    `maximum_duration` is in seconds. `role_id` (AROA...) is stable across restarts and replicas.
    """

    name: str
    arn: RoleArn
    role_id: str
    maximum_duration: int
    policies: tuple["PolicyReference", ...] = ()
    permissions_boundary: "PolicyReference | None" = None
    tags: MappingType[str, str] = field(default_factory=dict)
    trust_policy: MappingType[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyReference:
    """A policy that a role or user carries: its name under `policies` (an inline one: its place), and its document."""

    name: str
    document: MappingType[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What the login itself must have been: all that is set must hold. `authenticated_within` is in seconds."""

    amr: tuple[str, ...] = ()
    acr: tuple[str, ...] = ()
    authenticated_within: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Who of one provider may assume which roles; all conditions are ANDed, the values of one are ORed.

    `mapping_id` is `mappings[N]`, N as in the configuration; it names the grant in audit lines and `explain`.
    One mapping of the file that says `group_pattern` stands here once for each role that it means, all with one
    `mapping_id`: `roles` holds that role, `groups` the one name that the pattern gives for it, `group_pattern` the
    pattern as written, for whoever explains. `roles` are configured role names (`ALIAS/NAME`), templates expanded.
    """

    mapping_id: str
    provider: str
    roles: tuple[str, ...]
    groups: frozenset[str] = frozenset()
    group_pattern: str | None = None
    claims: MappingType[str, tuple[str, ...]] = field(default_factory=dict)
    session_tags: MappingType[str, str] = field(default_factory=dict)
    require: Requirement = Requirement()
