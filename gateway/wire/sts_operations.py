"""The actions of STS that the gateway has, each with its parameters: the table that reading goes by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.wire import sts_shapes as shapes
from gateway.wire.sts_shapes import Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One action of STS. `signed`: it needs a signature; `carries_secret`: its parameters never stand in a GET."""

    name: str
    signed: bool
    carries_secret: bool
    shapes: tuple[Shape, ...] = ()


_SESSION: Final = (shapes.POLICY_ARNS, shapes.SESSION_POLICY)
_MFA: Final = (shapes.SERIAL_NUMBER, shapes.TOKEN_CODE)

ASSUME_ROLE: Final = Operation(
    name="AssumeRole",
    signed=True,
    carries_secret=False,
    shapes=(
        shapes.ROLE_ARN,
        shapes.ROLE_SESSION_NAME,
        *_SESSION,
        shapes.ROLE_DURATION,
        shapes.TAGS,
        shapes.TRANSITIVE_TAG_KEYS,
        shapes.EXTERNAL_ID,
        *_MFA,
        shapes.SOURCE_IDENTITY,
    ),
)
ASSUME_ROLE_WITH_LDAP_IDENTITY: Final = Operation(
    name="AssumeRoleWithLDAPIdentity",
    signed=False,
    carries_secret=True,
    shapes=(
        shapes.LDAP_USERNAME,
        shapes.LDAP_PASSWORD,
        shapes.ROLE_ARN,
        shapes.ROLE_SESSION_NAME,
        shapes.PROVIDER_NAME,
        *_SESSION,
        shapes.ROLE_DURATION,
    ),
)
ASSUME_ROLE_WITH_SAML: Final = Operation(
    name="AssumeRoleWithSAML",
    signed=False,
    carries_secret=True,
    shapes=(
        shapes.ROLE_ARN,
        shapes.PRINCIPAL_ARN,
        shapes.SAML_ASSERTION,
        *_SESSION,
        shapes.ROLE_DURATION,
    ),
)
ASSUME_ROLE_WITH_WEB_IDENTITY: Final = Operation(
    name="AssumeRoleWithWebIdentity",
    signed=False,
    carries_secret=True,
    shapes=(
        shapes.ROLE_ARN,
        shapes.ROLE_SESSION_NAME,
        shapes.WEB_IDENTITY_TOKEN,
        shapes.PROVIDER_ID,
        *_SESSION,
        shapes.ROLE_DURATION,
    ),
)
DECODE_AUTHORIZATION_MESSAGE: Final = Operation(
    name="DecodeAuthorizationMessage", signed=True, carries_secret=False, shapes=(shapes.ENCODED_MESSAGE,)
)
GET_ACCESS_KEY_INFO: Final = Operation(
    name="GetAccessKeyInfo", signed=True, carries_secret=False, shapes=(shapes.ACCESS_KEY_ID,)
)
GET_CALLER_IDENTITY: Final = Operation(name="GetCallerIdentity", signed=True, carries_secret=False)
GET_FEDERATION_TOKEN: Final = Operation(
    name="GetFederationToken",
    signed=True,
    carries_secret=False,
    shapes=(shapes.FEDERATED_NAME, *_SESSION, shapes.LONG_DURATION, shapes.TAGS),
)
GET_SESSION_TOKEN: Final = Operation(
    name="GetSessionToken", signed=True, carries_secret=False, shapes=(shapes.LONG_DURATION, *_MFA)
)
GET_WEB_IDENTITY_TOKEN: Final = Operation(
    name="GetWebIdentityToken",
    signed=True,
    carries_secret=False,
    shapes=(shapes.AUDIENCES, shapes.SIGNING_ALGORITHM, shapes.TOKEN_DURATION, shapes.TAGS),
)

OPERATIONS: Final[Mapping[str, Operation]] = {
    operation.name: operation
    for operation in (
        ASSUME_ROLE,
        ASSUME_ROLE_WITH_LDAP_IDENTITY,
        ASSUME_ROLE_WITH_SAML,
        ASSUME_ROLE_WITH_WEB_IDENTITY,
        DECODE_AUTHORIZATION_MESSAGE,
        GET_ACCESS_KEY_INFO,
        GET_CALLER_IDENTITY,
        GET_FEDERATION_TOKEN,
        GET_SESSION_TOKEN,
        GET_WEB_IDENTITY_TOKEN,
    )
}
ACTIONS_OF_STS: Final = frozenset(
    {
        "AssumeRole",
        "AssumeRoleWithLDAPIdentity",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "AssumeRoot",
        "DecodeAuthorizationMessage",
        "GetAccessKeyInfo",
        "GetCallerIdentity",
        "GetDelegatedAccessToken",
        "GetFederationToken",
        "GetSessionToken",
        "GetWebIdentityToken",
    }
)
"""All that clients may ask for, of which the gateway has not every one."""
