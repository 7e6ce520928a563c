"""`userIdentity` and `responseElements` of audit records, in CloudTrail's shapes; never a secret or token.

Source: AWS CloudTrail User Guide, "CloudTrail userIdentity element".
"""

from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from gateway.domain.arn import account_and_name, issuer_path, ldap_provider_arn, oidc_provider_arn
from gateway.domain.assumption import AssumedRole, IssuedToken, OpenedSession
from gateway.domain.clock import utc_text
from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.identifiers import name_qualifier, user_id
from gateway.domain.identity import Identity, ProviderType
from gateway.domain.principal import Principal, PrincipalType
from gateway.exchange.request_keys import signed_in_with_mfa

_REMEMBERED: Final = 64
# As the sign-in left it in the session, which stays true when the provider is not configured any more.
_FEDERATED_PROVIDER: Final = "aws:federatedprovider"
_NO_WEB_IDENTITIES: Final = (":saml-provider/", ":ldap-provider/")
_HIDDEN: Final = "HIDDEN_DUE_TO_SECURITY_REASONS"


def identity(identity: Identity, account: str | None) -> dict[str, Any]:
    """Somebody who came from a provider. `account`: of the role asked for; None where no role is known.

    CloudTrail has no word for directories; ours stands beside its `WebIdentityUser`.
    """
    if identity.provider_type is ProviderType.LDAP:
        name = identity.issuer if account is None else ldap_provider_arn(account, identity.provider)
        return {
            "type": "LDAPUser",
            "principalId": f"{name}:{identity.subject}",
            "userName": identity.username,
            "identityProvider": name,
        }
    if identity.provider_type is ProviderType.SAML:
        return _asserted(identity, account)
    provider = issuer_path(identity.issuer) if account is None else oidc_provider_arn(account, identity.issuer)
    return {
        "type": "WebIdentityUser",
        "principalId": f"{provider}:{identity.audience}:{identity.subject}",
        "userName": identity.subject,
        "identityProvider": provider,
    }


def _asserted(identity: Identity, account: str | None) -> dict[str, Any]:
    """CloudTrail names a SAML provider by its NameQualifier, which holds an account."""
    provider = identity.issuer if account is None else name_qualifier(identity.issuer, account, identity.provider)
    return {
        "type": "SAMLUser",
        "principalId": f"{provider}:{identity.subject}",
        "userName": identity.subject,
        "identityProvider": provider,
    }


def unverified_assertion() -> dict[str, Any]:
    """Somebody whose assertion did not hold."""
    return {"type": "SAMLUser"}


def signed_in_person(identity: Identity, account: str, sign_in_id: str) -> dict[str, Any]:
    """Somebody who takes credentials by a sign-in. `account`: of the role asked for.

    CloudTrail has an identity store's ARN where ours has the provider; the person's name stands beside it.
    """
    store = f"arn:aws:identitystore::{account}:identitystore/{identity.provider}"
    return {
        "type": "IdentityCenterUser",
        "accountId": account,
        "userName": identity.username,
        "onBehalfOf": {"userId": identity.subject, "identityStoreArn": store},
        "credentialId": sign_in_id,
    }


def unverified_web_identity() -> dict[str, Any]:
    """Somebody whose token did not hold: nothing that it says is written down as a name."""
    return {"type": "WebIdentityUser"}


def unverified_person() -> dict[str, Any]:
    """Somebody whose password the directory has not taken."""
    return {"type": "LDAPUser"}


def principal(signer: Principal, *, provider: str | None, user_arn: str | None) -> dict[str, Any]:
    """Somebody who signed a request.

    provider: ARN of the provider that the person of the session came from. user_arn: of the user whose session it is.
    """
    common = {
        "type": signer.type.value,
        "principalId": signer.unique_id,
        "arn": signer.arn,
        "accountId": signer.account,
        "accessKeyId": signer.access_key_id,
    }
    if signer.type is PrincipalType.USER:
        common["userName"] = signer.user_name or ""
    if signer.issued_at is None:
        return common
    return {**common, "sessionContext": _session_context(signer, provider, user_arn)}


