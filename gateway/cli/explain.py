"""`sts-gateway explain`: which mapping or trust statement grants a role to an identity, or what was nearest and why."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.cli.access import UnknownName, chosen_roles, printable

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.connectors.ldap.settings import LdapSettings
    from gateway.connectors.oidc.settings import OidcSettings
    from gateway.connectors.saml.settings import SamlSettings
    from gateway.domain.identity import Identity
    from gateway.exchange.explain import Explanation
    from gateway.settings.configuration import Configuration

SUMMARY: Final = (
    "tell which mapping or trust statement grants a role to an identity, or what was nearest and why it failed; "
    "claims are taken as they are, no signature is checked; of a saved SAML answer each attribute is told"
)
EXAMPLE: Final = """
sts-gateway explain --config config/example.yaml --provider workforce --identity claims.json
sts-gateway explain --config config/example.yaml --provider workforce --identity - --role data-platform/Analyst
sts-gateway explain --config /etc/sts-gateway --provider adfs --identity saml-response.b64
"""
NOTICE: Final = "No signature is checked: this tells what a genuine token with these claims would get."
_MAXIMUM_FILE: Final = 1_000_000
_SHOWN_ROLES: Final = 5
_SHOWN_FINDINGS: Final = 3
_ASSUMED_LIFE_SECONDS: Final = 3600
_STANDARD_INPUT: Final = "-"


class _BadIdentity(Exception):
    """The identity's file cannot be used; the message tells the mend."""


class _Refused(Exception):
    """A genuine token with these claims would be refused before any mapping is asked."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer `--config`, `--provider`, `--identity`, `--role` and `--format`."""
    parser.add_argument("--config", type=Path, required=True, metavar="PATH", help="a YAML file, or a folder of *.yaml")
    parser.add_argument("--provider", required=True, metavar="NAME", help="the provider that vouches for the identity")
    parser.add_argument(
        "--identity",
        required=True,
        metavar="FILE",
        help="claims as JSON, as in an ID token's payload, or a SAML answer (base64 or XML); - reads stdin",
    )
    parser.add_argument("--role", metavar="ACCOUNT/ROLE", help="only this role; default: all roles")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(arguments: argparse.Namespace) -> int:
    """Tell why. 0: that role (without `--role`: some role) is granted; 1: refused; 2: bad usage or configuration.

    Raises ConfigurationError.
    """
    from gateway.cli.explain_saml import RefusedAnswer, UnreadableAnswer
    from gateway.domain.clock import SteadyClock
    from gateway.exchange.explain import explain
    from gateway.roles.decision import AssumptionRequest
    from gateway.settings.compiled import catalog_of
    from gateway.settings.load import load

    configuration = load(arguments.config)
    catalog = catalog_of(configuration)
    now = SteadyClock().now()
    try:
        roles = chosen_roles(catalog, arguments.role)
        settings = _provider(configuration.providers, arguments.provider)
        identity, notes = _known(configuration, arguments, settings, now)
    except (UnknownName, _BadIdentity, UnreadableAnswer) as fault:
        print(f"sts-gateway explain: {printable(str(fault))}", file=sys.stderr)
        return 2
    except RefusedAnswer as refusal:
        for note in refusal.notes:
            print(printable(note))
        print(f"sts-gateway explain: {printable(str(refusal))}", file=sys.stderr)
        return 1
    except _Refused as refusal:
        print(f"sts-gateway explain: {printable(str(refusal))}", file=sys.stderr)
        return 1
    explanations = explain(catalog, identity, AssumptionRequest(), now, roles)
    render = {"text": print_text, "json": _print_json}[arguments.format]
    render(identity, explanations, notes)
    if any(explanation.decision.allowed for explanation in explanations):
        return 0
    print(f"sts-gateway explain: {printable(_refusal(explanations))}", file=sys.stderr)
    return 1


