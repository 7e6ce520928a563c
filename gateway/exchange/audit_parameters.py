"""`requestParameters` of audit records, in CloudTrail's shapes; never a secret or token.

Source: AWS CloudTrail User Guide, "CloudTrail record contents"; the STS API's own member names.
"""

from collections.abc import Mapping
from typing import Any

from gateway.domain.assertion import ProvenAssertion
from gateway.domain.assumption import (
    FederationRequest,
    RoleRequest,
    SamlRequest,
    SessionRequest,
    WebIdentityTokenRequest,
)


def session_parameters(request: SessionRequest) -> dict[str, Any]:
    """`requestParameters` of opening a session, by the names of the API's members."""
    given: dict[str, Any] = {}
    if request.role_arn is not None:
        given["roleArn"] = request.role_arn
    if request.session_name is not None:
        given["roleSessionName"] = request.session_name
    if request.duration is not None:
        given["durationSeconds"] = request.duration
    if request.policy is not None:
        given["policy"] = request.policy
    if request.policy_arns:
        given["policyArns"] = [{"arn": arn} for arn in request.policy_arns]
    return given


def assertion_parameters(request: SamlRequest) -> dict[str, Any]:
    """`requestParameters` of AssumeRoleWithSAML; of a proven assertion its ID is added, never the assertion."""
    return {**session_parameters(request.session), "principalArn": request.principal_arn}


def asserted_parameters(assertion: ProvenAssertion) -> dict[str, Any]:
    """What a proven assertion adds to them."""
    identity = assertion.identity
    given = {
        "sAMLAssertionID": assertion.assertion_id,
        "roleSessionName": assertion.role_session_name,
        "principalTags": dict(identity.session_tags) or None,
        "transitiveTagKeys": sorted(identity.transitive_tag_keys) or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def role_parameters(request: RoleRequest) -> dict[str, Any]:
    """`requestParameters` of AssumeRole."""
    given = {
        "tags": _tags(request.tags),
        "transitiveTagKeys": sorted(request.transitive_tag_keys) or None,
        "externalId": request.external_id,
        "sourceIdentity": request.source_identity,
        "serialNumber": request.serial_number,
    }
    return session_parameters(request.session) | {name: value for name, value in given.items() if value is not None}


def federation_parameters(request: FederationRequest) -> dict[str, Any]:
    """`requestParameters` of GetFederationToken."""
    parameters = session_parameters(request.session)
    tags = _tags(request.tags)
    return {"name": parameters.pop("roleSessionName"), **parameters, **({"tags": tags} if tags else {})}


def token_parameters(request: WebIdentityTokenRequest) -> dict[str, Any]:
    """`requestParameters` of GetWebIdentityToken."""
    given = {
        "audience": list(request.audiences),
        "signingAlgorithm": request.algorithm.value,
        "durationSeconds": request.duration,
        "tags": _tags(request.tags),
    }
    return {name: value for name, value in given.items() if value is not None}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]] | None:
    return [{"key": key, "value": value} for key, value in tags.items()] or None
