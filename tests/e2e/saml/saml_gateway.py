"""The installed gateway with SAML identity providers, and what its clients ask of it."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.server import VERSION, Gateway
from tests.servers.saml import Partner, SigningPair

ACCOUNT = "111122223333"
ANALYST = f"arn:aws:iam::{ACCOUNT}:role/analytics/Analyst"
QUICK = f"arn:aws:iam::{ACCOUNT}:role/Quick"
_NO_ISSUER = "http://127.0.0.1:10"
"""Of the OpenID Connect provider of the configuration, which nobody here asks."""
ENGINEER = "arn:aws:iam::444455556666:role/Engineer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """One provider of the configuration: its metadata in a file, or at an address, and who gets what.

    `signed_by`: the certificate (PEM) that the metadata must be signed by.
    """

    metadata: str
    address: str | None = None
    signed_by: str | None = None
    groups: Sequence[str] = ("analysts",)
    attributes: Mapping[str, str] = field(
        default_factory=lambda: {"username": "uid", "groups": "groups", "email": "mail"}
    )
    key: bool = True
    idp_initiated: bool = False


class SamlGateway(Gateway):
    """A gateway whose people come from SAML identity providers, by the names that `trusted` gives them.

    `front`: the address that people and providers know it by, where that is another than its own.
    """

    def __init__(
        self,
        folder: Path,
        installation: Installation,
        canaries: Canaries,
        pair: SigningPair,
        trusted: Mapping[str, Trusted],
        *,
        port: int | None = None,
        front: str | None = None,
        settings: str = "",
        words: Sequence[str] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        pair.write(folder, "saml")
        canaries.add("key of the gateway at its providers", "".join(pair.key.splitlines()[1:-1]))
        for name, provider in trusted.items():
            (folder / f"{name}.xml").write_text(provider.metadata)
            (folder / f"{name}.crt").write_text(provider.signed_by or "")
        super().__init__(
            folder,
            installation,
            canaries,
            issuer=_NO_ISSUER,
            client_secret="none-is-asked-for",
            public_url=front,
            port=port,
            settings=settings,
            sections={"providers": _providers(trusted), "mappings": _mappings(trusted)},
            words=words,
        )
        self.front = front or self.url

    def entity_id(self, name: str) -> str:
        return f"{self.front}/saml/{name}/metadata"

    def acs(self, name: str) -> str:
        return f"{self.front}/saml/{name}/acs"

    def metadata(self, name: str) -> str:
        """What it tells the provider of itself."""
        host = self.front.partition("://")[2]
        answer = httpx.get(f"{self.url}/saml/{name}/metadata", headers={"Host": host})
        return answer.raise_for_status().text

    def partner(self, name: str, **options: Any) -> Partner:
        """The gateway as its provider `name` knows it."""
        return Partner(metadata=self.metadata(name), **options)

    def assume_with_saml(self, name: str, saml_response: str, **parameters: str) -> httpx.Response:
        """AssumeRoleWithSAML over bare HTTP; by default the role Analyst."""
        answer = httpx.post(self.url, data=assumption(name, saml_response, **parameters), timeout=30)
        for secret in ("SecretAccessKey", "SessionToken"):
            for found in re.findall(rf"<{secret}>([^<]+)</{secret}>", answer.text):
                self.remember(secret, found)
        return answer


def remember_answer(canaries: Canaries, saml_response: str) -> str:
    """Look for this answer wherever none may be, as it was sent and as what it was made of; gives it back."""
    canaries.add("assertion", saml_response)
    for value in re.findall(r"Value>([^<]+)<", base64.b64decode(saml_response).decode()):
        for line in value.split():
            canaries.add("signature or cipher text of an assertion", line)
    return saml_response


def provider_arn(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:saml-provider/{name}"


def assumption(name: str, saml_response: str, **parameters: str) -> dict[str, str]:
    """The form of AssumeRoleWithSAML."""
    return {
        "Action": "AssumeRoleWithSAML",
        "Version": VERSION,
        "RoleArn": ANALYST,
        "PrincipalArn": provider_arn(name),
        "SAMLAssertion": saml_response,
        **parameters,
    }


def element(answer: httpx.Response, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", answer.text)
    assert found is not None, answer.text
    return found[1]


def _providers(trusted: Mapping[str, Trusted]) -> str:
    return "\n".join(
        f"{name}: {{type: saml, metadata: '{provider.address or f'./{name}.xml'}', "
        + (f"metadata_certificate: ./{name}.crt, " if provider.signed_by else "")
        + ("certificate: ./saml.crt, private_key: '${file:./saml.key}', " if provider.key else "")
        + f"allow_idp_initiated: {str(provider.idp_initiated).lower()}, "
        f"attributes: {json.dumps(provider.attributes)}}}"
        for name, provider in trusted.items()
    )


def _mappings(trusted: Mapping[str, Trusted]) -> str:
    return "\n".join(
        f"- {{provider: {name}, groups: [{', '.join(provider.groups)}], roles: [data-platform/Analyst, data-platform/Quick], "
        f'session_tags: {{mail: "{{email}}"}}}}'
        for name, provider in trusted.items()
    )
