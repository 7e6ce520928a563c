"""`userIdentity` and `responseElements` of audit records, in CloudTrail's shapes; never a secret or token.

Source: AWS CloudTrail User Guide, "CloudTrail userIdentity element".
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from gateway.domain.arn import issuer_path, oidc_provider_arn
from gateway.domain.assumption import AssumedRole, FederationRequest, OpenedSession, RoleRequest, SessionRequest
from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.identity import Identity
from gateway.domain.principal import Principal, PrincipalType

_HIDDEN: Final = "HIDDEN_DUE_TO_SECURITY_REASONS"


def web_identity(identity: Identity, account: str | None) -> dict[str, Any]:
    """Somebody who came with a token. `account`: of the role asked for; None where no role is known."""
    provider = issuer_path(identity.issuer) if account is None else oidc_provider_arn(account, identity.issuer)
    return {
        "type": "WebIdentityUser",
        "principalId": f"{provider}:{identity.audience}:{identity.subject}",
        "userName": identity.subject,
        "identityProvider": provider,
    }


def unverified_web_identity() -> dict[str, Any]:
    """Somebody whose token did not hold: nothing that it says is written down as a name."""
    return {"type": "WebIdentityUser"}


def principal(signer: Principal) -> dict[str, Any]:
    """Somebody who signed a request."""
    common = {
        "type": signer.type.value,
        "principalId": signer.unique_id,
        "arn": signer.arn,
        "accountId": signer.account,
        "accessKeyId": signer.access_key_id,
    }
    if signer.type is PrincipalType.USER:
        return {**common, "userName": signer.user_name}
    return {**common, "sessionContext": _session_context(signer)}


def _session_context(signer: Principal) -> dict[str, Any]:
    context: dict[str, Any] = {
        "sessionIssuer": {
            "type": "Role",
            "principalId": signer.unique_id.partition(":")[0],
            "arn": signer.identity_arn,
            "accountId": signer.account,
            "userName": signer.role_name,
        },
        "attributes": {
            "creationDate": _time(signer.issued_at),
            "mfaAuthenticated": "true" if _with_mfa(signer) else "false",
        },
    }
    if signer.provider is not None:
        context["webIdFederationData"] = {"federatedProvider": signer.provider, "attributes": {}}
    if signer.source_identity is not None:
        context["sourceIdentity"] = signer.source_identity
    return context


def session_parameters(request: SessionRequest) -> dict[str, Any]:
    """`requestParameters` of opening a session, by the names of the API's members."""
    given = {
        "roleArn": request.role_arn,
        "roleSessionName": request.session_name,
        "durationSeconds": request.duration,
        "policy": request.policy,
        "policyArns": [{"arn": arn} for arn in request.policy_arns] or None,
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


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]] | None:
    return [{"key": key, "value": value} for key, value in tags.items()] or None


def opened_session(assumed: AssumedRole) -> dict[str, Any]:
    """`responseElements` of an opened session. CloudTrail shows the session token; this never does."""
    identity = assumed.identity
    return {
        **opened_role_session(OpenedSession(credentials=assumed.credentials, principal=assumed.principal)),
        "subjectFromWebIdentityToken": identity.subject,
        "provider": identity.issuer,
        "audience": identity.audience,
    }


def opened_role_session(opened: OpenedSession) -> dict[str, Any]:
    """`responseElements` of AssumeRole."""
    given = {
        "packedPolicySize": opened.credentials.packed_percent,
        "sourceIdentity": opened.principal.source_identity,
    }
    return {
        "credentials": told_credentials(opened.credentials),
        "assumedRoleUser": {"assumedRoleId": opened.principal.unique_id, "arn": opened.principal.arn},
        **{name: value for name, value in given.items() if value is not None},
    }


def opened_federation(opened: OpenedSession) -> dict[str, Any]:
    """`responseElements` of GetFederationToken."""
    return {
        "credentials": told_credentials(opened.credentials),
        "federatedUser": {"federatedUserId": opened.principal.unique_id, "arn": opened.principal.arn},
        "packedPolicySize": opened.credentials.packed_percent or 0,
    }


def told_credentials(credentials: TemporaryCredentials) -> dict[str, Any]:
    # Public detection rules look for the id in front of another member.
    return {
        "accessKeyId": credentials.access_key_id,
        "sessionToken": _HIDDEN,
        "expiration": f"{credentials.expiration:%b %-d, %Y, %-I:%M:%S %p}",
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _with_mfa(signer: Principal) -> bool:
    return any(key.endswith(":amr") and "mfa" in values for key, values in signer.condition_keys.items())
