"""A real LemonLDAP::NG as identity provider on a free loopback port, served by Starman; its people are its own demo's.

It reads its configuration when it starts: a new partner is a restart of two seconds.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from tests.servers.saml import Answer, IdentityProvider, Partner, SigningPair, Visitor, rsa_pair

PEOPLE: Final[Mapping[str, Sequence[str]]] = {"dwho": ["timelords", "users"], "rtyler": ["earthlings", "users"]}
"""Names, which are passwords too, and groups."""
_PORTAL: Final = Path("/usr/share/perl5/Lemonldap/NG/Portal/Main.pm")
_ATTRIBUTES: Final = ("uid", "mail", "cn", "groups")
_METHODS: Final = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": "RSA_SHA256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": "RSA_SHA512",
}
_APPLICATION: Final = """\
use Lemonldap::NG::Portal::Main;
use Plack::App::File;
use Plack::App::URLMap;
my $map = Plack::App::URLMap->new;
$map->map("/static" => Plack::App::File->new(root => "/usr/share/lemonldap-ng/portal/htdocs/static")->to_app);
$map->map("/javascript" => Plack::App::File->new(root => "/usr/share/javascript")->to_app);
$map->map("/" => Lemonldap::NG::Portal::Main->run({}));
$map->to_app;
"""
_INI: Final = """\
[all]
logLevel = warn
checkTime = 1
[configuration]
type = File
dirName = {folder}/conf
localStorage = Cache::FileCache
localStorageOptions = {{ 'namespace' => 'c', 'default_expires_in' => 600, 'directory_umask' => '007', 'cache_root' => '{folder}/cache', 'cache_depth' => 3 }}
[portal]
staticPrefix = /static
templateDir = /usr/share/lemonldap-ng/portal/templates
languages = en
[handler]
"""


def is_installed() -> bool:
    return shutil.which("starman") is not None and _PORTAL.is_file()


class LemonLdap(IdentityProvider):
    """One identity provider. Its SAML stands on Lasso."""

    def __init__(self, folder: Path, *, signer: SigningPair | None = None) -> None:
        super().__init__(folder)
        self.signer = signer or rsa_pair("lemonldap")
        self.entity_id = f"{self.url}/saml/metadata"
        for name in ("conf", "sessions/lock", "persistent/lock"):
            (folder / name).mkdir(parents=True)
        (folder / "lemonldap.ini").write_text(_INI.format(folder=folder))
        (folder / "portal.psgi").write_text(_APPLICATION)
        self._partners: list[Partner] = []
        self._written: tuple[str, Mapping[str, Any]] | None = None
        self._start()

    @property
    def metadata(self) -> str:
        return httpx.get(self.entity_id).raise_for_status().text

    def trust(self, *partners: Partner) -> None:
        """Answer these too, after a restart; sessions stay."""
        self._partners += partners
        self.close()
        self._start()

    def trust_as_written(self, metadata: str, options: Mapping[str, str]) -> None:
        """Answer this partner alone, with options as a guide tells them, after a restart."""
        self._written = metadata, options
        self.close()
        self._start()

    def unsolicited(self, partner: str) -> str:
        return f"{self.url}/saml/singleSignOn?{urlencode({'IDPInitiated': 1, 'sp': partner})}"

    def answer(self, url: str, consumer: str, person: str = "dwho") -> Answer:
        return super().answer(url, consumer, person)

    def visitor(self, person: str) -> Visitor:
        return Visitor({"user": person, "password": person})

    def sign_out(self) -> str:
        """The URL that ends the browser's session here and at all partners."""
        return f"{self.url}/?logout=1"

    def _start(self) -> None:
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        (self.folder / "conf" / "lmConf-1.json").write_text(json.dumps(self._configuration()))
        self.run(
            # Kept alive, the connections of one browser would hold all of its few workers.
            [
                "starman",
                "--listen",
                f"127.0.0.1:{self.port}",
                "--workers",
                "2",
                "--disable-keepalive",
                "--preload-app",
                "portal.psgi",
            ],
            "/saml/metadata",
            LLNG_DEFAULTCONFFILE=str(self.folder / "lemonldap.ini"),
            LLNG_DEFAULTLOGGER="Lemonldap::NG::Common::Logger::Std",
        )

    def _configuration(self) -> dict[str, Any]:
        partners = {f"partner{number}": (one.metadata, _options(one)) for number, one in enumerate(self._partners)}
        if self._written is not None:
            partners = {"written": self._written}
        return {
            "cfgNum": 1,
            "cfgVersion": "2.16.1",
            "cfgAuthor": "tests",
            "cfgDate": 1,
            "portal": f"{self.url}/",
            "domain": "127.0.0.1",
            "cookieName": "lemonldap",
            "securedCookie": 0,
            # With SAML the default is None, which browsers take over https alone.
            "sameSite": "Lax",
            "authentication": "Demo",
            "userDB": "Same",
            "passwordDB": "Demo",
            "registerDB": "Null",
            "whatToTrace": "uid",
            "timeout": 72_000,
            "demoExportedVars": {name: name for name in ("cn", "mail", "uid")},
            # Its own page of sign-outs holds frames that partners lead back to it.
            "cspFrameAncestors": "'self'",
            "locationRules": {"127.0.0.1": {"default": "accept"}},
            "requireToken": 0,
            # The default draws pictures, and needs a library for it even where none is shown.
            "captcha": "::Auth::Null",
            "portalCheckLogins": 0,
            **{name: {} for name in ("exportedVars", "groups", "macros", "exportedHeaders", "applicationList")},
            **self._storage(),
            **self._saml(),
            "samlSPMetaDataXML": {name: {"samlSPMetaDataXML": one[0]} for name, one in partners.items()},
            "samlSPMetaDataOptions": {name: one[1] for name, one in partners.items()},
            "samlSPMetaDataExportedAttributes": {name: _exported() for name in partners},
        }

    def _storage(self) -> dict[str, Any]:
        def kept(name: str) -> dict[str, str]:
            return {"Directory": f"{self.folder}/{name}", "LockDirectory": f"{self.folder}/{name}/lock"}

        return {
            "globalStorage": "Apache::Session::File",
            "globalStorageOptions": kept("sessions"),
            "persistentStorage": "Apache::Session::File",
            "persistentStorageOptions": kept("persistent"),
            "localSessionStorage": "Cache::FileCache",
            "localSessionStorageOptions": {
                "namespace": "s",
                "cache_root": f"{self.folder}/cache",
                "default_expires_in": 600,
                "directory_umask": "007",
                "cache_depth": 3,
            },
        }

    def _saml(self) -> dict[str, Any]:
        return {
            "issuerDBSAMLActivation": 1,
            "issuerDBSAMLRule": 1,
            "samlEntityID": self.entity_id,
            "samlServicePrivateKeySig": self.signer.key,
            "samlServicePublicKeySig": self.signer.certificate,
            "samlServicePrivateKeyEnc": self.signer.key,
            "samlServicePublicKeyEnc": self.signer.certificate,
            "samlServiceSignatureMethod": "RSA_SHA256",
            "samlOrganizationName": "Tests",
            "samlOrganizationDisplayName": "Tests",
            "samlOrganizationURL": self.url,
        }


def _options(partner: Partner) -> Mapping[str, Any]:
    return {
        "samlSPMetaDataOptionsEncryptionMode": "assertion" if partner.encrypted else "none",
        "samlSPMetaDataOptionsNameIDFormat": "persistent",
        "samlSPMetaDataOptionsNameIDSessionKey": "uid",
        "samlSPMetaDataOptionsSignSSOMessage": int(partner.sign_response),
        "samlSPMetaDataOptionsCheckSSOMessageSignature": int(partner.signed_requests),
        "samlSPMetaDataOptionsSignSLOMessage": 1,
        "samlSPMetaDataOptionsCheckSLOMessageSignature": 1,
        "samlSPMetaDataOptionsSignatureMethod": _METHODS[partner.algorithm],
        "samlSPMetaDataOptionsEnableIDPInitiatedURL": 1,
        "samlSPMetaDataOptionsNotOnOrAfterTimeout": 600,
        "samlSPMetaDataOptionsSessionNotOnOrAfterTimeout": 7_200,
    }


def _exported() -> dict[str, str]:
    return {name: f"1;{name};;" for name in _ATTRIBUTES}
