"""AssumeRoleWithSAML: an assertion, proven, then the one session that it may open."""

from dataclasses import replace
from typing import Final

from gateway.connectors.connector import SamlProvider
from gateway.domain.arn import RoleArn, SamlProviderArn
from gateway.domain.assertion import UNSOLICITED, ProvenAssertion
from gateway.domain.assumption import AssumedRole, SamlRequest
from gateway.domain.errors import InvalidIdentityToken, RoleAssumptionDenied
from gateway.domain.grant import Grant
from gateway.domain.identity import ProviderType
from gateway.domain.origin import RequestOrigin
from gateway.exchange import audit_identities, audit_parameters
from gateway.exchange.assume_role import granted, opened
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.once_only import use_up
from gateway.exchange.parts import Parts
from gateway.roles.statements import ASSUME_ROLE

# AWS's own sentences.
_UNKNOWN: Final = "Specified provider doesn't exist"
_UNLISTED: Final = "SAML Assertion doesn't contain the requested Role and Metadata in the attributes"


async def with_saml(parts: Parts, request: SamlRequest, origin: RequestOrigin, entry: AuditEntry) -> AssumedRole:
    """The order: provider, assertion proven, role, trust, duration, policies, assertion used up, session.

    A fault of the request alone (a duration too long, a policy that cannot be read) uses nothing up; a refused role
    does.
    Raises RequestError, IdentityError, RoleAssumptionDenied, ServiceError.
    """
    entry.user_identity = audit_identities.unverified_assertion()
    entry.request_parameters = audit_parameters.assertion_parameters(request)
    entry.concerns(RoleArn.parse(request.session.role_arn or ""))
    verifier = _provider(parts, request)
    entry.details["provider"] = verifier.name
    assertion = await verifier.verify(request.assertion, UNSOLICITED)
    entry.request_parameters = {**entry.request_parameters, **audit_parameters.asserted_parameters(assertion)}
    entry.details["certificateSha256"] = assertion.certificate_sha256
    entry.user_identity = audit_identities.identity(assertion.identity, entry.recipient_account)
    try:
        grant = _granted(parts, request, assertion, origin, entry)
    except (InvalidIdentityToken, RoleAssumptionDenied):
        await use_up(parts, assertion)
        raise
    await use_up(parts, assertion)
    return opened(parts, grant, assertion.identity, entry)


def _provider(parts: Parts, request: SamlRequest) -> SamlProvider:
    provider = parts.registry.saml(SamlProviderArn.parse(request.principal_arn).name)
    if provider is None:
        raise InvalidIdentityToken(_UNKNOWN, cause="PrincipalArn names no SAML provider of the configuration")
    return provider


def _granted(
    parts: Parts, request: SamlRequest, assertion: ProvenAssertion, origin: RequestOrigin, entry: AuditEntry
) -> Grant:
    role, identity = RoleArn.parse(request.session.role_arn or ""), assertion.identity
    # The provider as another account knows it is another principal, which this role's trust is not asked about.
    if SamlProviderArn.parse(request.principal_arn).account != role.account:
        action = ASSUME_ROLE[ProviderType.SAML]
        raise RoleAssumptionDenied(action=action, cause="PrincipalArn is of another account than the role")
    pair = str(role), request.principal_arn
    if identity.only_roles is not None and pair not in identity.only_roles:
        raise InvalidIdentityToken(_UNLISTED, cause=f"the Role attribute does not name {','.join(pair)}")
    session = replace(request.session, session_name=assertion.role_session_name)
    return granted(parts, identity, session, origin, entry)
