"""A real SimpleSAMLphp as identity provider on a free loopback port, served by PHP's own server.

It keeps its partners in a file that it reads at each request, and their metadata are read by its own parser.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from tests.servers.saml import PERSISTENT, Answer, IdentityProvider, Partner, Person, SigningPair, Visitor, rsa_pair

ROOT: Final = Path("/usr/share/simplesamlphp/www")
PEOPLE: Final[Mapping[str, Person]] = {
    "alice": Person(
        password="alice-secret",
        attributes={
            "uid": ["alice"],
            "mail": ["alice@example.test"],
            "displayName": ["Älice Ünïcode"],
            "groups": ["analysts", "everyone"],
        },
    ),
    "bob": Person(
        password="bob-secret",
        attributes={"uid": ["bob"], "mail": ["bob@example.test"], "groups": ["engineers"]},
    ),
    "carol": Person(password="carol-secret", attributes={"uid": ["carol"], "mail": ["carol@example.test"]}),
}

_CONFIGURATION: Final = """<?php
$folder = getenv('IDP_FOLDER');
$config = [
    'baseurlpath' => getenv('IDP_URL') . '/',
    'certdir' => "$folder/",
    'loggingdir' => "$folder/",
    'datadir' => "$folder/",
    'tempdir' => "$folder/tmp",
    'secretsalt' => 'salt-of-the-tests-alone',
    'auth.adminpassword' => 'administrator-of-the-tests',
    'timezone' => 'UTC',
    'logging.level' => SimpleSAML\\Logger::INFO,
    'logging.handler' => 'errorlog',
    'showerrors' => true,
    'errorreporting' => false,
    'enable.saml20-idp' => true,
    'session.cookie.secure' => false,
    'session.cookie.samesite' => null,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'store.type' => 'phpsession',
    'session.phpsession.savepath' => "$folder/tmp",
    'session.phpsession.cookiename' => 'SimpleSAMLTest',
    'metadata.sources' => [['type' => 'flatfile', 'directory' => "$folder/metadata"]],
    'metadata.sign.enable' => true,
    'metadata.sign.privatekey' => 'metadata.key',
    'metadata.sign.certificate' => 'metadata.crt',
    'metadata.sign.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'trusted.url.domains' => null,
    'language.default' => 'en',
];
"""
_PEOPLE: Final = """<?php
$config = ['people' => ['exampleauth:UserPass']];
foreach (json_decode(file_get_contents(getenv('IDP_FOLDER') . '/people.json'), true) as $login => $attributes) {
    $config['people'][$login] = $attributes;
}
"""
_HOSTED: Final = """<?php
$metadata[getenv('IDP_URL') . '/saml2/idp/metadata.php'] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'auth' => 'people',
    'sign.logout' => true,
    'validate.logout' => true,
    'SingleLogoutServiceBinding' => ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect'],
    'NameIDFormat' => ['%s'],
    'authproc' => [3 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid', 'Format' => '%s']],
];
"""
_PARTNERS: Final = """<?php
foreach (json_decode(file_get_contents(getenv('IDP_FOLDER') . '/partners.json'), true) as $partner) {
    $read = SimpleSAML\\Metadata\\SAMLParser::parseString($partner['metadata'])->getMetadata20SP();
    $metadata[$read['entityid']] = $partner['options'] + $read;
}
"""


def is_installed() -> bool:
    return shutil.which("php") is not None and ROOT.is_dir()


class SimpleSamlPhp(IdentityProvider):
    """One identity provider; its signing key may be given. Ready at once, in a fifth of a second."""

    def __init__(self, folder: Path, *, signer: SigningPair | None = None, host: str = "127.0.0.1") -> None:
        super().__init__(folder, host=host)
        self.signer = signer or rsa_pair("simplesamlphp")
        self.metadata_signer = rsa_pair("metadata")
        self.entity_id = f"{self.url}/saml2/idp/metadata.php"
        self._partners: list[Partner] = []
        (folder / "metadata").mkdir()
        (folder / "tmp").mkdir()
        for name, text in {
            "config.php": _CONFIGURATION,
            "authsources.php": _PEOPLE,
            "metadata/saml20-idp-hosted.php": _HOSTED % (PERSISTENT, PERSISTENT),
            "metadata/saml20-sp-remote.php": _PARTNERS,
        }.items():
            (folder / name).write_text(text)
        logins = {f"{name}:{person.password}": person.attributes for name, person in PEOPLE.items()}
        (folder / "people.json").write_text(json.dumps(logins))
        self.metadata_signer.write(folder, "metadata")
        self.sign_by(self.signer)
        self.trust()
        self.run(
            ["php", "-d", f"session.save_path={folder}/tmp", "-S", f"127.0.0.1:{self.port}", "-t", ROOT],
            "/saml2/idp/metadata.php?output=xml",
            SIMPLESAMLPHP_CONFIG_DIR=str(folder),
            IDP_FOLDER=str(folder),
            IDP_URL=self.url,
        )

    @property
    def metadata(self) -> str:
        return httpx.get(self.metadata_url).raise_for_status().text

    @property
    def metadata_url(self) -> str:
        return f"{self.entity_id}?output=xml"

    def sign_by(self, signer: SigningPair) -> None:
        """Sign with this key from now on, and publish its certificate."""
        self.signer = signer
        signer.write(self.folder, "idp")

    def trust(self, *partners: Partner) -> None:
        """Answer these too."""
        self._partners += partners
        written = [{"metadata": one.metadata, "options": _options(one)} for one in self._partners]
        (self.folder / "partners.json").write_text(json.dumps(written))

    def unsolicited(self, partner: str) -> str:
        return f"{self.url}/saml2/idp/SSOService.php?{urlencode({'spentityid': partner})}"

    def answer(self, url: str, consumer: str, person: str = "alice") -> Answer:
        return super().answer(url, consumer, person)

    def visitor(self, person: str) -> Visitor:
        return Visitor({"username": person, "password": PEOPLE[person].password})

    def sign_out(self, return_to: str) -> str:
        """The URL that ends the browser's session here and at all partners, and then leads to `return_to`."""
        return f"{self.url}/saml2/idp/SingleLogoutService.php?{urlencode({'ReturnTo': return_to})}"


def _options(partner: Partner) -> dict[str, Any]:
    options: dict[str, Any] = {
        "assertion.encryption": partner.encrypted,
        "saml20.sign.response": partner.sign_response,
        "saml20.sign.assertion": partner.sign_assertion,
        "signature.algorithm": partner.algorithm,
        "validate.authnrequest": partner.signed_requests,
        "simplesaml.nameidattribute": "uid",
    }
    if partner.attributes:
        added = {name: list(values) for name, values in partner.attributes.items()}
        options["authproc"] = {"50": {"class": "core:AttributeAdd", **added}}
    return options
