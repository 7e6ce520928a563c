"""Public detection rules for CloudTrail find in the audit log what they look for, and nothing else.

Each rule is named by its source, and what it asks for is written here in our own words: Elastic's are of
elastic/detection-rules, `rules/integrations/aws`; Sigma's of SigmaHQ/sigma, `rules/cloud/aws/cloudtrail`; Panther's of
panther-labs/panther-analysis, `rules/aws_cloudtrail_rules`. The events come from the real exchange. Rules about sign-ins
stand in test_sign_in_rules.py.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.gateway_world import GatewayWorld
from tests.unit.exchange import recorded_events as scene
from tests.unit.exchange.recorded_events import ADMIN, SCENES, SECTIONS, Record, Scene, asks_service

Predicate = Callable[[Record], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A public rule: the scenes that it must fire for; for every other scene it must not."""

    name: str
    fires: Predicate
    on: frozenset[Scene]


@pytest.fixture
def world(tmp_path: Path) -> GatewayWorld:
    return GatewayWorld(tmp_path, **SECTIONS)


def at(record: Record, path: str) -> Any:
    """The value at a dotted path, None where a step is missing or null."""
    value: Any = record
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def succeeded(record: Record) -> bool:
    # Elastic looks at errorCode; Panther takes a mere errorMessage for a failure too.
    return not record.get("errorCode") and not record.get("errorMessage")


def sts(record: Record, name: str) -> bool:
    return record["eventSource"] == "sts.amazonaws.com" and record["eventName"] == name


def _kubernetes_from_outside(record: Record) -> bool:
    known = sts(record, "AssumeRoleWithWebIdentity") and succeeded(record)
    return known and at(record, "userIdentity.userName").startswith("system:serviceaccount:") and _address(record)


def _address(record: Record) -> bool:
    # Whose network it is, a geographic database of the log's reader says.
    return bool(ipaddress.ip_address(record["sourceIPAddress"]))


def _chaining(record: Record) -> bool:
    of_session = at(record, "userIdentity.type") == "AssumedRole"
    return (
        sts(record, "AssumeRole")
        and of_session
        and at(record, "userIdentity.accessKeyId").startswith("ASIA")
        and succeeded(record)
    )


def _new_mfa(record: Record) -> bool:
    return sts(record, "AssumeRole") and at(record, "requestParameters.serialNumber") is not None and succeeded(record)


def _assumed_by_user(record: Record) -> bool:
    return sts(record, "AssumeRole") and at(record, "userIdentity.type") == "IAMUser" and succeeded(record)


def _federation(record: Record) -> bool:
    return sts(record, "GetFederationToken") and succeeded(record)


def _administrative_federation(record: Record) -> bool:
    # The rule greps the parameters, flattened to one text, for a policy that allows everything.
    return _federation(record) and '"Action":"*"' in flat(record["requestParameters"])


def _identity(record: Record) -> bool:
    by_session = at(record, "userIdentity.type") == "AssumedRole"
    return sts(record, "GetCallerIdentity") and not by_session and succeeded(record)


def _suspicious_agent(record: Record) -> bool:
    return re.search(r"kali|sqlmap|nmap|nikto", record["userAgent"]) is not None and succeeded(record)


def _misused_role(record: Record) -> bool:
    return sts(record, "AssumeRole") and at(record, "userIdentity.sessionContext.sessionIssuer.type") == "Role"


def _session_token(record: Record) -> bool:
    return sts(record, "GetSessionToken") and at(record, "userIdentity.type") == "IAMUser"


def _blocked_role(record: Record) -> bool:
    return succeeded(record) and sts(record, "AssumeRole") and at(record, "requestParameters.roleArn") == ADMIN


