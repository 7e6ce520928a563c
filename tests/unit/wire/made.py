"""Honest values for the wire's tests; a case changes one thing."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from gateway.domain.assumption import AssumedRole
from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.identity import Identity, ProviderType
from gateway.domain.principal import Principal, PrincipalType
from gateway.wire.sts_query import Parameters, read

FORM = "application/x-www-form-urlencoded; charset=utf-8"
ROLE = "arn:aws:iam::111122223333:role/Analyst"
READ_ONLY = "arn:aws:iam::111122223333:policy/read-only"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2VjcmV0"

WEB_IDENTITY = {
    "Action": "AssumeRoleWithWebIdentity",
    "Version": "2011-06-15",
    "RoleArn": ROLE,
    "RoleSessionName": "ada",
    "WebIdentityToken": TOKEN,
}
CALLER_IDENTITY = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}

PRINCIPAL = Principal(
    type=PrincipalType.ASSUMED_ROLE,
    arn="arn:aws:sts::111122223333:assumed-role/Analyst/ada",
    identity_arn=ROLE,
    account="111122223333",
    unique_id="AROAQUBDCSCGLJCXXIPWA:ada",
    access_key_id="ASIAQUBDCSCGLJCXXIPW",
    session_name="ada",
)
CREDENTIALS = TemporaryCredentials(
    access_key_id="ASIAQUBDCSCGLJCXXIPW",
    secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    session_token="AQ-_" * 250,
    expiration=datetime(2027, 3, 14, 15, 9, 26, tzinfo=UTC),
)
IDENTITY = Identity(
    provider="workforce",
    provider_type=ProviderType.OIDC,
    issuer="https://login.example.com/realms/main",
    subject="ada",
    audience="sts.amazonaws.com",
    username="ada",
)
ASSUMED = AssumedRole(credentials=CREDENTIALS, principal=PRINCIPAL, identity=IDENTITY)
FULL = replace(
    ASSUMED,
    credentials=replace(CREDENTIALS, packed_percent=7),
    principal=replace(PRINCIPAL, source_identity="ada@example.com"),
)


def posted(fields: dict[str, str], **changed: str | None) -> Parameters:
    """The parameters of a POST of `fields`, with those in `changed` set, or left out where None."""
    sent = {name: value for name, value in (fields | changed).items() if value is not None}
    return read("POST", b"", urlencode(sent).encode(), FORM)
