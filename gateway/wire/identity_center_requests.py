"""Requests of IAM Identity Center's own API: `sso-oidc` (JSON bodies) and `sso` (queries), each read one way only.

Source: botocore's models sso-oidc 2019-06-10 and sso 2019-06-10.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.domain.errors import InvalidParameter, UnsupportedGrant

AUTHORIZATION_CODE: Final = "authorization_code"
DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_TOKEN: Final = "refresh_token"  # noqa: S105  a grant's name
PASSWORD: Final = "urn:sts-gateway:password"  # noqa: S105  a grant's name
AWS_START_URL: Final = "https://gateway.invalid.awsapps.com/start"
"""The start URL that AWS CLI v2 takes: on a host of AWS's, which cannot exist."""

_MAXIMUM_TEXT: Final = 16_384
_MAXIMUM_NAME: Final = 100
_MAXIMUM_PAGE: Final = 100
_ACCOUNT: Final = re.compile(r"[0-9]{12}", re.ASCII)
_ROLE: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRequest:
    client_name: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfClient:
    """What a program sends that has registered."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStart(OfClient):
    """A program wants a person's answer, given on another device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGrant(OfClient):
    device_code: str = field(repr=False)
    grant_type: str = DEVICE_CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeGrant(OfClient):
    code: str = field(repr=False)
    redirect_uri: str
    code_verifier: str = field(repr=False)
    grant_type: str = AUTHORIZATION_CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshGrant(OfClient):
    refresh_token: str = field(repr=False)
    grant_type: str = REFRESH_TOKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordGrant:
    """The gateway's own grant, for a password asked on a terminal. Who names a client too can refresh its tokens."""

    client_id: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    provider: str
    username: str
    password: str = field(repr=False)
    grant_type: str = PASSWORD


TokenRequest = DeviceGrant | CodeGrant | RefreshGrant | PasswordGrant


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is wanted: `start` elements are left out, at most `size` given."""

    start: int
    size: int


def read_body(body: bytes) -> Mapping[str, Any]:
    """A JSON object. Raises InvalidParameter: something else, or a name that two readers could take differently."""
    try:
        read = json.loads(body.decode(), object_pairs_hook=_distinct)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise InvalidParameter("The body is a JSON object, UTF-8, each name once", parameter="body")
    return read


def register_request(sent: Mapping[str, Any], public_url: str) -> RegisterRequest:
    """Raises InvalidParameter, UnsupportedGrant."""
    name = _text(sent, "clientName")
    if len(name) > _MAXIMUM_NAME or not name.isprintable():
        raise InvalidParameter(f"clientName has at most {_MAXIMUM_NAME} printable characters", parameter="clientName")
    if sent.get("clientType") != "public":
        raise InvalidParameter("clientType is public", parameter="clientType")
    grants = _texts(sent, "grantTypes")
    if not set(grants) <= {AUTHORIZATION_CODE, DEVICE_CODE, REFRESH_TOKEN}:
        raise UnsupportedGrant
    _texts(sent, "scopes")
    if sent.get("issuerUrl") is not None:
        check_start_url(_text(sent, "issuerUrl"), public_url)
    return RegisterRequest(client_name=name, redirect_uris=_texts(sent, "redirectUris"))


def device_start(sent: Mapping[str, Any], public_url: str) -> DeviceStart:
    """Raises InvalidParameter."""
    check_start_url(_text(sent, "startUrl"), public_url)
    return DeviceStart(client_id=_text(sent, "clientId"), client_secret=_text(sent, "clientSecret"))


def check_start_url(url: str, public_url: str) -> None:
    """Raises InvalidParameter where `url` is another portal's."""
    if url.rstrip("/").removesuffix("/#") not in {AWS_START_URL, f"{public_url}/start", public_url}:
        raise InvalidParameter(f"the start URL is {public_url}/start or {AWS_START_URL}", parameter="startUrl")


def token_request(sent: Mapping[str, Any]) -> TokenRequest:
    """CreateToken. Raises InvalidParameter, UnsupportedGrant."""
    grant = _text(sent, "grantType")
    if grant == PASSWORD:
        return PasswordGrant(
            client_id=_optional(sent, "clientId"),
            client_secret=_optional(sent, "clientSecret"),
            provider=_text(sent, "provider"),
            username=_text(sent, "username"),
            password=_text(sent, "password"),
        )
    client = {"client_id": _text(sent, "clientId"), "client_secret": _text(sent, "clientSecret")}
    if grant == DEVICE_CODE:
        return DeviceGrant(**client, device_code=_text(sent, "deviceCode"))
    if grant == REFRESH_TOKEN:
        return RefreshGrant(**client, refresh_token=_text(sent, "refreshToken"))
    if grant == AUTHORIZATION_CODE:
        return CodeGrant(
            **client,
            code=_text(sent, "code"),
            redirect_uri=_text(sent, "redirectUri"),
            code_verifier=_text(sent, "codeVerifier"),
        )
    raise UnsupportedGrant


def account_id(sent: Mapping[str, str]) -> str:
    """Raises InvalidParameter."""
    value = sent.get("account_id", "")
    if not _ACCOUNT.fullmatch(value):
        raise InvalidParameter("account_id is an account's number of 12 digits", parameter="account_id")
    return value


def role_name(sent: Mapping[str, str]) -> str:
    """Raises InvalidParameter."""
    value = sent.get("role_name", "")
    if not _ROLE.fullmatch(value):
        raise InvalidParameter("role_name is the name of a role", parameter="role_name")
    return value


def page(sent: Mapping[str, str]) -> Page:
    """Raises InvalidParameter."""
    start, size = sent.get("next_token", "0"), sent.get("max_result", str(_MAXIMUM_PAGE))
    if not all(text.isascii() and text.isdecimal() and len(text) < 7 for text in (start, size)):
        raise InvalidParameter("max_result is 1 to 100, next_token what the page before gave", parameter="next_token")
    if not 1 <= int(size) <= _MAXIMUM_PAGE:
        raise InvalidParameter("max_result is 1 to 100", parameter="max_result")
    return Page(start=int(start), size=int(size))


def _distinct(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len({name.lower() for name in read}) != len(pairs):
        raise ValueError("a name twice")
    return read


def _text(sent: Mapping[str, Any], name: str) -> str:
    value = sent.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _MAXIMUM_TEXT:
        raise InvalidParameter(f"{name} is missing, or is no text", parameter=name)
    return value


def _optional(sent: Mapping[str, Any], name: str) -> str:
    return _text(sent, name) if sent.get(name) is not None else ""


def _texts(sent: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = sent.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidParameter(f"{name} is a list of texts", parameter=name)
    return tuple(value)
