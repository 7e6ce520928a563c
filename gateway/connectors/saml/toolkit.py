"""python3-saml in its strictest settings: a second opinion beside our own, told our address, our clock and our schema.

Places of the library are replaced, each by what judges alike: the time, which it takes from the system; how it reads
moments, texts and addresses; the schema, which it compiles anew for each answer (more than half of all it costs); XPath
and certificates, read anew likewise; its parse, in place of which it has our tree. Its release is bounded in the
package's metadata, and tests hold that it looks in these places, and that what stands there judges as its own does.
"""

import base64
import functools
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree
from onelogin.saml2 import xml_utils
from onelogin.saml2.constants import OneLogin_Saml2_Constants
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils, return_false_on_exception
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML
from onelogin.saml2.xmlparser import check_docinfo

from gateway.connectors.saml.paths import anywhere, from_root, steps_of, walked
from gateway.connectors.saml.times import moment
from gateway.connectors.saml.tree import Element
from gateway.connectors.saml.trust import SamlTrust
from gateway.domain.assertion import CLOCK_SKEW_SECONDS

_SCHEMAS: Final = Path(xml_utils.__file__).parent / "schemas"
_LONGEST_TOLD: Final = 200
_STRICTEST: Final = {
    "wantAssertionsSigned": True,
    "wantNameId": True,
    # Not looked at by every release; our own conditions compare InResponseTo in any case.
    "rejectUnsolicitedResponsesWithInResponseTo": True,
    "rejectDeprecatedAlgorithm": True,
    # Keycloak sends one Attribute for each role; the identity provider signed them all, and we join their values.
    "allowRepeatAttributeName": True,
}


class _Own(threading.local):
    """What a thread has for itself: libxml2's compiled things are not to be used by two at once."""

    def __init__(self) -> None:
        self.now = 0
        self.schemas: dict[str, Any] = {}
        self.paths: dict[str, Any] = {}
        self.keys: dict[str, xmlsec.Key] = {}


_OWN: Final = _Own()


class _Response(OneLogin_Saml2_Response):  # type: ignore[misc]  # the library has no types
    """The library's own, which finds each thing once: it asks for some of them ten times, of a document that stays."""

    def __init__(self, settings: OneLogin_Saml2_Settings, response: Element) -> None:
        self._found: dict[tuple[str, str | None, Any], Any] = {}
        self._assertions: Any = None
        super().__init__(settings, response)

    def _query(self, query: str, tagid: str | None = None) -> Any:
        # Of the decrypted document, once there is one.
        sought = query, tagid, self.encrypted
        if sought not in self._found:
            self._found[sought] = super()._query(query, tagid)
        return self._found[sought]

    def _query_assertion(self, xpath_expr: str) -> Any:
        """As the library's own, from the assertion on, which that seeks anew, by its signature, each time."""
        steps = steps_of(xpath_expr)
        if steps is None:
            return super()._query_assertion(xpath_expr)
        if self._assertions is None:
            self._assertions = super()._query_assertion("")
        return walked(self._assertions, steps, None)


class Toolkit:
    """The library, set up for one identity provider."""

    def __init__(self, trust: SamlTrust, certificates: Iterable[bytes]) -> None:
        """`certificates`: DER. Raises ValueError where the library does not take our address or entity id."""
        texts = [base64.b64encode(certificate).decode("ascii") for certificate in certificates]
        address = urlsplit(trust.acs_url)
        # The configured address, never the Host header.
        self._request: Final = {
            "https": "on" if address.scheme == "https" else "off",
            "http_host": address.netloc,
            "script_name": address.path,
        }
        settings = {
            "strict": True,
            "debug": False,
            "security": {**_STRICTEST, "allowSingleLabelDomains": True},
            "sp": {
                "entityId": trust.entity_id,
                "assertionConsumerService": {"url": trust.acs_url},
                "privateKey": trust.private_key or "",
            },
            "idp": {"entityId": trust.issuer, "x509cert": texts[0], "x509certMulti": {"signing": texts}},
        }
        try:
            self._settings: Final = OneLogin_Saml2_Settings(settings, sp_validation_only=True)
        except OneLogin_Saml2_Error as fault:
            raise ValueError(f"the SAML library does not take the provider's settings: {fault}") from None

    def refusal(self, root: Element, in_response_to: str | None, now: datetime) -> str | None:
        """Why the library refuses the answer; None where it takes it.

        `root`: parsed from what `encoding.plain` took, of which the library's own parser, which drops comments and
        processing instructions, makes the same tree.
        """
        _OWN.now = int(now.timestamp())
        try:
            check_docinfo(root.getroottree(), forbid_dtd=True, forbid_entities=True)
            response = _Response(self._settings, root)
            # Asked not to raise: what it stumbles over raises whatever comes, IndexError among it, and is no yes.
            if response.is_valid(self._request, in_response_to) is not True:
                return _told(response.get_error() or "without a reason")
            response.get_nameid_data()
        except (OneLogin_Saml2_ValidationError, OneLogin_Saml2_Error, etree.Error, xmlsec.Error, ValueError) as fault:
            return _told(str(fault))
        return None


