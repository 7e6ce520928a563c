"""Signs as Shibboleth's own library does: Apache Santuario for C++, by its command `xsec-templatesign`.

Neither SimpleSAMLphp 1.19 nor LemonLDAP 2.16 can sign by ECDSA; of their unsigned answers this makes signed ones.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.servers.saml import SigningPair

ECDSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
_COMMAND: Final = "xsec-templatesign"
_TEMPLATE: Final = (
    '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo>'
    '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
    '<ds:SignatureMethod Algorithm="{algorithm}"/>'
    '<ds:Reference URI="#{identifier}"><ds:Transforms>'
    '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
    '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms>'
    '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>AA==</ds:DigestValue>'
    "</ds:Reference></ds:SignedInfo><ds:SignatureValue>AA==</ds:SignatureValue></ds:Signature>"
)
# The command knows by a DTD alone which attribute is an ID; it is taken off again.
_TYPES: Final = "<!DOCTYPE samlp:Response [<!ATTLIST saml:Assertion ID ID #IMPLIED>]>"


def is_installed() -> bool:
    return shutil.which(_COMMAND) is not None


def signed_by_ecdsa(folder: Path, answer: str, signer: SigningPair) -> str:
    """The answer with its assertion signed; it must hold no signature yet, and one assertion in plain text."""
    assertion = re.search(r'<saml:Assertion [^>]*\bID="([^"]+)"[^>]*><saml:Issuer>[^<]*</saml:Issuer>', answer)
    assert assertion is not None, answer
    assert "Signature" not in answer
    template = _TEMPLATE.format(algorithm=ECDSA_SHA256, identifier=assertion[1])
    (folder / "answer.xml").write_text(_TYPES + answer[: assertion.end()] + template + answer[assertion.end() :])
    signer.write(folder, "ecdsa")
    ended = subprocess.run(
        [_COMMAND, "--eckey", "ecdsa.key", "", "answer.xml"], cwd=folder, capture_output=True, timeout=30, check=False
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return re.sub(r"<!DOCTYPE.*?\]>", "", ended.stdout.decode(), flags=re.DOTALL)
