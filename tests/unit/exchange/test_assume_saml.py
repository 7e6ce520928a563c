"""AssumeRoleWithSAML: what an assertion opens, once, and what its attributes ask for."""

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import (
    AuditUnavailable,
    DurationTooLong,
    ExpiredIdentityToken,
    GatewayError,
    InvalidIdentityToken,
    MalformedPolicyDocument,
    RejectedClaim,
    RoleAssumptionDenied,
    StateUnavailable,
)
from gateway.domain.identifiers import name_qualifier
from gateway.exchange.people.signed_in import SignedIn
from gateway.state.memory import MemoryStore
from gateway.state.sqlite import SqliteStore
from gateway.wire.sts_faults import answer_of
from tests.fakes.gateway_world import ACCOUNT, ANALYST, ENGINEER, GatewayWorld, MovableClock
from tests.fakes.saml_identity_provider import ISSUER, SamlIdentityProvider, encoded
from tests.fakes.saml_world import ACS, AWS, PRINCIPAL, SamlWorld, metadata_xml

OTHER_PRINCIPAL = "arn:aws:iam::444455556666:saml-provider/corp"
QUALIFIER = name_qualifier(ISSUER, ACCOUNT, "corp")


@pytest.fixture
def world(tmp_path: Path) -> SamlWorld:
    return SamlWorld(tmp_path)


async def test_an_honest_assertion_opens_a_session(world: SamlWorld) -> None:
    assumed = await world.assume_with()

    assert assumed.principal.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"
    assert assumed.credentials.expiration == world.clock.now() + timedelta(hours=1)
    identity = assumed.identity
    assert (identity.subject, identity.subject_type, identity.issuer) == ("alice", "persistent", ISSUER)
    assert identity.audience == ACS


REFUSED: dict[str, tuple[dict[str, Any], type[GatewayError], str]] = {
    "a role of nobody's": ({"role": f"arn:aws:iam::{ACCOUNT}:role/None"}, RoleAssumptionDenied, "AccessDenied"),
    "a role of other groups": ({"role": ENGINEER}, RoleAssumptionDenied, "AccessDenied"),
    "another account's provider": ({"principal": OTHER_PRINCIPAL}, RoleAssumptionDenied, "AccessDenied"),
    "a provider of no configuration": (
        {"principal": f"arn:aws:iam::{ACCOUNT}:saml-provider/none"},
        InvalidIdentityToken,
        "InvalidIdentityToken",
    ),
    "a duration over the role's": ({"duration": 43_200}, DurationTooLong, "ValidationError"),
    "a policy that is none": ({"policy": "{}"}, MalformedPolicyDocument, "MalformedPolicyDocument"),
}


@pytest.mark.parametrize(("asked", "fault", "code"), REFUSED.values(), ids=REFUSED)
async def test_what_may_not_be_had_is_refused(
    world: SamlWorld, asked: dict[str, Any], fault: type[GatewayError], code: str
) -> None:
    with pytest.raises(fault) as refused:
        await world.assume_with(**asked)

    assert answer_of(refused.value, "r").code == code
    assert world.audit.last["errorCode"] == code
    assert world.audit.last["userIdentity"]["type"] == "SAMLUser"


async def test_a_failure_that_the_provider_reports_is_a_rejected_claim_with_403(world: SamlWorld) -> None:
    with pytest.raises(RejectedClaim) as refused:
        await world.assume_with(world.assertion(status="urn:oasis:names:tc:SAML:2.0:status:Responder"))

    answer = answer_of(refused.value, "r")
    assert (answer.code, answer.status) == ("IDPRejectedClaim", 403)


async def test_an_assertion_that_has_ended_is_told_in_awss_words_and_when_in_the_audit_log(world: SamlWorld) -> None:
    with pytest.raises(ExpiredIdentityToken) as refused:
        await world.assume_with(world.assertion(confirmed_until=-60))

    answer = answer_of(refused.value, "r")
    assert (answer.code, answer.status) == ("ExpiredTokenException", 400)
    assert str(refused.value) == "Token must be redeemed within 5 minutes of issuance"
    assert world.audit.last["additionalEventData"]["cause"].startswith("Token expired: current date/time ")


