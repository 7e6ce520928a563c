"""What real SAML identity providers have in common: their people, their partners, their keys, and a client without a browser."""

import datetime as dt
import html
import os
import re
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urljoin

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
AWS_ATTRIBUTES: Final = "https://aws.amazon.com/SAML/Attributes"
ROLE: Final = f"{AWS_ATTRIBUTES}/Role"
_DAY: Final = dt.timedelta(days=1)
_PATIENCE: Final = 30
_STEPS: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can sign in, with the attributes that are told of them."""

    password: str
    attributes: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A service provider as the identity provider knows it: its metadata, and how it is answered."""

    metadata: str
    encrypted: bool = False
    sign_response: bool = True
    sign_assertion: bool = True
    algorithm: str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    signed_requests: bool = True
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Attributes that everybody has for this partner, beside their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the identity provider had the browser post to the assertion consumer service."""

    url: str
    saml_response: str
    relay_state: str


@dataclass(frozen=True, slots=True)
class SigningPair:
    """A key and its own certificate, as SAML uses them: nobody looks at who issued it."""

    key: str
    certificate: str

    def write(self, folder: Path, name: str) -> None:
        """NAME.key and NAME.crt in the folder."""
        (folder / f"{name}.key").write_text(self.key)
        (folder / f"{name}.key").chmod(0o600)
        (folder / f"{name}.crt").write_text(self.certificate)


def rsa_pair(name: str, *, bits: int = 2_048, days: int = 900) -> SigningPair:
    return _pair(name, rsa.generate_private_key(public_exponent=65_537, key_size=bits), days)


def ecdsa_pair(name: str, *, days: int = 900) -> SigningPair:
    return _pair(name, ec.generate_private_key(ec.SECP256R1()), days)


def _pair(name: str, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, days: int) -> SigningPair:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + days * _DAY)
        .sign(key, hashes.SHA256())
    )
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return SigningPair(written.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode())


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Server:
    """A program that answers HTTP on a free loopback port. Its output goes to `log`.

    `host`: the name that it is known by; `localhost` is another site than 127.0.0.1 for a browser.
    """

    def __init__(self, folder: Path, *, host: str = "127.0.0.1") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.url = f"http://{host}:{self.port}"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "log.txt").read_text(errors="replace")

    def run(self, command: Sequence[str | Path], ready: str, **environment: str) -> None:
        """Start it; returns when the path `ready` answers 200."""
        with (self.folder / "log.txt").open("ab") as log:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8", **environment},
                start_new_session=True,
            )
        try:
            self._wait(ready)
        except AssertionError:
            self.close()
            raise

    def close(self) -> None:
        """End it and the workers that it started."""
        if self._child is not None:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
            self._child = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait(self, ready: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not self._answers(ready):
            assert self._child is not None
            assert self._child.poll() is None, self.log[-2_000:]
            assert time.monotonic() < deadline, self.log[:2_000]
            time.sleep(0.05)

    def _answers(self, path: str) -> bool:
        try:
            return httpx.get(f"{self.url}{path}", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


class Visitor(httpx.Client):
    """Somebody with cookies and no browser, who fills in the login form and sends every other form as it stands."""

    def __init__(self, login: Mapping[str, str]) -> None:
        super().__init__(timeout=20)
        self._login = login

    def answer(self, url: str, consumer: str) -> Answer:
        """Follow the identity provider's pages from `url` until it would post to the URL `consumer`."""
        page = self.get(url)
        for _ in range(_STEPS):
            if page.is_redirect:
                page = self.get(urljoin(str(page.url), page.headers["location"]))
                continue
            action, fields = form_of(page)
            if action == consumer:
                return Answer(
                    url=action, saml_response=fields["SAMLResponse"], relay_state=fields.get("RelayState", "")
                )
            page = self.post(action, data=fields | {name: self._login[name] for name in fields if name in self._login})
        raise AssertionError(f"no end at {page.url}: {text_of(page)}")


class IdentityProvider(Server, ABC):
    """A server that signs people in for its partners."""

    entity_id: str
    signer: SigningPair

    @abstractmethod
    def unsolicited(self, partner: str) -> str:
        """The URL from which it signs somebody in at the partner of this entity id, who did not ask."""

    @abstractmethod
    def visitor(self, person: str) -> Visitor:
        """Somebody who knows the person's password."""

    def answer(self, url: str, consumer: str, person: str) -> Answer:
        """A person's answer for whoever has the assertion consumer service `consumer`, begun at `url`."""
        with self.visitor(person) as visitor:
            return visitor.answer(url, consumer)


def form_of(page: httpx.Response) -> tuple[str, dict[str, str]]:
    """Where the page's first form goes, and its fields."""
    form = re.search(r"<form[^>]*?>(.*?)</form>", page.text, re.DOTALL)
    assert form is not None, f"{page.status_code} {page.url} has no form: {text_of(page)}"
    opening = _attributes(form[0].partition(">")[0])
    inputs = map(_attributes, re.findall(r"<input[^>]*>", form[1]))
    fields = {one["name"]: one.get("value", "") for one in inputs if "name" in one}
    return urljoin(str(page.url), opening.get("action") or str(page.url)), fields


def text_of(page: httpx.Response) -> str:
    return re.sub(r"(<[^>]+>|\s)+", " ", page.text)[:600]


def _attributes(tag: str) -> dict[str, Any]:
    return {name: html.unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}
