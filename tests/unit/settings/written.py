"""Configurations built from honest sections, of which a case changes one."""

import json
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent, indent

import pytest
from joserfc.jwk import RSAKey

from gateway.settings.configuration import Configuration
from gateway.settings.faults import ConfigurationError
from gateway.settings.load import load
from tests.servers.certificates import Authority

SECTIONS: Mapping[str, str] = {
    "gateway": """
        public_url: https://sts.example.com
        keyring: ./keyring.json
        """,
    "accounts": """
        data-platform: "111122223333"
        web-shop: "444455556666"
        """,
    "providers": """
        workforce: {type: oidc, issuer: "https://login.example.com", audiences: [sts.amazonaws.com]}
        cluster: {type: oidc, issuer: "https://k8s.example.com", audiences: [sts.amazonaws.com]}
        github: {type: oidc, issuer: "https://token.actions.githubusercontent.com", audiences: [sts.amazonaws.com]}
        """,
    "roles": """
        data-platform/Analyst: {policies: [read-lake]}
        web-shop/Admin:
          policies: [read-lake]
          trust_policy: {Version: "2012-10-17", Statement: {Effect: Allow, Principal: {AWS: "111122223333"}, Action: "sts:AssumeRole"}}
        """,
    "policies": """
        read-lake: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]}
        """,
    "mappings": """
        - {provider: workforce, groups: [analysts], roles: [data-platform/Analyst]}
        """,
    "users": """
        data-platform/ci: {access_keys: [{id: AKIAEXAMPLEEXAMPLE22, secret: 0123456789abcdefghij}]}
        """,
}


class Written:
    """Writes configurations into a folder of its own and loads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "gateway.yaml"

    def text(self, **sections: str) -> str:
        """The honest configuration, with the given sections in place of its own; an empty one is left out."""
        merged = {**SECTIONS, **sections}
        return "".join(f"{name}:\n{indent(dedent(text).strip(), '  ')}\n" for name, text in merged.items() if text)

    def write(self, text: str, name: str = "gateway.yaml") -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def load(self, *, environment: Mapping[str, str] | None = None, **sections: str) -> Configuration:
        return load(self.write(self.text(**sections)), environment=environment or {})

    def refused(self, *, environment: Mapping[str, str] | None = None, **sections: str) -> ConfigurationError:
        """The error of a configuration that must not load."""
        return self.refused_text(self.text(**sections), environment=environment)

    def refused_text(self, text: str, *, environment: Mapping[str, str] | None = None) -> ConfigurationError:
        with pytest.raises(ConfigurationError) as caught:
            load(self.write(text), environment=environment or {})
        return caught.value


def provider_files(folder: Path, *, authorities: str = "ca.pem", keys: str = "jwks.json") -> None:
    """Files of those names that a provider may name, with something in them that can be used."""
    Authority(folder, authorities.removesuffix(".pem"))
    (folder / keys).write_text(json.dumps({"keys": [RSAKey.generate_key(2048).as_dict(private=False)]}))


def marked_line(text: str) -> int:
    """The number of the line that ends with the comment `# HERE`."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.endswith("# HERE"))
