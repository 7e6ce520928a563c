"""What a provider of `type: saml` can be told in settings; every fault is a sentence with its mend."""

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from pydantic.json_schema import WithJsonSchema

from gateway.connectors.hosts import is_loopback

_DURATION: Final = re.compile(r"([0-9]{1,6})([smhd]?)", re.ASCII)
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SHORTEST_AGE: Final = 300
_LONGEST_AGE: Final = 366 * 86_400
DEFAULT_AGE: Final = 90 * 86_400
_MAXIMUM_ENTITY_ID: Final = 1_024


def is_address(metadata: str) -> bool:
    """Whether `metadata` is fetched from somewhere, and is no file's path."""
    return "://" in metadata


def _metadata(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("<"):
        raise ValueError("holds the content; write the path of the file, without ${file:}")
    if is_address(value):
        _check_address(value)
    return value


def _check_address(value: str) -> None:
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a URL; write https://HOST/PATH, or the path of a file") from None
    if parts.scheme not in {"https", "http"} or not host or not value.isascii() or not value.isprintable():
        raise ValueError("is not a URL of metadata; write https://HOST/PATH, or the path of a file")
    if "@" in parts.netloc or "#" in value or " " in value:
        raise ValueError("has a user name, a blank or a fragment; write https://HOST/PATH alone")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("is plain http, over which metadata can be forged; use https (http only on loopback)")


def _entity_id(value: str) -> str:
    # SAML core 8.3.6: a URI of at most 1,024 characters.
    if not value.isascii() or not value.isprintable() or " " in value or ":" not in value:
        raise ValueError("is no entity id; write a URI, such as PUBLIC_URL/saml/NAME/metadata")
    return value


def _age(value: object) -> object:
    match = _DURATION.fullmatch(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else None
    if match is None:
        raise ValueError("not a duration; write seconds, or a number with s, m, h or d: 12h, 90d")
    seconds = int(match[1]) * _SECONDS[match[2]]
    if not _SHORTEST_AGE <= seconds <= _LONGEST_AGE:
        raise ValueError("out of range; write a duration from 5m to 366d")
    return seconds


def _flag(value: object) -> object:
    if value not in (True, False, "true", "false") or isinstance(value, int) is not isinstance(value, bool):
        raise ValueError("not true or false; write one of these two words")
    return value in (True, "true")


def _path(value: Any) -> Any:
    if isinstance(value, str) and "-----BEGIN" in value:
        raise ValueError("holds the content; write the path of the file, without ${file:}")
    return value


def _key(value: SecretStr) -> SecretStr:
    if "-----BEGIN" not in value.get_secret_value():
        raise ValueError("is no key in PEM; write ${file:PATH} of the key's file")
    return value


_Text = Annotated[str, Field(min_length=1, max_length=1_024)]
_File = Annotated[Path, BeforeValidator(_path), WithJsonSchema({"type": "string", "format": "path"})]
_Age = Annotated[
    int,
    BeforeValidator(_age),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": _SHORTEST_AGE, "maximum": _LONGEST_AGE},
                {"type": "string", "pattern": "^[0-9]{1,6}[smhd]?$"},
            ]
        }
    ),
]


class AttributeNames(BaseModel):
    """Where an assertion holds what an Identity needs: the `Name` of an attribute, never its FriendlyName."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    username: _Text = "uid"
    groups: _Text = "memberOf"
    email: _Text = "mail"


class SamlSettings(BaseModel):
    """One provider of `type: saml`. Paths of files are used as given: the loader makes them absolute."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    type: Literal["saml"]
    metadata: Annotated[_Text, BeforeValidator(_metadata)]
    """The identity provider's metadata: a file, or an https URL that is asked again and again."""
    metadata_certificate: _File | None = None
    """PEM file of the certificate whose key must have signed the metadata."""
    entity_id: Annotated[str, Field(min_length=1, max_length=_MAXIMUM_ENTITY_ID), AfterValidator(_entity_id)] | None = (
        None
    )
    """The gateway's own name at this provider; None: PUBLIC_URL/saml/NAME/metadata."""
    certificate: _File | None = None
    private_key: Annotated[SecretStr, AfterValidator(_key)] | None = None
    allow_idp_initiated: Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})] = False
    max_authentication_age: _Age = DEFAULT_AGE
    """Seconds."""
    attributes: AttributeNames = AttributeNames()

    @model_validator(mode="after")
    def _key_pair(self) -> Self:
        if (self.certificate is None) is not (self.private_key is None):
            raise ValueError(
                "certificate and private_key belong together: the one is for the provider, the other signs and opens; "
                "add the missing one, or drop both"
            )
        return self
