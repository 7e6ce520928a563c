"""The namespaces and names of SAML 2.0, XML Signature and XML Encryption that the connector reads."""

from typing import Final

SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"

RESPONSE: Final = f"{{{SAMLP}}}Response"
STATUS: Final = f"{{{SAMLP}}}Status"
STATUS_CODE: Final = f"{{{SAMLP}}}StatusCode"
ASSERTION: Final = f"{{{SAML}}}Assertion"
ENCRYPTED_ASSERTION: Final = f"{{{SAML}}}EncryptedAssertion"
ISSUER: Final = f"{{{SAML}}}Issuer"
NAME_ID: Final = f"{{{SAML}}}NameID"
ATTRIBUTE: Final = f"{{{SAML}}}Attribute"
ATTRIBUTE_VALUE: Final = f"{{{SAML}}}AttributeValue"
AUDIENCE: Final = f"{{{SAML}}}Audience"
SIGNATURE: Final = f"{{{DS}}}Signature"

BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
NAME_ID_FORMATS: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
VERSION: Final = "2.0"