async def test_an_answer_to_a_browsers_request_is_refused(world: SamlWorld) -> None:
    with pytest.raises(InvalidIdentityToken):
        await world.assume_with(world.assertion(in_response_to="_asked"))


USED = {
    "a session": ({}, ()),
    "a refused role": ({"role": ENGINEER}, (RoleAssumptionDenied,)),
    "another account's provider": ({"principal": OTHER_PRINCIPAL}, (RoleAssumptionDenied,)),
}


@pytest.mark.parametrize(("first", "faults"), USED.values(), ids=USED)
async def test_an_assertion_is_used_once(
    world: SamlWorld, first: dict[str, Any], faults: tuple[type[GatewayError], ...]
) -> None:
    assertion = world.assertion()
    with suppress(*faults):
        await world.assume_with(assertion, **first)

    with pytest.raises(InvalidIdentityToken) as refused:
        await world.assume_with(assertion)

    assert "used before" in refused.value.cause


async def test_other_white_space_in_the_base64_is_the_same_assertion(world: SamlWorld) -> None:
    assertion = world.assertion()
    await world.assume_with(assertion)

    with pytest.raises(InvalidIdentityToken, match="used before"):
        await world.assume_with(f"{assertion[:100]}\r\n{assertion[100:]}\n")


async def test_one_providers_assertion_uses_up_none_of_anothers_that_has_the_same_id(tmp_path: Path) -> None:
    other = SamlIdentityProvider(label="other", issuer="https://other.example")
    (tmp_path / "other.xml").write_text(metadata_xml(other.certificate, issuer=other.issuer))
    world = SamlWorld(
        tmp_path,
        providers="corp: {type: saml, metadata: ./idp.xml}\nother: {type: saml, metadata: ./other.xml}",
        mappings="- {provider: corp, roles: [lake/Analyst]}\n- {provider: other, roles: [lake/Analyst]}",
    )
    there = "https://sts.example.com/saml/other"
    facts = world.facts(
        assertion_id="_one",
        issuer=other.issuer,
        response_issuer=other.issuer,
        recipient=f"{there}/acs",
        destination=f"{there}/acs",
        audiences=((f"{there}/metadata",),),
    )

    await world.assume_with(world.assertion(assertion_id="_one"))
    await world.assume_with(encoded(other.response(facts)), principal=PRINCIPAL.replace("corp", "other"))


@pytest.mark.parametrize("first", [{"duration": 43_200}, {"policy": "{}"}], ids=["duration", "policy"])
async def test_a_fault_of_the_request_alone_uses_nothing_up(world: SamlWorld, first: dict[str, Any]) -> None:
    assertion = world.assertion()
    with pytest.raises((DurationTooLong, MalformedPolicyDocument)):
        await world.assume_with(assertion, **first)

    await world.assume_with(assertion)


async def test_of_twenty_at_once_one_wins(world: SamlWorld) -> None:
    assertion = world.assertion()

    outcomes = await asyncio.gather(*(world.assume_with(assertion) for _ in range(20)), return_exceptions=True)

    refused = [one for one in outcomes if isinstance(one, InvalidIdentityToken)]
    assert len(refused) == 19
    assert all("used before" in one.cause for one in refused)


def worker(folder: Path, state: Path) -> SamlWorld:
    """One process of several over one store."""
    folder.mkdir()
    world = SamlWorld(folder)
    world.state = SqliteStore(state, world.clock)  # type: ignore[assignment]
    world.reload(**world.sections)
    return world


