"""Identity Center's API as a program on a person's machine asks it: sign-in, roles, credentials.

What a gateway answers ends up in shells and in ~/.aws/config: it is held to its grammar before anybody sees it.
"""

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

from gateway.client.connection import Address, GatewayUnreachable, shown

DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
PASSWORD: Final = "urn:sts-gateway:password"  # noqa: S105  a grant's name
_CLIENT_NAME: Final = "sts-gateway"
_TIMEOUT: Final = 15.0
_MAXIMUM_ANSWER: Final = 4 * 1024 * 1024
_NUMBER: Final = re.compile(r"[0-9]{12}", re.ASCII)
_NAME: Final = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
_SECRET: Final = re.compile(r"[\w+/=-]{1,8192}", re.ASCII)
_TOKEN: Final = re.compile(r"[!-~]{1,8192}", re.ASCII)
_LONGEST_INTERVAL: Final = 600
_LONGEST_LIFE: Final = 366 * 86_400
_FARTHEST: Final = 10**13
"""Milliseconds since the epoch, some centuries on: no end of a session is later, and no calendar has all that are."""
_PAGES: Final = 1_000


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
        with self._checked():
            _hold(_TOKEN, made["clientId"], made["clientSecret"])
            return Registered(client_id=made["clientId"], client_secret=made["clientSecret"])

    def start_device(self, client: Registered) -> Mapping[str, Any]:
        sent = {**client.members, "startUrl": self.url}
        try:
            started = self._post("/sso-oidc/device_authorization", sent)
        except Refused as refusal:
            if "start URL" not in str(refusal):
                raise
            raise Refused(refusal.code, f"{refusal}; --url must be the gateway's public_url") from None
        with self._checked():
            _hold(_TOKEN, started["deviceCode"], started["verificationUri"], started["verificationUriComplete"])
            _hold(_NAME, started["userCode"])
            _count(started["interval"], _LONGEST_INTERVAL)
            _count(started["expiresIn"], _LONGEST_LIFE)
        # The browser is opened at this address: nowhere but at the gateway.
        for name in ("verificationUri", "verificationUriComplete"):
            if not started[name].startswith(f"{self.url}/device"):
                raise GatewayUnreachable(f"{self.url}: signs people in at {started[name]}: name that address by --url")
        return started

    def refuse_unknown(self, provider: str) -> None:
        """Raise Refused where nobody signs in at a provider of this name: a password for it need not be asked.

        Its page of sign-in tells, which anybody may look at; where that is not published the password's answer does.
        """
        answer = self._address.ask("GET", f"/login/{quote(provider, safe='')}", None, {})
        if answer.status == http.client.BAD_REQUEST:
            told = f"{self.url}: no provider {shown(provider)} signs people in; {self.url}/login has those that do"
            raise Refused("InvalidRequestException", told)

    def tokens(self, client: Registered, grant: Mapping[str, str]) -> Mapping[str, Any]:
        """CreateToken. `grant`: `grantType` and its members."""
        issued = self._post("/sso-oidc/token", {**client.members, **grant})
        with self._checked():
            _hold(_TOKEN, issued["accessToken"], issued["refreshToken"])
            _count(issued["expiresIn"], _LONGEST_LIFE)
        return issued

    def roles(self, access_token: str) -> Iterator[tuple[str, str, str]]:
        """Account's number, its name, and a role's name: every role of the person."""
        for account in self._pages("/sso/assignment/accounts", "accountList", access_token, {}):
            with self._checked():
                number, name = account["accountId"], account["accountName"]
                _hold(_NUMBER, number)
                _hold(_NAME, name)
            for role in self._pages("/sso/assignment/roles", "roleList", access_token, {"account_id": number}):
                with self._checked():
                    _hold(_NAME, role["roleName"])
                yield number, name, role["roleName"]

    def credentials(self, access_token: str, account: str, role: str) -> Mapping[str, Any]:
        query = {"account_id": account, "role_name": role}
        answer = self._get("/sso/federation/credentials", access_token, query)
        with self._checked():
            credentials: Mapping[str, Any] = answer["roleCredentials"]
            _hold(_SECRET, *(credentials[name] for name in ("accessKeyId", "secretAccessKey", "sessionToken")))
            _count(credentials["expiration"], _FARTHEST)
        return credentials

    @contextmanager
    def _checked(self) -> Iterator[None]:
        """What lacks a member, or has it in another form, is no gateway's answer."""
        try:
            yield
        except (KeyError, TypeError, ValueError):
            raise GatewayUnreachable(f"{self.url}: answers, and not as a gateway does") from None

    def _pages(self, path: str, name: str, access_token: str, query: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
        following: str | None = ""
        for _ in range(_PAGES):
            page = self._get(path, access_token, {**query, **({"next_token": following} if following else {})})
            with self._checked():
                listed, following = list(page[name]), page.get("nextToken")
                _hold(_TOKEN, *([] if following is None else [following]))
            yield from listed
            if following is None:
                return
        raise GatewayUnreachable(f"{self.url}: lists without an end")

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
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise GatewayUnreachable(f"{self.url}: answers {status}, and not as a gateway does")
        if status != http.client.OK:
            text = shown(str(told.get("error_description") or told.get("message") or f"status {status}"))
            # 5xx, 429: nothing was decided; a sign-in that could not be looked at is not one that has ended.
            undecided = status >= 500 or status == http.client.TOO_MANY_REQUESTS
            raise GatewayUnreachable(f"{self.url}: {text}") if undecided else Refused(code, text)
        return told


def _hold(form: re.Pattern[str], *texts: Any) -> None:
    """Raises TypeError, ValueError."""
    if not all(map(form.fullmatch, texts)):
        raise ValueError("not in its form")


def _count(number: Any, most: int) -> None:
    """Raises ValueError."""
    if type(number) is not int or not 0 < number <= most:
        raise ValueError("not a number in its bounds")
