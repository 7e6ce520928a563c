"""Trust policies that roles state themselves, beside mappings."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.errors import MalformedPolicyDocument
from gateway.domain.identity import Identity, ProviderType
from gateway.roles.catalog import Catalog
from gateway.roles.condition_keys import session_keys
from gateway.roles.decision import AssumptionRequest
from tests.unit.roles.made import (
    ACCOUNT,
    ISSUERS,
    NOW,
    OIDC_ARN,
    REQUEST,
    catalog,
    decide,
    identity,
    mapping,
    role,
    trust_policy,
    trusted,
)

TAGGED = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]
P = "login.example.com"


def stated(*statements: Mapping[str, Any], **changed: Any) -> Catalog:
    return catalog(roles=[role(trust_policy=trust_policy(*statements), **changed)])


def equals(key: str, *values: str) -> dict[str, Any]:
    return {"Condition": {"StringEquals": {key: list(values)}}}


CONDITIONS: dict[str, tuple[dict[str, Any], Identity, Identity]] = {
    "sub": (equals(f"{P}:sub", "alice"), identity(), identity(subject="bob")),
    "sub, whatever the key's case": (equals(f"{P}:SUB", "alice"), identity(), identity(subject="bob")),
    "sub by a glob": ({"Condition": {"StringLike": {f"{P}:sub": "al*"}}}, identity(), identity(subject="bob")),
    "aud": (equals(f"{P}:aud", "sts.amazonaws.com"), identity(), identity(audience="other")),
    "amr": (
        {"Condition": {"ForAnyValue:StringEquals": {f"{P}:amr": "mfa"}}},
        identity(amr=("pwd", "mfa")),
        identity(amr=("pwd",)),
    ),
    "a claim": (equals(f"{P}:team", "blue"), identity(claims={"team": "blue"}), identity(claims={"team": "red"})),
    "a claim's path": (
        {"Condition": {"ForAnyValue:StringEquals": {f"{P}:realm_access.Roles": "x"}}},
        identity(claims={"realm_access": {"Roles": ["x"]}}),
        identity(claims={"realm_access": {"Roles": ["y"]}}),
    ),
    "an absent claim": (equals(f"{P}:team", "blue"), identity(claims={"team": "blue"}), identity()),
    "a sub of the claims alone": (
        equals(f"{P}:sub", "alice"),
        identity(),
        replace(identity(subject="bob"), claims={"sub": "alice"}),
    ),
    "a session tag": (
        equals("aws:RequestTag/Team", "blue"),
        identity(session_tags={"team": "blue"}),
        identity(session_tags={"team": "red"}),
    ),
    "tag keys": (
        {"Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}},
        identity(session_tags={"team": "x"}),
        identity(session_tags={"team": "x", "other": "x"}),
    ),
    "transitive tag keys": (
        {"Condition": {"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "team"}}},
        identity(session_tags={"team": "x"}, transitive_tag_keys=frozenset({"team"})),
        identity(session_tags={"team": "x"}),
    ),
    "source identity": (
        equals("sts:SourceIdentity", "alice"),
        identity(source_identity="alice"),
        identity(source_identity="bob"),
    ),
    "no source identity": (
        {"Condition": {"Null": {"sts:SourceIdentity": "true"}}},
        identity(),
        identity(source_identity="bob"),
    ),
    "multi-factor authentication": (
        {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
        identity(amr=("pwd", "mfa")),
        identity(amr=("pwd",)),
    ),
    "the gateway's own keys": (
        {"Condition": {"ForAnyValue:StringEquals": {"gateway:Groups": "devs"}}},
        identity(groups={"devs", "x"}),
        identity(groups={"x"}),
    ),
    "a recent sign-in": (
        {"Condition": {"NumericLessThanEquals": {"gateway:AuthenticationAge": "60"}}},
        identity(authenticated_at=NOW - timedelta(seconds=60)),
        identity(authenticated_at=NOW - timedelta(seconds=61)),
    ),
}


@pytest.mark.parametrize(("condition", "yes", "no"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_condition_tells_two_people_apart(condition: dict[str, Any], yes: Identity, no: Identity) -> None:
    made = stated(trusted(Action=TAGGED, **condition))

    assert decide(made, yes).allowed_by == ("trust_policy.Statement[0]",)
    assert not decide(made, no).allowed
    assert [choice.role.name for choice in made.roles_of(yes, NOW, REQUEST)] == ["lake/Analyst"]
    assert made.roles_of(no, NOW, REQUEST) == ()


def test_a_claim_of_another_issuer_is_not_the_persons() -> None:
    made = stated(trusted(Principal="*", **equals("k8s.example.com:sub", "alice")))

    assert not decide(made, identity()).allowed
    assert decide(made, identity(provider="cluster")).allowed


def test_a_claim_whose_name_holds_a_port_is_not_another_issuers() -> None:
    issuers = {"plain": "https://h.example.com", "ported": "https://h.example.com:8443"}
    policy = trust_policy(trusted(Principal="*", **equals("h.example.com:8443:sub", "alice")))
    made = Catalog.compile(roles=[role(trust_policy=policy)], mappings=[], issuers=issuers, policies={})
    claims = {"8443:sub": "alice"}

    assert not decide(made, identity(provider="plain", issuer=issuers["plain"], subject="bob", claims=claims)).allowed
    assert decide(made, identity(provider="ported", issuer=issuers["ported"])).allowed


def test_the_federated_provider_is_that_of_the_roles_account() -> None:
    assert decide(stated(trusted(Principal="*", **equals("aws:FederatedProvider", OIDC_ARN))), identity()).allowed
    other = OIDC_ARN.replace(ACCOUNT, "444455556666")
    assert not decide(stated(trusted(Principal={"Federated": other})), identity()).allowed
    assert not decide(stated(trusted(Principal="*", **equals("aws:FederatedProvider", other))), identity()).allowed


def test_the_roles_own_tags_are_asked_for_as_the_resources() -> None:
    statement = trusted(**equals("aws:ResourceTag/stage", "prod"))

    assert decide(stated(statement, tags={"Stage": "prod"}), identity()).allowed
    assert not decide(stated(statement, tags={"stage": "test"}), identity()).allowed


REQUESTS: dict[str, tuple[dict[str, Any], AssumptionRequest, AssumptionRequest]] = {
    "session name": (
        equals("sts:RoleSessionName", "alice"),
        AssumptionRequest(session_name="alice"),
        AssumptionRequest(session_name="bob"),
    ),
    "address": (
        equals("aws:SourceIp", "192.0.2.7"),
        AssumptionRequest(source_ip="192.0.2.7"),
        AssumptionRequest(source_ip="192.0.2.8"),
    ),
    "address unknown": (
        equals("aws:SourceIp", "192.0.2.7"),
        AssumptionRequest(source_ip="192.0.2.7"),
        AssumptionRequest(),
    ),
    "transport": (
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        AssumptionRequest(secure_transport=True),
        AssumptionRequest(secure_transport=False),
    ),
    "transport unknown": (
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        AssumptionRequest(secure_transport=True),
        AssumptionRequest(),
    ),
    "source identity asked for": (
        equals("sts:SourceIdentity", "alice"),
        AssumptionRequest(source_identity="alice"),
        AssumptionRequest(source_identity="bob"),
    ),
}


@pytest.mark.parametrize(("condition", "yes", "no"), REQUESTS.values(), ids=REQUESTS)
def test_a_condition_tells_two_requests_apart(
    condition: dict[str, Any], yes: AssumptionRequest, no: AssumptionRequest
) -> None:
    made = stated(trusted(Action=TAGGED, **condition))

    assert decide(made, identity(), yes).allowed
    assert not decide(made, identity(), no).allowed


OWN_NAME = {"sts:RoleSessionName": "${jwt:preferred_username}"}


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([trusted(Condition={"StringEquals": OWN_NAME})], id="Allow of one's own name"),
        pytest.param([trusted(), trusted("Deny", Condition={"StringNotEquals": OWN_NAME})], id="Deny of another's"),
    ],
)
def test_a_variable_stands_for_a_claim_that_no_condition_asks_for(statements: list[dict[str, Any]]) -> None:
    made = stated(*statements)
    person = identity(claims={"preferred_username": "alice"})

    assert decide(made, person, AssumptionRequest(session_name="alice")).allowed
    assert not decide(made, person, AssumptionRequest(session_name="bob")).allowed


def test_a_deny_by_a_variable_is_not_walked_around() -> None:
    made = stated(trusted(), trusted("Deny", Condition={"StringEquals": {"jwt:sub": "${jwt:locked_account}"}}))

    assert not decide(made, identity(claims={"locked_account": "alice"})).allowed
    assert decide(made, identity(claims={"locked_account": "bob"})).allowed


def test_time_is_the_decisions_own() -> None:
    before = str(int(NOW.timestamp()))
    made = stated(trusted(Condition={"NumericLessThanEquals": {"aws:EpochTime": before}}))
    early = made.may_assume(made.roles[0], identity(), REQUEST, NOW)
    late = made.may_assume(made.roles[0], identity(), REQUEST, NOW + timedelta(seconds=1))

    assert (early.allowed, late.allowed) == (True, False)


DENIED: dict[str, dict[str, Any]] = {
    "everybody": {"Principal": "*"},
    "the provider": {},
    "this subject": equals(f"{P}:sub", "alice"),
    "all but a network": {"Condition": {"StringNotEquals": {"aws:SourceIp": "198.51.100.1"}}},
    "a group": {"Condition": {"ForAnyValue:StringEquals": {"gateway:Groups": "contractors"}}},
}


@pytest.mark.parametrize("denied", DENIED.values(), ids=DENIED)
def test_an_explicit_deny_beats_mappings_and_allows(denied: dict[str, Any]) -> None:
    policy = trust_policy(trusted(), trusted("Deny", Sid="Out", **denied))
    made = catalog(mapping(), roles=[role(trust_policy=policy)])
    person = identity(groups={"contractors"})

    decision = decide(made, person)

    assert not decision.allowed
    assert decision.cause.startswith("sts:AssumeRoleWithWebIdentity: ")
    assert "trust_policy.Statement[1]" in decision.cause
    assert decision.allowed_by == ()
    assert made.roles_of(person, NOW) == ()


def test_a_deny_of_somebody_else_leaves_the_mapping_in_force() -> None:
    policy = trust_policy(trusted("Deny", **equals(f"{P}:sub", "bob")))

    assert decide(catalog(mapping(), roles=[role(trust_policy=policy)]), identity()).allowed_by == ("mappings[0]",)


def test_mappings_and_trust_policy_that_both_allow_are_both_named() -> None:
    made = catalog(mapping(), roles=[role(trust_policy=trust_policy(trusted()))])

    assert decide(made, identity()).allowed_by == ("mappings[0]", "trust_policy.Statement[0]")


NOT_MEANT: dict[str, dict[str, Any]] = {
    "another action": {"Action": "sts:AssumeRole"},
    "SAML's action": {"Action": "sts:AssumeRoleWithSAML"},
    "another provider": {"Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/k8s.example.com"}},
    "an account": {"Principal": {"AWS": ACCOUNT}},
}


@pytest.mark.parametrize("changed", NOT_MEANT.values(), ids=NOT_MEANT)
def test_a_statement_about_something_else_allows_nothing(changed: dict[str, Any]) -> None:
    made = stated(trusted(**changed))

    assert not decide(made, identity()).allowed
    assert made.roles_of(identity(), NOW) == ()


AMBIGUOUS = {"team": "blue", "Team": "red"}


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize("value", ["blue", "red"])
def test_of_claims_that_differ_only_by_case_neither_stands_in_for_the_other(effect: str, value: str) -> None:
    policy = trust_policy(trusted(), trusted(effect, **equals(f"{P}:team", value)))
    made = catalog(mapping(), roles=[role(trust_policy=policy)])

    decision = decide(made, identity(claims=AMBIGUOUS))

    assert not decision.allowed
    assert decision.cause == "the token has claims that differ only by case, Team and team"
    assert made.roles_of(identity(claims=AMBIGUOUS), NOW) == ()


def test_claims_that_no_statement_asks_for_may_differ_only_by_case() -> None:
    assert decide(stated(trusted()), identity(claims=AMBIGUOUS)).allowed


def test_another_claim_spelt_like_sub_never_stands_in_for_it() -> None:
    made = stated(trusted(**equals(f"{P}:sub", "alice")))

    assert not decide(made, identity(subject="bob", claims={"SUB": "alice"})).allowed
    assert decide(made, identity(claims={"SUB": "bob"})).allowed


def test_the_request_cannot_change_the_source_identity_that_the_provider_set() -> None:
    made = catalog(mapping())
    person = identity(source_identity="alice")

    refused = decide(made, person, AssumptionRequest(source_identity="bob"))
    assert refused.cause == "the request asks for another source identity than the identity provider set"
    assert decide(made, person, AssumptionRequest(source_identity="alice")).source_identity == "alice"
    assert decide(made, identity(), AssumptionRequest(source_identity="bob")).source_identity == "bob"


def test_a_session_keeps_who_signed_in_where_and_how() -> None:
    person = identity(amr=("pwd", "mfa"))

    assert decide(catalog(mapping()), person).condition_keys == {
        f"{P}:sub": ("alice",),
        f"{P}:aud": ("sts.amazonaws.com",),
        f"{P}:amr": ("pwd", "mfa"),
        "aws:federatedprovider": (OIDC_ARN,),
    }
    assert f"{P}:amr" not in decide(catalog(mapping()), identity()).condition_keys


def test_a_session_of_a_directorys_person_keeps_the_directory() -> None:
    person = replace(identity(), provider="corp", provider_type=ProviderType.LDAP, issuer="ldap-provider/corp")
    assert session_keys(person, "111122223333") == {
        "aws:federatedprovider": ("arn:aws:iam::111122223333:ldap-provider/corp",)
    }


def test_a_trust_policy_outside_the_grammar_is_refused_at_load() -> None:
    with pytest.raises(MalformedPolicyDocument) as caught:
        stated(trusted("Permit"))

    assert caught.value.path.startswith("Statement")


@pytest.mark.parametrize(
    "second", ["http://login.example.com", "https://login.example.com/", "https://LOGIN.example.com"]
)
def test_issuers_that_condition_keys_cannot_tell_apart_are_refused(second: str) -> None:
    with pytest.raises(ValueError, match="differ only by scheme, case or a final slash"):
        Catalog.compile(roles=[], mappings=[], issuers={**ISSUERS, "other": second}, policies={})