def _known(
    configuration: "Configuration",
    arguments: argparse.Namespace,
    settings: "OidcSettings | SamlSettings",
    now: "datetime",
) -> "tuple[Identity, list[str]]":
    """Who it is, and what is to be known of that. Raises _BadIdentity, _Refused, UnreadableAnswer, RefusedAnswer."""
    from gateway.cli import explain_saml

    content = _content(arguments.identity)
    if settings.type == "saml":
        identity, notes = explain_saml.saved_identity(configuration, arguments.provider, settings, content, now)
        return identity, [explain_saml.NOTICE, *notes]
    claims = _claims(arguments.identity, content)
    identity, notes = _identity(arguments.provider, settings, claims, int(now.timestamp()))
    return identity, [NOTICE, *notes]


def _provider(
    providers: "Mapping[str, OidcSettings | SamlSettings | LdapSettings]", name: str
) -> "OidcSettings | SamlSettings":
    from gateway.settings.faults import nearest, shown

    if name not in providers:
        raise UnknownName(f"unknown provider {shown(name)}{nearest(name, providers)}")
    settings = providers[name]
    if settings.type == "ldap":
        message = (
            f"{shown(name)} is a directory, whose people have no claims to give; use check --live --user {name}/NAME"
        )
        raise UnknownName(message)
    return settings


def _content(file: str) -> bytes:
    """Raises _BadIdentity."""
    try:
        if file == _STANDARD_INPUT:
            raw = sys.stdin.buffer.read(_MAXIMUM_FILE + 1)
        else:
            with Path(file).open("rb") as opened:
                raw = opened.read(_MAXIMUM_FILE + 1)
    except OSError as fault:
        raise _BadIdentity(
            f"--identity {file} cannot be read: {fault.strerror}; name a file of claims as JSON, or of a SAML answer"
        ) from None
    if len(raw) > _MAXIMUM_FILE:
        raise _BadIdentity(f"--identity {file} is larger than {_MAXIMUM_FILE} bytes; give the claims of one token")
    return raw


def _claims(file: str, raw: bytes) -> dict[str, Any]:
    """The claims as JSON, read as strictly as a token's payload. Raises _BadIdentity."""
    from gateway.connectors.strict_json import UnreadableJson, read_object

    try:
        return read_object(raw)
    except UnreadableJson as fault:
        raise _BadIdentity(
            f"--identity {file} {fault}; write the payload of an ID token, not the token itself"
        ) from None


def _identity(
    provider: str, settings: "OidcSettings", claims: Mapping[str, Any], now: int
) -> "tuple[Identity, list[str]]":
    """The identity that the connector would make of a genuine token, and what was taken for granted.

    `now`: seconds since the epoch. Raises _Refused.
    """
    from gateway.connectors.oidc.claims import Expectation, matched_audience, verified
    from gateway.connectors.oidc.identity import identity_of
    from gateway.domain.errors import ExpiredIdentityToken, GatewayError
    from gateway.domain.identity import claim_at

    # A provider for browser sign-in alone has no audiences: its tokens are for the gateway as its client.
    audiences = settings.audiences or (settings.client_id or "",)
    fresh = {"iat": now, "exp": now + _ASSUMED_LIFE_SECONDS}
    assumed = {"iss": settings.issuer, "aud": audiences[0], **fresh}
    missing = [name for name in assumed if name not in claims]
    notes = [f"Taken for granted, since the claims lack them: {', '.join(missing)}."] if missing else []
    expected = Expectation(
        issuer=settings.issuer, audiences=audiences, authorized_parties=settings.accepted_parties, now=now
    )
    try:
        try:
            accepted = verified({**assumed, **claims}, expected)
        except ExpiredIdentityToken:
            notes.append("The claims' exp has passed; they are judged as if it had not.")
            accepted = verified({**assumed, **claims, **fresh}, expected)
        audience = matched_audience(accepted, audiences)
        identity = identity_of(accepted, provider=provider, audience=audience, paths=settings.claims)
    except GatewayError as refused:
        told = f"{refused.cause}{_unlike(claims, settings.issuer, audiences)}"
        raise _Refused(f"a token with these claims is refused before any mapping is asked: {told}") from None
    if identity.email is None and claim_at(claims, settings.claims.email) is not None:
        notes.append("The e-mail address does not count: it is one only with email_verified true.")
    return identity, notes


