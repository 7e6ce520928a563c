"""The parameters of each action of STS as domain values: read once, every violation told together."""

from collections.abc import Mapping
from typing import Final

from gateway.domain.arn import RoleArn, SamlProviderArn
from gateway.domain.assertion import UnverifiedAssertion
from gateway.domain.assumption import (
    FederationRequest,
    PasswordRequest,
    RoleRequest,
    SamlRequest,
    SessionRequest,
    SessionTokenRequest,
    WebIdentityRequest,
    WebIdentityTokenRequest,
)
from gateway.domain.errors import InvalidParameter, InvalidTags, MissingParameter
from gateway.domain.identity import UnverifiedToken
from gateway.domain.signing_algorithm import SigningAlgorithm
from gateway.domain.tags import is_reserved
from gateway.wire import sts_shapes as shapes
from gateway.wire.sts_query import Parameters
from gateway.wire.sts_shapes import Reading, member_of

_PROVIDED_CONTEXTS: Final = "ProvidedContexts."
_ALGORITHMS: Final = ", ".join(sorted(SigningAlgorithm))
_OWN_IDENTITY: Final = "AWSIdentity"


def role_request(parameters: Parameters) -> RoleRequest:
    """Read AssumeRole. Raises ValidationFailed; InvalidTags, InvalidArn and InvalidParameter where all else is well."""
    reading = Reading(parameters.values)
    session = _session(
        reading,
        role_arn=reading.required_text(shapes.ROLE_ARN),
        name=reading.required_text(shapes.ROLE_SESSION_NAME),
        duration=shapes.ROLE_DURATION,
    )
    tags = reading.rows(shapes.TAGS)
    transitive = reading.rows(shapes.TRANSITIVE_TAG_KEYS)
    source_identity = reading.text(shapes.SOURCE_IDENTITY)
    external_id = reading.text(shapes.EXTERNAL_ID)
    serial_number, code = reading.text(shapes.SERIAL_NUMBER), reading.text(shapes.TOKEN_CODE)
    _check_session_policies(reading, session)
    reading.finish()
    RoleArn.parse(session.role_arn or "")
    if any(name.startswith(_PROVIDED_CONTEXTS) for name in parameters.values):
        raise InvalidParameter(
            "ProvidedContexts come from AWS's own identity center, which the gateway is not; leave them out",
            parameter="ProvidedContexts",
        )
    given = _tags(tags)
    return RoleRequest(
        session=session,
        tags=given,
        transitive_tag_keys=_transitive(given, tuple(row[""] for row in transitive)),
        source_identity=source_identity,
        external_id=external_id,
        serial_number=serial_number,
        mfa_code=code is not None,
    )


def password_request(parameters: Parameters) -> PasswordRequest:
    """Read AssumeRoleWithLDAPIdentity, in MinIO's parameters and AWS's.

    Raises MissingParameter where name or password are absent or empty, as MinIO does; ValidationFailed; InvalidArn.
    """
    if not parameters.values.get("LDAPUsername") or not parameters.values.get("LDAPPassword"):
        raise MissingParameter("LDAPUsername and LDAPPassword cannot be empty")
    reading = Reading(parameters.values)
    role_arn = reading.text(shapes.ROLE_ARN)
    duration = shapes.UNNAMED_ROLE_DURATION if role_arn is None else shapes.ROLE_DURATION
    session = _session(reading, role_arn=role_arn, name=reading.text(shapes.ROLE_SESSION_NAME), duration=duration)
    request = PasswordRequest(
        username=reading.required_text(shapes.LDAP_USERNAME),
        password=reading.required_text(shapes.LDAP_PASSWORD),
        session=session,
        provider=reading.text(shapes.PROVIDER_NAME),
    )
    _check_session_policies(reading, session)
    reading.finish()
    if role_arn is not None:
        RoleArn.parse(role_arn)
    return request


def saml_request(parameters: Parameters) -> SamlRequest:
    """Read AssumeRoleWithSAML. Raises ValidationFailed; InvalidArn where all else is well and an ARN names no such."""
    reading = Reading(parameters.values)
    session = _session(
        reading, role_arn=reading.required_text(shapes.ROLE_ARN), name=None, duration=shapes.ROLE_DURATION
    )
    request = SamlRequest(
        principal_arn=reading.required_text(shapes.PRINCIPAL_ARN),
        assertion=UnverifiedAssertion(reading.required_text(shapes.SAML_ASSERTION)),
        session=session,
    )
    _check_session_policies(reading, session)
    reading.finish()
    RoleArn.parse(session.role_arn or "")
    SamlProviderArn.parse(request.principal_arn)
    return request


def web_identity_request(parameters: Parameters) -> WebIdentityRequest:
    """Read AssumeRoleWithWebIdentity. RoleArn may be left out, and RoleSessionName with it (MinIO's clients).

    Raises ValidationFailed, every violation told; InvalidArn where all else is well and RoleArn names no role.
    """
    reading = Reading(parameters.values)
    role_arn = reading.text(shapes.ROLE_ARN)
    named = role_arn is not None
    name = reading.required_text if named else reading.text
    session = _session(
        reading,
        role_arn=role_arn,
        name=name(shapes.ROLE_SESSION_NAME),
        duration=shapes.ROLE_DURATION if named else shapes.UNNAMED_ROLE_DURATION,
    )
    request = WebIdentityRequest(
        token=UnverifiedToken(reading.required_text(shapes.WEB_IDENTITY_TOKEN)),
        session=session,
        provider_id=reading.text(shapes.PROVIDER_ID),
    )
    _check_session_policies(reading, session)
    reading.finish()
    if role_arn is not None:
        RoleArn.parse(role_arn)
    return request