def _told(reason: str) -> str:
    """For the audit log: at most 200 characters, none of which could forge a line."""
    shown = "".join(character if character.isprintable() else "?" for character in reason[:_LONGEST_TOLD])
    return f"python3-saml refuses it: {shown}"


class _Moment(int):
    """A moment that an answer names: it begins and ends within the skew, which the library knows for conditions alone.

    A second more for ends, since the library drops their fractions. Our own conditions are exact.
    """

    __slots__ = ()

    def __gt__(self, now: int) -> bool:
        return int(self) > now + CLOCK_SKEW_SECONDS

    def __le__(self, now: int) -> bool:
        return int(self) <= now - CLOCK_SKEW_SECONDS - 1


def _now() -> int:
    return _OWN.now


def _seconds(text: str) -> _Moment:
    """As the library's own, which drops the fraction too, at a sixth of its cost. Raises InvalidIdentityToken."""
    return _Moment(moment("a moment", text).timestamp())


def _validate(xml: Any, schema: str, debug: bool = False) -> Any:  # noqa: FBT001, FBT002  the library's signature
    """As the library's own, with a schema that this thread has compiled once."""
    del debug
    compiled = _OWN.schemas.get(schema)
    if compiled is None:
        compiled = _OWN.schemas[schema] = etree.XMLSchema(etree.parse(str(_SCHEMAS / schema)))
    tree = OneLogin_Saml2_XML.to_etree(xml)
    return tree if compiled.validate(tree) else "invalid_xml"


@return_false_on_exception  # type: ignore[untyped-decorator]  # the library has no types
def _signed(signature: Any, _root: Any, certificate: str, *_unused: Any) -> bool:
    """As the library's own where it is given a certificate, with a key that this thread has read out of it once."""
    key = _OWN.keys.get(certificate)
    if key is None:
        key = _OWN.keys[certificate] = _key_of(certificate)
    context = xmlsec.SignatureContext()
    context.key = key
    context.set_enabled_key_data([xmlsec.constants.KeyDataX509])
    context.verify(signature)
    return True


def _key_of(certificate: str) -> xmlsec.Key:
    """The certificate's key alone: xmlsec copies what it is given for each signature, and a certificate at length."""
    public = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem, None)


def _query(dom: Any, query: str, context: Any = None, tagid: str | None = None) -> Any:
    """As the library's own: walked, or where it is of another form, with a path that this thread has compiled once."""
    source = dom if context is None else context
    steps = steps_of(query)
    if steps:
        return from_root(source, steps, tagid)
    sought = anywhere(query)
    if sought is None:
        return _compiled(query)(source) if tagid is None else _compiled(query)(source, tagid=tagid)
    below, tag = sought
    return list(source.iterdescendants(tag) if below else source.getroottree().getroot().iter(tag))


def _compiled(query: str) -> Any:
    path = _OWN.paths.get(query)
    if path is None:
        namespaces = OneLogin_Saml2_Constants.NSMAP
        path = _OWN.paths[query] = etree.XPath(query, namespaces=namespaces, regexp=False, smart_strings=False)
    return path


def _decoded(data: Any) -> Any:
    """As the library's own; a tree is what it would have parsed."""
    return data if etree.iselement(data) else base64.b64decode(data)


def _text(node: Any, _library: Any = OneLogin_Saml2_XML.element_text) -> Any:
    """As the library's own, which takes comments out first: where there are no children, there are none."""
    return _library(node) if len(node) else node.text


OneLogin_Saml2_XML.element_text = staticmethod(_text)
OneLogin_Saml2_Utils.b64decode = staticmethod(_decoded)
OneLogin_Saml2_Utils.normalize_url = staticmethod(functools.lru_cache(maxsize=16)(OneLogin_Saml2_Utils.normalize_url))
OneLogin_Saml2_Utils.now = staticmethod(_now)
OneLogin_Saml2_Utils.parse_SAML_to_time = staticmethod(_seconds)
OneLogin_Saml2_XML.validate_xml = staticmethod(_validate)
OneLogin_Saml2_XML.query = staticmethod(_query)
OneLogin_Saml2_Utils.validate_node_sign = staticmethod(_signed)
# Ends all reading of files and addresses by xmlsec: a forged reference to /dev/zero kept a thread for ever.
xmlsec.cleanup_callbacks()