def _unlike(claims: Mapping[str, Any], issuer: str, audiences: "Sequence[str]") -> str:
    """The claims that have to be equal to what is configured, beside it: often a final slash is all."""
    from gateway.settings.faults import shown

    issued, audience = claims.get("iss"), claims.get("aud")
    told = "" if issued in (None, issuer) else f"; iss is {shown(str(issued))}, the provider's issuer {shown(issuer)}"
    named = audience if isinstance(audience, list) else [audience]
    if audience is None or not set(map(str, named)).isdisjoint(audiences):
        return told
    return f"{told}; aud is {shown(', '.join(map(str, named)))}, its audiences {shown(', '.join(audiences))}"


def _refusal(explanations: "Sequence[Explanation]") -> str:
    """One line: what to change first."""
    if not explanations:
        return "no role is configured; add one under `roles` and a mapping that gives it"
    first = explanations[0]
    if first.nearest is None:
        return f"{first.role.name} is refused: no mapping and no trust policy names it; add one under `mappings`"
    # Where a statement does match, the decision alone knows why it was not enough (contradicting tags, no TagSession).
    told = first.decision.cause if first.nearest.matches else str(first.nearest)
    return f"{first.role.name} is refused: {told}"


def print_text(identity: "Identity", explanations: "Sequence[Explanation]", notes: "Sequence[str]") -> None:
    """Who somebody is, and each role that is granted; of refused ones the nearest, and why."""
    groups = ", ".join(sorted(identity.groups)) or "none"
    print(printable(f"{identity.username} of {identity.provider} (sub {identity.subject}), groups: {groups}"))
    for note in notes:
        print(printable(note))
    refused = [one for one in explanations if not one.decision.allowed]
    for explanation in [one for one in explanations if one.decision.allowed] + refused[:_SHOWN_ROLES]:
        print()
        for line in _lines(explanation):
            print(printable(line))
    if len(refused) > _SHOWN_ROLES:
        print(f"\n{len(refused) - _SHOWN_ROLES} more roles are refused; --role tells of one, --format json of all")


def _lines(explanation: "Explanation") -> "Iterator[str]":
    decision = explanation.decision
    if decision.allowed:
        yield f"granted: {explanation.role.name} by {', '.join(decision.allowed_by)}"
        yield from (f"  session tag {key} = {value}" for key, value in decision.tags.items())
        if decision.transitive_tag_keys:
            yield f"  transitive tags: {', '.join(sorted(decision.transitive_tag_keys))}"
        if decision.source_identity is not None:
            yield f"  source identity: {decision.source_identity}"
        return
    yield f"refused: {explanation.role.name}: {decision.cause}"
    told = [one for one in explanation.findings if one.allows or one.matches]
    yield from (f"  {finding}" for finding in told[:_SHOWN_FINDINGS])


def _print_json(identity: "Identity", explanations: "Sequence[Explanation]", notes: "Sequence[str]") -> None:
    document = {
        "provider": identity.provider,
        "subject": identity.subject,
        "username": identity.username,
        "groups": sorted(identity.groups),
        "signatureChecked": NOTICE not in notes,
        "notes": list(notes),
        "roles": [_told(explanation) for explanation in explanations],
    }
    print(json.dumps(document, indent=2))


def _told(explanation: "Explanation") -> dict[str, Any]:
    decision = explanation.decision
    return {
        "role": explanation.role.name,
        "roleArn": str(explanation.role.arn),
        "allowed": decision.allowed,
        "allowedBy": list(decision.allowed_by),
        "cause": decision.cause,
        "tags": dict(decision.tags),
        "transitiveTagKeys": sorted(decision.transitive_tag_keys),
        "sourceIdentity": decision.source_identity,
        "statements": [
            {
                "id": finding.statement_id,
                "sid": finding.sid,
                "effect": "Allow" if finding.allows else "Deny",
                "matches": finding.matches,
                "missing": list(finding.missing),
            }
            for finding in explanation.findings
        ],
    }