def flat(value: Any) -> str:
    """A value as Elastic's ingest pipeline flattens it: `{credentials={accessKeyId=ASIA..., expiration=...}}`."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={flat(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flat, value)) + "]"
    return str(value)


RULES = (
    Rule(
        name="Elastic initial_access_assume_role_with_web_identity_kubernetes_sa_from_external_asn",
        fires=_kubernetes_from_outside,
        on=frozenset({scene.workload_signs_in}),
    ),
    Rule(
        name="Elastic privilege_escalation_sts_role_chaining",
        fires=_chaining,
        on=frozenset({scene.session_chains, scene.session_chains_across_accounts}),
    ),
    # The gateway takes no MFA codes: it refuses them, so that there is never a success to find.
    Rule(name="Elastic persistence_sts_assume_role_with_new_mfa", fires=_new_mfa, on=frozenset()),
    Rule(
        name="Elastic privilege_escalation_role_assumption_by_user",
        fires=_assumed_by_user,
        on=frozenset({scene.user_assumes}),
    ),
    Rule(
        name="Elastic defense_evasion_sts_get_federation_token",
        fires=_federation,
        on=frozenset({scene.user_federates, scene.user_federates_without_policy}),
    ),
    Rule(
        name="Elastic privilege_escalation_sts_get_federation_token_administrator_access",
        fires=_administrative_federation,
        on=frozenset({scene.user_federates}),
    ),
    Rule(
        name="Elastic discovery_new_terms_sts_getcalleridentity",
        fires=_identity,
        on=frozenset(
            {
                scene.user_asks_who_it_is,
                scene.temporary_user_asks_who_it_is,
                scene.federated_user_asks_who_it_is,
                scene.scanner_asks_who_it_is,
            }
        ),
    ),
    Rule(
        name="Elastic initial_access_suspicious_user_agent_detected_in_cloudtrail",
        fires=_suspicious_agent,
        on=frozenset({scene.scanner_asks_who_it_is}),
    ),
    Rule(
        name="Sigma aws_sts_assumerole_misuse",
        fires=_misused_role,
        on=frozenset({scene.session_chains, scene.session_chains_across_accounts}),
    ),
    Rule(
        name="Panther aws_sts_getsessiontoken_misuse",
        fires=_session_token,
        on=frozenset({scene.user_gets_session_token}),
    ),
    Rule(
        name="Panther aws_iam_assume_role_blocklist_ignored",
        fires=_blocked_role,
        on=frozenset({scene.session_chains, scene.user_assumes}),
    ),
    Rule(name="Panther role_assumed_by_user", fires=_assumed_by_user, on=frozenset({scene.user_assumes})),
)


@pytest.mark.parametrize("played", SCENES, ids=lambda played: played.__name__)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name.replace(" ", ":"))
async def test_a_rule_fires_where_it_should_and_nowhere_else(world: GatewayWorld, rule: Rule, played: Scene) -> None:
    record = await played(world)

    assert rule.fires(record) is (played in rule.on), record


async def test_a_second_factor_that_was_taken_would_be_found(world: GatewayWorld) -> None:
    refused = await scene.user_assumes_with_mfa(world)

    taken = {name: value for name, value in refused.items() if not name.startswith("error")}

    assert refused["errorCode"] == "AccessDenied"
    assert _new_mfa(taken)


ISSUED = re.compile(r"accessKeyId=(ASIA[A-Z2-7]{16}),")


def _phases(trail: Sequence[Record]) -> int:
    """How many kinds of calls a workload's session made, found by the key that its sign-in issued."""
    sign_ins = [record for record in trail if _kubernetes_from_outside(record)]
    keys = {key for record in sign_ins for key in ISSUED.findall(flat(record["responseElements"]))}
    return len({record["eventName"] for record in trail if at(record, "userIdentity.accessKeyId") in keys})


async def test_what_a_workload_s_session_does_is_found_by_the_key_that_its_sign_in_issued(world: GatewayWorld) -> None:
    """Elastic lateral_movement_k8_assumed_web_identity_session_with_multi_phase_api_use."""
    workload = (await world.assume(world.token(sub=scene.WORKLOAD))).credentials
    person = (await world.assume()).credentials
    world.exchange.caller_identity(scene.call(world, person))
    assert _phases(world.audit.records) == 0

    world.exchange.caller_identity(scene.call(world, workload))
    asks_service(world, workload, "store")

    assert _phases(world.audit.records) == 2
