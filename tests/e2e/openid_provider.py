"""The real OpenID Connect provider of the tests, and people who sign in there with a browser that is no browser."""

import base64
import hashlib
import html
import json
import os
import re
import secrets
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx

from tests.e2e.canaries import Canaries
from tests.e2e.process import Process

_HERE = Path(__file__).parent
_REDIRECT = "https://app.example.test/callback"
_SCOPE = "openid email groups"
API = "urn:example:api"


class OpenIdProvider(Process):
    """npm oidc-provider with alice (analysts), bob (engineers) and carol (no groups); see openid_provider.mjs."""

    def __init__(self, folder: Path, canaries: Canaries, *, port: int = 0, clock_shift: int = 0) -> None:
        self._canaries = canaries
        self.client_secret = canaries.add("client secret", secrets.token_urlsafe(24))
        node: list[str | Path] = [
            "node",
            _HERE / "openid_provider.mjs",
            "--port",
            str(port),
            f"--clock-shift={clock_shift}",
        ]
        super().__init__(
            "openid-provider", node, folder=folder, environment=_environment(CLIENT_SECRET=self.client_secret)
        )
        self.issuer: str = self._said(0)["issuer"]
        self.port = urlsplit(self.issuer).port or 0
        self._endpoints: Mapping[str, str] = httpx.get(f"{self.issuer}/.well-known/openid-configuration").json()
        self._rotations = 0

    def rotate(self) -> list[str]:
        """New signing keys from now on; their ids. Those in use until now stay published."""
        self._rotations += 1
        self.send(signal.SIGHUP)
        keys: list[str] = self._said(self._rotations)["keys"]
        return keys

    def id_token(self, person: str = "alice", client: str = "app-rs256") -> str:
        """Sign in by authorization code with PKCE, as an application's user does, and get the ID token."""
        verifier, state, nonce = (secrets.token_urlsafe(48) for _ in range(3))
        asked = {
            "client_id": client,
            "response_type": "code",
            "scope": _SCOPE,
            "redirect_uri": _REDIRECT,
            "state": state,
            "nonce": nonce,
            "code_challenge": _base64url(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        with httpx.Client() as browser:
            first = browser.get(self._endpoints["authorization_endpoint"], params=asked)
            answer = _sign_in(browser, first, person)
        assert (answer["state"], answer["iss"]) == (state, self.issuer)
        form = {"code": answer["code"], "redirect_uri": _REDIRECT, "code_verifier": verifier}
        token = self._token("authorization_code", client, "id_token", **form)
        assert claims_of(token)["nonce"] == nonce
        return token

    def called_back(self, address: str, redirect_uri: str, person: str = "alice") -> dict[str, str]:
        """What the person's browser brings to the application that sent it to this address."""
        with httpx.Client() as browser:
            return _sign_in(browser, browser.get(address), person, redirect_uri)

    def revoke(self, token: str, client: str) -> None:
        """Take a refresh token back, as an administrator does."""
        answer = httpx.post(
            self._endpoints["revocation_endpoint"], data={"token": token}, auth=(client, self.client_secret)
        )
        assert answer.status_code == 200, answer.text

    def access_token(self) -> str:
        """A signed access token of a machine (RFC 9068), whose audience the gateway takes of ID tokens."""
        return self._token("client_credentials", "robot", "access_token", scope="read", resource=API)

    def _token(self, grant: str, client: str, kind: str, **form: str) -> str:
        answer = httpx.post(
            self._endpoints["token_endpoint"],
            data={"grant_type": grant, **form},
            auth=(client, self.client_secret),
        ).json()
        assert kind in answer, answer
        return self._canaries.add(kind.replace("_", " "), answer[kind])

    def _said(self, number: int) -> dict[str, Any]:
        said = self.until(
            lambda: [line for line in self.out.splitlines() if line.startswith("{")][number:],
            "it says that it is ready",
        )
        line: dict[str, Any] = json.loads(said[0])
        return line


StartProvider = Callable[..., OpenIdProvider]


def claims_of(token: str) -> dict[str, Any]:
    """What a token says, believed without looking: it comes from our own provider."""
    return _read(token.split(".")[1])


def header_of(token: str) -> dict[str, Any]:
    return _read(token.split(".", maxsplit=1)[0])


def _read(segment: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return read


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _sign_in(browser: httpx.Client, page: httpx.Response, person: str, redirect_uri: str = _REDIRECT) -> dict[str, str]:
    """Follow redirects and send each form as it stands, the name filled in, until the application is called back."""
    for _ in range(12):
        if page.is_redirect:
            target = urljoin(str(page.url), page.headers["location"])
            if target.startswith(redirect_uri):
                return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
            page = browser.get(target)
        else:
            action, fields = _form(page.text)
            if "login" in fields:
                fields |= {"login": person, "password": "anything"}
            page = browser.post(urljoin(str(page.url), action), data=fields)
    raise AssertionError(f"the provider does not come to an end: {page.text[:500]}")


def _form(page: str) -> tuple[str, dict[str, str]]:
    form = re.search(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert form is not None, f"no form, but: {page[:500]}"
    fields = {}
    for field in re.findall(r"<input[^>]*>", form[2]):
        name, value = (re.search(rf'{attribute}="([^"]*)"', field) for attribute in ("name", "value"))
        if name is not None:
            fields[name[1]] = html.unescape(value[1]) if value is not None else ""
    return html.unescape(form[1]), fields


def _environment(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "NODE_ENV": "production", **more}