def _session(reading: Reading, *, role_arn: str | None, name: str | None, duration: shapes.Number) -> SessionRequest:
    return SessionRequest(
        role_arn=role_arn,
        session_name=name,
        duration=reading.number(duration),
        policy=reading.text(shapes.SESSION_POLICY),
        policy_arns=_policy_arns(reading),
    )


def _check_session_policies(reading: Reading, session: SessionRequest) -> None:
    # STS API Reference: "The plaintext that you use for both inline and managed session policies can't exceed 2,048
    # characters."
    inline = len(session.policy or "")
    together = inline + sum(map(len, session.policy_arns))
    if session.policy_arns and inline <= shapes.MAXIMUM_SESSION_POLICIES < together:
        told = f"Member and policy together must have length less than or equal to {shapes.MAXIMUM_SESSION_POLICIES}"
        reading.refuse(member_of(shapes.POLICY_ARNS.name), f"[{', '.join(session.policy_arns)}]", told)


def session_token_request(parameters: Parameters) -> SessionTokenRequest:
    """Read GetSessionToken. Raises ValidationFailed."""
    reading = Reading(parameters.values)
    request = SessionTokenRequest(
        duration=reading.number(shapes.LONG_DURATION),
        serial_number=reading.text(shapes.SERIAL_NUMBER),
        mfa_code=reading.text(shapes.TOKEN_CODE) is not None,
    )
    reading.finish()
    return request


def federation_request(parameters: Parameters) -> FederationRequest:
    """Read GetFederationToken. Raises ValidationFailed, InvalidTags."""
    reading = Reading(parameters.values)
    name = reading.required_text(shapes.FEDERATED_NAME)
    session = _session(reading, role_arn=None, name=name, duration=shapes.LONG_DURATION)
    tags = reading.rows(shapes.TAGS)
    _check_session_policies(reading, session)
    reading.finish()
    return FederationRequest(session=session, tags=_tags(tags))


def access_key_id(parameters: Parameters) -> str:
    """Read GetAccessKeyInfo. Raises ValidationFailed."""
    return _only(parameters, shapes.ACCESS_KEY_ID)


def encoded_message(parameters: Parameters) -> str:
    """Read DecodeAuthorizationMessage. Raises ValidationFailed."""
    return _only(parameters, shapes.ENCODED_MESSAGE)


def web_identity_token_request(parameters: Parameters) -> WebIdentityTokenRequest:
    """Read GetWebIdentityToken. Raises ValidationFailed; InvalidParameter, InvalidTags where all else is well."""
    reading = Reading(parameters.values)
    audiences = tuple(row[""] for row in reading.rows(shapes.AUDIENCES))
    algorithm = reading.required_text(shapes.SIGNING_ALGORITHM)
    duration = reading.number(shapes.TOKEN_DURATION)
    tags = reading.rows(shapes.TAGS)
    if not audiences:
        reading.refuse("audience", None, "Member must not be null")
    reading.finish()
    # The service model has the length alone: which algorithms there are, the service says (AWS STS API Reference).
    if algorithm not in set(SigningAlgorithm):
        reading.refuse("signingAlgorithm", algorithm, f"Member must satisfy enum value set: [{_ALGORITHMS}]")
        reading.finish()
    _refuse_origin_identity(parameters)
    return WebIdentityTokenRequest(
        audiences=audiences, algorithm=SigningAlgorithm(algorithm), duration=duration, tags=_tags(tags)
    )


def _refuse_origin_identity(parameters: Parameters) -> None:
    """A member that changes what the token says is never passed over. Raises InvalidParameter."""
    if parameters.values.get("SubjectMode", _OWN_IDENTITY) != _OWN_IDENTITY or "Scope" in parameters.values:
        raise InvalidParameter(
            f"SubjectMode is {_OWN_IDENTITY}, without Scope: sessions of the gateway carry no other identity",
            parameter="SubjectMode",
        )


def _only(parameters: Parameters, shape: shapes.Text) -> str:
    reading = Reading(parameters.values)
    value = reading.required_text(shape)
    reading.finish()
    return value


def _policy_arns(reading: Reading) -> tuple[str, ...]:
    return tuple(row[shapes.POLICY_ARN.name] for row in reading.rows(shapes.POLICY_ARNS))


def _tags(rows: tuple[Mapping[str, str], ...]) -> dict[str, str]:
    tags = {row["Key"]: row["Value"] for row in rows}
    if len({key.lower() for key in tags}) < len(rows):
        raise InvalidTags("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    for key in tags:
        if is_reserved(key):
            raise InvalidTags("Tag keys that begin with aws: are reserved; choose another key.")
    return tags


def _transitive(tags: Mapping[str, str], keys: tuple[str, ...]) -> frozenset[str]:
    spelt = {key.lower(): key for key in tags}
    if any(key.lower() not in spelt for key in keys):
        raise InvalidTags("The specified transitive tag key must be included in the requested tags.")
    return frozenset(spelt[key.lower()] for key in keys)
