"""AWS's `saml:*` condition keys: of the assertion itself, and of the attributes that eduPerson, AD and X.500 name.

Sources: IAM User Guide, "Configure SAML assertions for the authentication response" (which attribute is which key) and
"IAM and AWS STS condition context keys" (which have one value). An attribute that no table names answers to its own
Name. A key that stands for several attributes has the values of all: the identity provider signed each of them.
"""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.domain.identifiers import name_qualifier
from gateway.domain.identity import Identity, claim_texts
from gateway.roles.claim_values import Value, folded
from gateway.roles.decision import Refusal

_EDU_PERSON: Final = "urn:oid:1.3.6.1.4.1.5923.1.1.1."
_EDU_ORG: Final = "urn:oid:1.3.6.1.4.1.5923.1.2.1."
_WS: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_X500: Final = "urn:oid:2.5.4."
_COSINE: Final = "urn:oid:0.9.2342.19200300.100.1."

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "edupersonaffiliation": (f"{_EDU_PERSON}1",),
    "edupersonnickname": (f"{_EDU_PERSON}2",),
    "edupersonorgdn": (f"{_EDU_PERSON}3",),
    "edupersonorgunitdn": (f"{_EDU_PERSON}4",),
    "edupersonprimaryaffiliation": (f"{_EDU_PERSON}5",),
    "edupersonprincipalname": (f"{_EDU_PERSON}6",),
    "edupersonentitlement": (f"{_EDU_PERSON}7",),
    "edupersonprimaryorgunitdn": (f"{_EDU_PERSON}8",),
    "edupersonscopedaffiliation": (f"{_EDU_PERSON}9",),
    "edupersontargetedid": (f"{_EDU_PERSON}10",),
    "edupersonassurance": (f"{_EDU_PERSON}11",),
    "eduorghomepageuri": (f"{_EDU_ORG}2",),
    "eduorgidentityauthnpolicyuri": (f"{_EDU_ORG}3",),
    "eduorglegalname": (f"{_EDU_ORG}4",),
    "eduorgsuperioruri": (f"{_EDU_ORG}5",),
    "eduorgwhitepagesuri": (f"{_EDU_ORG}6",),
    "cn": (f"{_X500}3",),
    "commonname": ("http://schemas.xmlsoap.org/claims/CommonName", f"{_X500}3"),
    "name": (f"{_WS}name",),
    "givenname": (f"{_WS}givenname", f"{_X500}42"),
    "surname": (f"{_WS}surname", f"{_X500}4"),
    "mail": (f"{_WS}emailaddress", f"{_COSINE}3"),
    "uid": (f"{_COSINE}1",),
    "x500uniqueidentifier": (f"{_X500}45",),
    "organizationstatus": (f"{_COSINE}45",),
    "primarygroupsid": ("http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid",),
}
_SINGLE: Final = frozenset(
    {"edupersonorgdn", "edupersonprimaryaffiliation", "edupersonprimaryorgunitdn", "edupersonprincipalname"}
)


def assertion_value(identity: Identity, name: str, account: str | None) -> Value | None:
    """The value of `saml:NAME`, `name` in lower case. `account`: the role's, None while no role is known.

    Raises Refusal: two attributes answer to it, or a key of one value has several, which no statement may choose from.
    """
    if name in _OF_ASSERTION:
        return _OF_ASSERTION[name](identity, account)
    if name not in _NAMES:
        return folded(identity.claims, name)
    values = _attribute(identity, name)
    if values is None or len(values) == 1:
        return values and values[0]
    if name in _SINGLE:
        raise Refusal(f"saml:{name} has one value, and the assertion gives {len(values)}")
    return values


def answering(name: str) -> frozenset[str]:
    """The attributes, folded, any of which answers to `saml:NAME`; none where the assertion itself does."""
    folded_name = name.lower()
    if folded_name in _OF_ASSERTION:
        return frozenset()
    return frozenset((folded_name, *(attribute.lower() for attribute in _NAMES.get(folded_name, ()))))


def _attribute(identity: Identity, name: str) -> tuple[str, ...] | None:
    own = folded(identity.claims, name)
    found = () if own is None else (own,) if isinstance(own, str) else tuple(own)
    known = (value for attribute in _NAMES[name] for value in claim_texts(identity.claims, attribute))
    return tuple(dict.fromkeys((*found, *known))) or None


def _document(identity: Identity, account: str | None) -> str | None:
    return None if account is None else f"{account}/{identity.provider}"


def _qualifier(identity: Identity, account: str | None) -> str | None:
    return None if account is None else name_qualifier(identity.issuer, account, identity.provider)


# What the connector has checked comes from the identity, whatever attribute is spelt alike.
_OF_ASSERTION: Final[Mapping[str, Callable[[Identity, str | None], Value | None]]] = {
    "sub": lambda identity, _: identity.subject,
    "aud": lambda identity, _: identity.audience,
    "iss": lambda identity, _: identity.issuer,
    "sub_type": lambda identity, _: identity.subject_type,
    "doc": _document,
    "namequalifier": _qualifier,
}
