"""Answers of IAM Identity Center's own API, by the members of botocore's models."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.domain.credentials import TemporaryCredentials
from gateway.wire.identity_center_requests import Page


def registration(
    *, client_id: str, client_secret: str, issued_at: int, expires_at: int, public_url: str
) -> Mapping[str, Any]:
    """RegisterClient. Times in seconds since the epoch."""
    return {
        "clientId": client_id,
        "clientSecret": client_secret,
        "clientIdIssuedAt": issued_at,
        "clientSecretExpiresAt": expires_at,
        "authorizationEndpoint": f"{public_url}/authorize",
        "tokenEndpoint": f"{public_url}/sso-oidc/token",
    }


def device_authorization(
    *, device_code: str, user_code: str, life: int, interval: int, public_url: str
) -> Mapping[str, Any]:
    """StartDeviceAuthorization. Seconds."""
    page = f"{public_url}/device"
    return {
        "deviceCode": device_code,
        "userCode": user_code,
        "verificationUri": page,
        "verificationUriComplete": f"{page}?user_code={user_code}",
        "expiresIn": life,
        "interval": interval,
    }


def tokens(*, access_token: str, refresh_token: str, expires_in: int) -> Mapping[str, Any]:
    """CreateToken."""
    return {
        "accessToken": access_token,
        "tokenType": "Bearer",
        "expiresIn": expires_in,
        "refreshToken": refresh_token,
    }


def accounts(rows: Sequence[tuple[str, str]], page: Page) -> Mapping[str, Any]:
    """ListAccounts. `rows`: numbers and names."""
    told = [{"accountId": number, "accountName": name} for number, name in rows]
    return _paged("accountList", told, page)


def roles(account: str, names: Sequence[str], page: Page) -> Mapping[str, Any]:
    """ListAccountRoles."""
    return _paged("roleList", [{"accountId": account, "roleName": name} for name in names], page)


def role_credentials(credentials: TemporaryCredentials) -> Mapping[str, Any]:
    """GetRoleCredentials. The end in milliseconds since the epoch, unlike every other time of this API."""
    return {
        "roleCredentials": {
            "accessKeyId": credentials.access_key_id,
            "secretAccessKey": credentials.secret_access_key,
            "sessionToken": credentials.session_token,
            "expiration": _milliseconds(credentials.expiration),
        }
    }


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _paged(name: str, rows: Sequence[Mapping[str, Any]], page: Page) -> Mapping[str, Any]:
    end = page.start + page.size
    following = {"nextToken": str(end)} if end < len(rows) else {}
    return {name: list(rows[page.start : end]), **following}