async def test_two_workers_with_one_store_use_an_assertion_once_also_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    workers = [worker(tmp_path / name, state) for name in ("one", "two")]
    assertion = workers[0].assertion()

    outcomes = await asyncio.gather(
        *(one.assume_with(assertion) for one in workers for _ in range(10)), return_exceptions=True
    )

    assert sum(isinstance(one, InvalidIdentityToken) for one in outcomes) == 19
    for one in workers:
        await one.state.aclose()
    restarted = worker(tmp_path / "three", state)
    with pytest.raises(InvalidIdentityToken, match="used before"):
        await restarted.assume_with(assertion)
    await restarted.state.aclose()


async def test_the_mark_outlives_the_assertion_on_a_replica_whose_clock_is_behind(world: SamlWorld) -> None:
    ahead = MovableClock()
    world.state = MemoryStore(ahead)
    world.reload(**world.sections)
    assertion = world.assertion(confirmed_until=300)
    await world.assume_with(assertion)
    ahead.move(seconds=300 + 60 + 1)

    with pytest.raises(InvalidIdentityToken, match="used before"):
        await world.assume_with(assertion)


async def test_an_assertion_without_end_is_marked_as_used_too(world: SamlWorld) -> None:
    seconds = (datetime.max.replace(tzinfo=UTC) - world.clock.now()) // timedelta(seconds=1)
    assertion = world.assertion(confirmed_until=seconds, not_on_or_after=seconds)
    await world.assume_with(assertion)

    with pytest.raises(InvalidIdentityToken, match="used before"):
        await world.assume_with(assertion)


