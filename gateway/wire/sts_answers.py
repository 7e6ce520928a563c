"""What each action of STS answers: element names and order as in AWS, before any format.

A member that is None is left out, as AWS leaves it out. Adding an action is one function here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.arn import oidc_provider_arn
from gateway.domain.assumption import AssumedRole, IssuedToken, OpenedSession
from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.identifiers import name_qualifier
from gateway.domain.principal import Principal

Member = str | int | datetime | None | Mapping[str, "Member"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The result of one action: `<ActionResult>`'s members. It may hold credentials and is never printed."""

    action: str
    members: Mapping[str, Member] = field(repr=False)


def web_identity(assumed: AssumedRole) -> Answer:
    return Answer(
        action="AssumeRoleWithWebIdentity",
        members={
            "Credentials": _credentials(assumed.credentials),
            "SubjectFromWebIdentityToken": assumed.identity.subject,
            "AssumedRoleUser": {"AssumedRoleId": assumed.principal.unique_id, "Arn": assumed.principal.arn},
            "PackedPolicySize": assumed.credentials.packed_percent,
            # The documentation says "the value of the iss field"; what AWS sends is the provider's ARN.
            "Provider": oidc_provider_arn(assumed.principal.account, assumed.identity.issuer),
            "Audience": assumed.identity.audience,
            "SourceIdentity": assumed.principal.source_identity,
        },
    )


def saml(assumed: AssumedRole) -> Answer:
    identity, account = assumed.identity, assumed.principal.account
    return Answer(
        action="AssumeRoleWithSAML",
        members={
            "Credentials": _credentials(assumed.credentials),
            "AssumedRoleUser": {"AssumedRoleId": assumed.principal.unique_id, "Arn": assumed.principal.arn},
            "PackedPolicySize": assumed.credentials.packed_percent,
            "Subject": identity.subject,
            "SubjectType": identity.subject_type,
            "Issuer": identity.issuer,
            # Not the Audience element: the Recipient of the confirmation, as AWS documents it.
            "Audience": identity.audience,
            "NameQualifier": name_qualifier(identity.issuer, account, identity.provider),
            "SourceIdentity": assumed.principal.source_identity,
        },
    )


def ldap_identity(assumed: AssumedRole) -> Answer:
    """MinIO's answer, and who the session is."""
    return _assumed("AssumeRoleWithLDAPIdentity", assumed.credentials, assumed.principal)


def role_session(opened: OpenedSession) -> Answer:
    return _assumed("AssumeRole", opened.credentials, opened.principal)


def _assumed(action: str, credentials: TemporaryCredentials, principal: Principal) -> Answer:
    return Answer(
        action=action,
        members={
            "Credentials": _credentials(credentials),
            "AssumedRoleUser": {"AssumedRoleId": principal.unique_id, "Arn": principal.arn},
            "PackedPolicySize": credentials.packed_percent,
            "SourceIdentity": principal.source_identity,
        },
    )


def session_token(opened: OpenedSession) -> Answer:
    return Answer(action="GetSessionToken", members={"Credentials": _credentials(opened.credentials)})


def federation_token(opened: OpenedSession) -> Answer:
    return Answer(
        action="GetFederationToken",
        members={
            "Credentials": _credentials(opened.credentials),
            "FederatedUser": {"FederatedUserId": opened.principal.unique_id, "Arn": opened.principal.arn},
            "PackedPolicySize": opened.credentials.packed_percent or 0,
        },
    )


def web_identity_token(issued: IssuedToken) -> Answer:
    return Answer(
        action="GetWebIdentityToken",
        members={"WebIdentityToken": issued.token, "Expiration": issued.expiration},
    )


def access_key_info(account: str) -> Answer:
    return Answer(action="GetAccessKeyInfo", members={"Account": account})


def decoded_message(message: str) -> Answer:
    return Answer(action="DecodeAuthorizationMessage", members={"DecodedMessage": message})


def caller_identity(principal: Principal) -> Answer:
    return Answer(
        action="GetCallerIdentity",
        members={"Arn": principal.arn, "UserId": principal.unique_id, "Account": principal.account},
    )


def _credentials(credentials: TemporaryCredentials) -> Mapping[str, Member]:
    return {
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "SessionToken": credentials.session_token,
        "Expiration": credentials.expiration,
    }