def _session_context(signer: Principal, provider: str | None, user_arn: str | None) -> dict[str, Any]:
    given = {
        "sessionIssuer": _session_issuer(signer, user_arn),
        "webIdFederationData": _web_federation(signer, provider),
        "attributes": {
            "creationDate": _time(signer.issued_at),
            "mfaAuthenticated": "true" if signed_in_with_mfa(signer) else "false",
        },
        "sourceIdentity": signer.source_identity,
    }
    return {name: value for name, value in given.items() if value is not None}


def _web_federation(signer: Principal, provider: str | None) -> dict[str, Any] | None:
    """CloudTrail has it for web identities alone, and nothing in its place for those who came by SAML."""
    if provider is None:
        return None
    # A session that was opened from another one carries the provider's name alone.
    came_by = signer.condition_keys.get(_FEDERATED_PROVIDER, (provider,))[0]
    if came_by == signer.provider or any(kind in came_by for kind in _NO_WEB_IDENTITIES):
        return None
    return {"federatedProvider": provider, "attributes": {"sub": signer.subject, "userName": signer.user_name}}


def _session_issuer(signer: Principal, user_arn: str | None) -> dict[str, Any] | None:
    """The role, or the user who vouches for a federated user. A user with temporary keys has none."""
    if signer.type is PrincipalType.ASSUMED_ROLE:
        return {
            "type": "Role",
            "principalId": signer.unique_id.partition(":")[0],
            "arn": signer.identity_arn,
            "accountId": signer.account,
            "userName": signer.role_name,
        }
    if signer.type is PrincipalType.USER or user_arn is None:
        return None
    account, name = account_and_name(user_arn)
    return {
        "type": "IAMUser",
        "principalId": user_id(account, name),
        "arn": user_arn,
        "accountId": account,
        "userName": name,
    }


def opened_session(assumed: AssumedRole) -> dict[str, Any]:
    """`responseElements` of an opened session. CloudTrail shows the session token; this never does."""
    identity = assumed.identity
    told = _opened(assumed.credentials, assumed.principal)
    told.update(_told_of(identity, assumed.principal.account))
    return told


def _told_of(identity: Identity, account: str) -> dict[str, str]:
    if identity.provider_type is ProviderType.SAML:
        return {
            "subject": identity.subject,
            "subjectType": identity.subject_type or "",
            "issuer": identity.issuer,
            "audience": identity.audience,
            "nameQualifier": name_qualifier(identity.issuer, account, identity.provider),
        }
    if identity.provider_type is not ProviderType.OIDC:
        return {"subject": identity.subject}
    return {
        "subjectFromWebIdentityToken": identity.subject,
        "provider": oidc_provider_arn(account, identity.issuer),
        "audience": identity.audience,
    }


def opened_role_session(opened: OpenedSession) -> dict[str, Any]:
    """`responseElements` of AssumeRole."""
    return _opened(opened.credentials, opened.principal)


def _opened(credentials: TemporaryCredentials, opened: Principal) -> dict[str, Any]:
    told: dict[str, Any] = {
        "credentials": told_credentials(credentials),
        "assumedRoleUser": {"assumedRoleId": opened.unique_id, "arn": opened.arn},
    }
    if credentials.packed_percent is not None:
        told["packedPolicySize"] = credentials.packed_percent
    if opened.source_identity is not None:
        told["sourceIdentity"] = opened.source_identity
    return told


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
        "expiration": told_end(credentials.expiration),
    }


def issued_token(issued: IssuedToken) -> dict[str, Any]:
    """`responseElements` of GetWebIdentityToken."""
    return {"webIdentityToken": _HIDDEN, "expiration": told_end(issued.expiration)}


@lru_cache(maxsize=_REMEMBERED)
def told_end(moment: datetime) -> str:
    return f"{moment:%b %-d, %Y, %-I:%M:%S %p}"


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)
