"""What an assertion asks for in the attributes that AWS defines: roles, session name and length, tags, source identity.

Sources: IAM User Guide, "Configure SAML assertions for the authentication response", "Passing session tags in AWS STS".
"""

import re
from collections.abc import Mapping
from typing import Final, Never

from gateway.domain.assertion import RolePair
from gateway.domain.errors import InvalidIdentityToken, InvalidTags
from gateway.domain.tags import MAXIMUM_KEY, MAXIMUM_TAGS, MAXIMUM_VALUE, is_reserved, is_tag_text

PREFIX: Final = "https://aws.amazon.com/SAML/Attributes/"
ROLE: Final = f"{PREFIX}Role"
ROLE_SESSION_NAME: Final = f"{PREFIX}RoleSessionName"
SESSION_DURATION: Final = f"{PREFIX}SessionDuration"
SOURCE_IDENTITY: Final = f"{PREFIX}SourceIdentity"
PRINCIPAL_TAG: Final = f"{PREFIX}PrincipalTag:"
TRANSITIVE_TAG_KEYS: Final = f"{PREFIX}TransitiveTagKeys"

_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_ROLE_ARN: Final = re.compile(r"arn:aws:iam::\d{12}:role/[^\s,]{1,576}", re.ASCII)
_PROVIDER_ARN: Final = re.compile(r"arn:aws:iam::\d{12}:saml-provider/[^\s,]{1,128}", re.ASCII)
_SECONDS: Final = re.compile(r"[1-9]\d{2,4}", re.ASCII)
_SHORTEST, _LONGEST = 900, 43_200

Attributes = Mapping[str, tuple[str, ...]]


def role_pairs(attributes: Attributes) -> tuple[RolePair, ...] | None:
    """The pairs of the Role attribute, whichever ARN stands first; None where there is none.

    A value that is no pair grants nothing, as the attribute only narrows: it is left out.
    """
    values = attributes.get(ROLE)
    if values is None:
        return None
    pairs = (_pair(value) for value in values)
    return tuple(dict.fromkeys(pair for pair in pairs if pair is not None))


def role_session_name(attributes: Attributes) -> str | None:
    """Raises InvalidIdentityToken: several values, or none that AWS takes."""
    return _named(attributes, ROLE_SESSION_NAME, "RoleSessionName")


def source_identity(attributes: Attributes) -> str | None:
    """Raises InvalidIdentityToken: several values, or none that AWS takes."""
    return _named(attributes, SOURCE_IDENTITY, "SourceIdentity")


def session_duration(attributes: Attributes) -> int | None:
    """Seconds, 900 to 43200. Raises InvalidIdentityToken."""
    text = _only(attributes, SESSION_DURATION, "SessionDuration")
    if text is None:
        return None
    if _SECONDS.fullmatch(text) is None or not _SHORTEST <= int(text) <= _LONGEST:
        _refuse("SessionDuration", f"is not a number of seconds from {_SHORTEST} to {_LONGEST}")
    return int(text)


def session_tags(attributes: Attributes) -> tuple[Mapping[str, str], frozenset[str]]:
    """Tags, and the keys among them (spelt as there) that later sessions inherit.

    Raises InvalidIdentityToken: a tag with several values. InvalidTags: over 50, keys outside 1 to 128 characters,
    values over 256, other characters than letters, numbers, separators and `_.:/=+-@`, `aws:` in front of a key, two
    keys that differ by case only, a transitive key without its tag.
    """
    given = {name.removeprefix(PRINCIPAL_TAG): name for name in attributes if name.startswith(PRINCIPAL_TAG)}
    if len(given) > MAXIMUM_TAGS:
        raise InvalidTags(f"The assertion asks for {len(given)} session tags; at most {MAXIMUM_TAGS} are allowed")
    tags = {_key(key): _value(_only(attributes, name, "PrincipalTag") or "") for key, name in given.items()}
    by_folded_key = {key.lower(): key for key in tags}
    if len(by_folded_key) != len(tags):
        raise InvalidTags("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    inherited = attributes.get(TRANSITIVE_TAG_KEYS, ())
    if any(key.lower() not in by_folded_key for key in inherited):
        raise InvalidTags("The specified transitive tag key must be included in the requested tags.")
    return tags, frozenset(by_folded_key[key.lower()] for key in inherited)


def _pair(value: str) -> RolePair | None:
    parts = [part.strip() for part in value.split(",")]
    for role, provider in (parts, parts[::-1]) if len(parts) == 2 else ():
        if _ROLE_ARN.fullmatch(role) and _PROVIDER_ARN.fullmatch(provider):
            return RolePair(role_arn=role, provider_arn=provider)
    return None


def _named(attributes: Attributes, name: str, told: str) -> str | None:
    text = _only(attributes, name, told)
    if text is not None and _NAME.fullmatch(text) is None:
        _refuse(told, "must match [a-zA-Z_0-9+=,.@-]{2,64}")
    return text


def _only(attributes: Attributes, name: str, told: str) -> str | None:
    values = attributes.get(name)
    if values is None:
        return None
    if len(values) != 1:
        _refuse(told, "must have one value")
    return values[0]


def _refuse(attribute: str, fault: str) -> Never:
    raise InvalidIdentityToken(f"{attribute} in AuthnResponse {fault}")


def _key(key: str) -> str:
    if not 0 < len(key) <= MAXIMUM_KEY or not is_tag_text(key):
        raise InvalidTags(
            f"A session tag's key in the assertion is not 1 to {MAXIMUM_KEY} letters, numbers, separators or _.:/=+-@"
        )
    if is_reserved(key):
        raise InvalidTags("A session tag's key in the assertion begins with aws:, which is reserved")
    return key


def _value(value: str) -> str:
    if len(value) > MAXIMUM_VALUE or not is_tag_text(value):
        raise InvalidTags(
            f"A session tag's value in the assertion is not at most {MAXIMUM_VALUE} letters, numbers, separators or "
            "_.:/=+-@"
        )
    return value
