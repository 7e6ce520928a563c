"""Identity Center's API as a program on a person's machine asks it: sign-in, roles, credentials.

What a gateway answers ends up in shells and in ~/.aws/config: it is held to its grammar before anybody sees it.
"""

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from gateway.client.connection import Address, GatewayUnreachable

DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
PASSWORD: Final = "urn:sts-gateway:password"  # noqa: S105  a grant's name
_CLIENT_NAME: Final = "sts-gateway"
_TIMEOUT: Final = 15.0
_MAXIMUM_ANSWER: Final = 4 * 1024 * 1024
_NUMBER: Final = re.compile(r"[0-9]{12}", re.ASCII)
_NAME: Final = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
_SECRET: Final = re.compile(r"[\w+/=-]{1,8192}", re.ASCII)


class Refused(Exception):
    """The gateway said no. `code`: AWS's name of the fault."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)

    @property
    def members(self) -> Mapping[str, str]:
        return {"clientId": self.client_id, "clientSecret": self.client_secret}


class IdentityCenter:
    """One gateway. Every method raises Refused and GatewayUnreachable."""

    def __init__(self, url: str, *, ca_file: str | None = None) -> None:
        """Raises UnusableAddress."""
        self._address = Address.of(url, timeout=_TIMEOUT, maximum=_MAXIMUM_ANSWER, ca_file=ca_file)
        self.url: Final = self._address.url

    def register(self) -> Registered:
        made = self._post("/sso-oidc/client/register", {"clientName": _CLIENT_NAME, "clientType": "public"})
        return Registered(client_id=made["clientId"], client_secret=made["clientSecret"])

    def start_device(self, client: Registered) -> Mapping[str, Any]:
        started = self._post("/sso-oidc/device_authorization", {**client.members, "startUrl": self.url})
        # The browser is opened at this address: nowhere but at the gateway.
        for name in ("verificationUri", "verificationUriComplete"):
            self._check(str(started[name]).startswith(f"{self.url}/device") and str(started[name]).isprintable())
        self._check(_NAME.fullmatch(started["userCode"]) is not None)
        return started

    def tokens(self, client: Registered, grant: Mapping[str, str]) -> Mapping[str, Any]:
        """CreateToken. `grant`: `grantType` and its members."""
        return self._post("/sso-oidc/token", {**client.members, **grant})

    def roles(self, access_token: str) -> Iterator[tuple[str, str, str]]:
        """Account's number, its name, and a role's name: every role of the person."""
        for account in self._pages("/sso/assignment/accounts", "accountList", access_token, {}):
            query = {"account_id": account["accountId"]}
            for role in self._pages("/sso/assignment/roles", "roleList", access_token, query):
                row = account["accountId"], account["accountName"], role["roleName"]
                self._check(all(map(re.Pattern.fullmatch, (_NUMBER, _NAME, _NAME), row)))
                yield row

    def credentials(self, access_token: str, account: str, role: str) -> Mapping[str, Any]:
        query = {"account_id": account, "role_name": role}
        answer = self._get("/sso/federation/credentials", access_token, query)
        credentials: Mapping[str, Any] = answer["roleCredentials"]
        texts = (credentials[name] for name in ("accessKeyId", "secretAccessKey", "sessionToken"))
        self._check(all(_SECRET.fullmatch(text) for text in texts) and isinstance(credentials["expiration"], int))
        return credentials

    def _check(self, holds: bool) -> None:  # noqa: FBT001  the one thing that it looks at
        if not holds:
            raise GatewayUnreachable(f"{self.url}: answers, and not as a gateway does")

    def _pages(self, path: str, name: str, access_token: str, query: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
        following: str | None = ""
        while following is not None:
            page = self._get(path, access_token, {**query, **({"next_token": following} if following else {})})
            yield from page[name]
            following = page.get("nextToken")

    def _get(self, path: str, access_token: str, query: Mapping[str, str]) -> Mapping[str, Any]:
        target = f"{path}?{urlencode(query)}" if query else path
        return self._ask("GET", target, None, {"x-amz-sso_bearer_token": access_token})

    def _post(self, path: str, sent: Mapping[str, str]) -> Mapping[str, Any]:
        return self._ask("POST", path, json.dumps(sent).encode(), {"content-type": "application/json"})

    def _ask(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> Mapping[str, Any]:
        answer = self._address.ask(method, target, body, headers)
        return self._read(answer.status, answer.headers.get("x-amzn-errortype", ""), answer.content)

    def _read(self, status: int, code: str, content: bytes) -> Mapping[str, Any]:
        try:
            told = json.loads(content)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise GatewayUnreachable(f"{self.url}: answers {status}, and not as a gateway does")
        if status != http.client.OK:
            text = str(told.get("error_description") or told.get("message") or f"status {status}")
            # 5xx: nothing was decided; a sign-in that could not be looked at is not one that has ended.
            raise GatewayUnreachable(f"{self.url}: {text}") if status >= 500 else Refused(code, text)
        return told
