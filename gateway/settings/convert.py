"""From judged models to the values that the rest of the gateway knows."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.domain.arn import RoleArn, user_arn
from gateway.domain.identifiers import role_id, user_id
from gateway.domain.role import Mapping, PolicyReference, Requirement, Role
from gateway.domain.service import Proxy, Service, ServiceType, Upstream
from gateway.domain.user import AccessKey, User
from gateway.settings.configuration import (
    AuditSettings,
    BrowserSessionSettings,
    Configuration,
    GatewaySettings,
    ListenAddress,
    Throttle,
    ThrottleSettings,
    TlsSettings,
)
from gateway.settings.models.document import DocumentModel
from gateway.settings.models.gateway import GatewaySection, TlsSection
from gateway.settings.models.mappings import MappingSection
from gateway.settings.models.services import ExecuteApiSection, JsonSection, S3Section, UpstreamSection
from gateway.settings.paths import STANDARD_OUTPUT
from gateway.settings.patterns import group_names, roles_meant, split_name
from gateway.settings.values import host_and_port, throttle_parts


def configuration_of(document: DocumentModel) -> Configuration:
    """The whole configuration; every reference in `document` must hold, paths must be absolute."""
    return Configuration(
        gateway=_gateway(document.gateway),
        accounts=document.accounts,
        providers=document.providers,
        roles=tuple(_roles(document)),
        policies=document.policies,
        mappings=tuple(mapping for at, one in enumerate(document.mappings) for mapping in _mapping(at, one, document)),
        users=tuple(_users(document)),
        services=tuple(_services(document)),
    )


def _gateway(section: GatewaySection) -> GatewaySettings:
    listen = None
    if section.internal_listen is not None:
        host, port = host_and_port(section.internal_listen)
        listen = ListenAddress(host=host.strip("[]"), port=port or 0)
    audit_path = None if section.audit.path == STANDARD_OUTPUT else Path(section.audit.path)
    return GatewaySettings(
        public_url=section.public_url,
        region=section.region,
        keyring=section.keyring,
        state=section.state.get_secret_value(),
        trusted_proxies=tuple(ipaddress.ip_network(network) for network in section.trusted_proxies),
        tls=_tls(section.tls),
        internal_listen=listen,
        audit=AuditSettings(path=audit_path, on_failure=section.audit.on_failure),
        browser_session=BrowserSessionSettings(
            idle=section.browser_session.idle, absolute=section.browser_session.absolute
        ),
        throttle=ThrottleSettings(
            per_user=_throttle(section.throttle.per_user), per_address=_throttle(section.throttle.per_address)
        ),
    )


def _tls(section: TlsSection | None) -> TlsSettings | None:
    if section is None:
        return None
    return TlsSettings(certificate=section.certificate, private_key=section.private_key)


def _throttle(text: str) -> Throttle:
    attempts, window = throttle_parts(text)
    return Throttle(attempts=attempts, window=window)


def _reference(policy: str | dict[str, Any], place: str, document: DocumentModel) -> PolicyReference:
    if isinstance(policy, str):
        return PolicyReference(name=policy, document=document.policies[policy])
    return PolicyReference(name=place, document=policy)


def _references(policies: tuple[Any, ...], owner: str, document: DocumentModel) -> tuple[PolicyReference, ...]:
    return tuple(_reference(policy, f"{owner}.policies[{at}]", document) for at, policy in enumerate(policies))


def _roles(document: DocumentModel) -> Iterator[Role]:
    for name, section in document.roles.items():
        alias, own = split_name(name)
        account = document.accounts[alias]
        boundary = section.permissions_boundary
        place = f"roles.{name}"
        yield Role(
            name=name,
            arn=RoleArn(account=account, path=section.path, name=own),
            role_id=role_id(account, own),
            maximum_duration=section.max_session_duration,
            policies=_references(section.policies, place, document),
            permissions_boundary=boundary and _reference(boundary, f"{place}.permissions_boundary", document),
            tags=section.tags,
            trust_policy=section.trust_policy,
        )


def _users(document: DocumentModel) -> Iterator[User]:
    for name, section in document.users.items():
        alias, own = split_name(name)
        account = document.accounts[alias]
        yield User(
            name=name,
            account=account,
            user_id=user_id(account, own),
            arn=user_arn(account, "/", own),
            access_keys=tuple(
                AccessKey(access_key_id=key.id, secret_access_key=key.secret.get_secret_value())
                for key in section.access_keys
            ),
            policies=_references(section.policies, f"users.{name}", document),
        )


def _mapping(at: int, section: MappingSection, document: DocumentModel) -> Iterator[Mapping]:
    """One mapping; for a `group_pattern` one per role, whose `groups` is the one name that the pattern gives for it."""
    groups_and_roles = [(frozenset(section.groups), section.roles)]
    if section.group_pattern:
        meant = roles_meant(section.roles, document.roles, document.accounts)
        names = group_names(section.group_pattern, meant, document.accounts)
        groups_and_roles = [(frozenset({group}), (role,)) for role, group in names.items()]
    require = section.require
    for groups, roles in groups_and_roles:
        yield Mapping(
            mapping_id=f"mappings[{at}]",
            provider=section.provider,
            roles=tuple(dict.fromkeys(roles)),
            groups=groups,
            group_pattern=section.group_pattern or None,
            claims=section.claims,
            session_tags=section.session_tags,
            require=Requirement(
                amr=require.amr or (), acr=require.acr or (), authenticated_within=require.authenticated_within
            ),
        )


def _services(document: DocumentModel) -> Iterator[Service]:
    for name, section in document.services.items():
        yield Service(
            name=name,
            type=ServiceType(section.type),
            hosts=section.hosts,
            signing_name=_signing_name(section),
            account=document.accounts[section.account] if section.account else None,
            region=section.region,
            principals=frozenset(document.accounts[alias] for alias in section.principals),
            share_signing_key=section.share_signing_key,
            api_arn=_api_arn(section, document) if isinstance(section, ExecuteApiSection) else "",
            proxy=Proxy(section.proxy),
            proxy_token=section.proxy_token.get_secret_value() if section.proxy_token else None,
            upstream=_upstream(section.upstream) if isinstance(section, S3Section) else None,
        )


def _upstream(section: UpstreamSection | None) -> Upstream | None:
    if section is None:
        return None
    return Upstream(
        region=section.region,
        access_key_id=section.access_key_id,
        secret_access_key=section.secret_access_key.get_secret_value(),
        host=section.host,
    )


def _api_arn(section: ExecuteApiSection, document: DocumentModel) -> str:
    # Which region signs is the caller's choice where the entry takes any; what a policy names must not be.
    region = section.region or document.gateway.region
    # An entry without an account stands in a configuration with one.
    account = document.accounts[section.account] if section.account else next(iter(document.accounts.values()))
    return f"arn:aws:execute-api:{region}:{account}:{section.id}/{section.stage}"


def _signing_name(section: S3Section | ExecuteApiSection | JsonSection) -> str:
    return section.service if isinstance(section, JsonSection) else section.type