async def test_a_store_that_does_not_answer_opens_nothing(world: SamlWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    async def down(*_: Any) -> bool:
        raise StateUnavailable(cause="the store is down")

    monkeypatch.setattr(world.state, "put_once", down)

    with pytest.raises(StateUnavailable):
        await world.assume_with()


async def test_an_assertion_stays_used_where_its_audit_line_cannot_be_written(world: SamlWorld) -> None:
    assertion = world.assertion()
    world.audit.full = True
    with pytest.raises(AuditUnavailable):
        await world.assume_with(assertion)
    world.audit.full = False

    with pytest.raises(InvalidIdentityToken, match="used before"):
        await world.assume_with(assertion)


def role_attribute(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {f"{AWS}Role": tuple(",".join(pair) for pair in pairs)}


NARROWED = {
    "the pair asked for": (role_attribute((ANALYST, PRINCIPAL)), True),
    "in the other order": (role_attribute((PRINCIPAL, ANALYST)), True),
    "among others": (role_attribute((ENGINEER, PRINCIPAL), (ANALYST, PRINCIPAL)), True),
    "another role": (role_attribute((ENGINEER, PRINCIPAL)), False),
    "another provider": (role_attribute((ANALYST, f"{PRINCIPAL}2")), False),
    "no pair at all": ({f"{AWS}Role": "nonsense"}, False),
}


@pytest.mark.parametrize(("attributes", "allowed"), NARROWED.values(), ids=NARROWED)
async def test_the_role_attribute_narrows(world: SamlWorld, attributes: dict[str, Any], allowed: bool) -> None:
    assertion = world.assertion(attributes=attributes)
    if allowed:
        await world.assume_with(assertion)
        return
    with pytest.raises(InvalidIdentityToken, match="doesn't contain the requested Role"):
        await world.assume_with(assertion)
    with pytest.raises(InvalidIdentityToken, match="used before"):
        await world.assume_with(assertion)


async def test_the_role_attribute_never_grants(world: SamlWorld) -> None:
    attributes = role_attribute((ENGINEER, PRINCIPAL))

    with pytest.raises(RoleAssumptionDenied):
        await world.assume_with(world.assertion(attributes=attributes), role=ENGINEER)


async def test_the_portals_roles_are_narrowed_likewise(world: SamlWorld) -> None:
    both = ("analysts", "engineers")
    assumed = await world.assume_with(world.assertion(*both, attributes=role_attribute((ANALYST, PRINCIPAL))))

    granted = world.exchange._parts.catalog.roles_of(assumed.identity, world.clock.now())

    assert [one.role.name for one in granted] == ["lake/Analyst"]


SESSION = {
    "an attribute": ({f"{AWS}RoleSessionName": "alice@corp"}, "alice@corp"),
    "the user name": ({"uid": "Alice B"}, "Alice=20B"),
}


@pytest.mark.parametrize(("attributes", "name"), SESSION.values(), ids=SESSION)
async def test_the_session_is_named_by(world: SamlWorld, attributes: dict[str, Any], name: str) -> None:
    assumed = await world.assume_with(world.assertion(attributes=attributes))

    assert assumed.principal.arn.rpartition("/")[2] == name


DURATIONS: dict[str, tuple[dict[str, Any], int | None, float | None, int]] = {
    "an hour where nobody says": ({}, None, 28_800, 3_600),
    "the attribute's": ({f"{AWS}SessionDuration": "7200"}, None, 28_800, 7_200),
    "the role's maximum at most": ({f"{AWS}SessionDuration": "43200"}, None, None, 14_400),
    "what is asked for, whatever the attribute says": ({f"{AWS}SessionDuration": "7200"}, 900, 28_800, 900),
    "the provider's session at most": ({}, 14_400, 1_800, 1_800),
    "the provider's session at most, by the attribute": ({f"{AWS}SessionDuration": "7200"}, None, 600, 600),
}


@pytest.mark.parametrize(("attributes", "asked", "until", "seconds"), DURATIONS.values(), ids=DURATIONS)
async def test_a_session_lasts(
    world: SamlWorld, attributes: dict[str, Any], asked: int | None, until: float | None, seconds: int
) -> None:
    assumed = await world.assume_with(
        world.assertion(attributes=attributes, session_until=until, confirmed_until=300), duration=asked
    )

    assert assumed.credentials.expiration == world.clock.now() + timedelta(seconds=seconds)


async def test_tags_and_source_identity_of_the_assertion_come_along(world: SamlWorld) -> None:
    attributes = {
        f"{AWS}PrincipalTag:Team": "blue",
        f"{AWS}TransitiveTagKeys": "Team",
        f"{AWS}SourceIdentity": "alice@corp",
    }

    principal = (await world.assume_with(world.assertion(attributes=attributes))).principal

    assert (principal.tags["Team"], principal.source_identity) == ("blue", "alice@corp")
    assert world.audit.last["requestParameters"]["principalTags"] == {"Team": "blue"}
    assert world.audit.last["requestParameters"]["transitiveTagKeys"] == ["Team"]


async def test_the_record_is_cloudtrails_and_holds_no_assertion(world: SamlWorld) -> None:
    facts = world.facts()
    assertion = world.assertion(assertion_id=facts.assertion_id)

    await world.assume_with(assertion)

    record = world.audit.last
    assert record["userIdentity"] == {
        "type": "SAMLUser",
        "principalId": f"{QUALIFIER}:alice",
        "userName": "alice",
        "identityProvider": QUALIFIER,
    }
    assert record["requestParameters"] == {
        "roleArn": ANALYST,
        "principalArn": PRINCIPAL,
        "sAMLAssertionID": facts.assertion_id,
    }
    told = record["responseElements"]
    assert {name: told[name] for name in ("subject", "subjectType", "issuer", "audience", "nameQualifier")} == {
        "subject": "alice",
        "subjectType": "persistent",
        "issuer": ISSUER,
        "audience": ACS,
        "nameQualifier": QUALIFIER,
    }
    assert record["eventName"] == "AssumeRoleWithSAML"
    assert len(record["additionalEventData"]["certificateSha256"]) == 64
    written = json.dumps(world.audit.records)
    assert assertion[:60] not in written
    assert "SignatureValue" not in written


TRUSTED: dict[str, tuple[str, dict[str, Any], bool]] = {
    "aud": ("StringEquals: {saml:aud: 'https://sts.example.com/saml/corp/acs'}", {}, True),
    "aud of another": ("StringEquals: {saml:aud: 'https://signin.aws.amazon.com/saml'}", {}, False),
    "iss": (f"StringEquals: {{saml:iss: '{ISSUER}'}}", {}, True),
    "sub and its type": ("StringEquals: {saml:sub: alice, saml:sub_type: persistent}", {}, True),
    "namequalifier": (f"StringEquals: {{saml:namequalifier: '{QUALIFIER}'}}", {}, True),
    "namequalifier of another": ("StringEquals: {saml:namequalifier: '1uAJanUnBc2XeUkHURMht+xam2c='}", {}, False),
    "doc": (f"StringEquals: {{saml:doc: {ACCOUNT}/corp}}", {}, True),
    "doc of another": (f"StringEquals: {{saml:doc: {ACCOUNT}/other}}", {}, False),
    "an attribute by AWS's name": (
        "'ForAnyValue:StringEquals': {'saml:edupersonaffiliation': staff}",
        {"urn:oid:1.3.6.1.4.1.5923.1.1.1.1": ("member", "staff")},
        True,
    ),
    "a single-valued one with two values": (
        "StringEquals: {'saml:edupersonprincipalname': a}",
        {"urn:oid:1.3.6.1.4.1.5923.1.1.1.6": ("a", "b")},
        False,
    ),
    "an attribute by its own name": ("StringEquals: {'saml:costcenter': '7'}", {"costCenter": "7"}, True),
    "an attribute spelt as a key of the assertion": ("StringEquals: {'saml:sub': mallory}", {"sub": "mallory"}, False),
}


@pytest.mark.parametrize(("condition", "attributes", "allowed"), TRUSTED.values(), ids=TRUSTED)
async def test_a_trust_policy_asks_for(
    tmp_path: Path, condition: str, attributes: dict[str, Any], allowed: bool
) -> None:
    statement = (
        f"{{Effect: Allow, Principal: {{Federated: '{PRINCIPAL}'}}, Action: 'sts:AssumeRoleWithSAML', "
        f"Condition: {{{condition}}}}}"
    )
    policy = f'{{Version: "2012-10-17", Statement: [{statement}]}}'
    roles = f"lake/Analyst: {{policies: [read-lake], trust_policy: {policy}}}"
    world = SamlWorld(tmp_path, roles=roles, mappings="[]")
    assertion = world.assertion(attributes=attributes)

    if allowed:
        await world.assume_with(assertion)
    else:
        with pytest.raises(RoleAssumptionDenied):
            await world.assume_with(assertion)


async def test_a_web_identity_action_is_no_permission_for_saml(tmp_path: Path) -> None:
    statement = f"{{Effect: Allow, Principal: {{Federated: '{PRINCIPAL}'}}, Action: 'sts:AssumeRoleWithWebIdentity'}}"
    policy = f'{{Version: "2012-10-17", Statement: [{statement}]}}'
    world = SamlWorld(tmp_path, roles=f"lake/Analyst: {{trust_policy: {policy}}}", mappings="[]")

    with pytest.raises(RoleAssumptionDenied):
        await world.assume_with()


def test_the_provider_ends_a_sign_in_before_the_gateway_does(world: SamlWorld) -> None:
    identity = asyncio.run(world.assume_with(world.assertion(session_until=1_800))).identity

    begun = SignedIn.begin(identity, world.clock.now(), 43_200)

    assert begun.ends == world.clock.now() + timedelta(seconds=1_800)
    assert isinstance(SignedIn.read(begun.written()).identity.ends_at, datetime)


def test_of_an_oidc_provider_no_saml_is_taken(tmp_path: Path) -> None:
    world = GatewayWorld(tmp_path)

    assert world.registry.saml("workforce") is None
    assert world.registry.saml_providers == ()
