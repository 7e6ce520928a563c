"""What is sent is what RFC 4511 says, as ldap3 and pyasn1 read it."""

import warnings

import pytest

from gateway.connectors.ldap import ber
from gateway.connectors.ldap.filters import EVERYTHING
from gateway.connectors.ldap.request import BASE, PAGED_RESULTS, SUBTREE, SearchRequest, bind_request
from gateway.connectors.ldap.templates import DnTemplate

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from ldap3.protocol.rfc2696 import RealSearchControlValue
    from ldap3.protocol.rfc4511 import LDAPMessage
    from pyasn1.codec.ber import decoder

QUERY = EVERYTHING.encoded({})


def read(message: bytes) -> LDAPMessage:
    found, rest = decoder.decode(message, asn1Spec=LDAPMessage())
    assert rest == b""
    return found


def test_a_bind_is_simple_and_asks_for_the_policy() -> None:
    message = read(bind_request(7, "cn=ä,dc=x", "pässword"))
    bind = message["protocolOp"]["bindRequest"]
    assert (int(message["messageID"]), int(bind["version"])) == (7, 3)
    assert str(bind["name"]) == "cn=ä,dc=x"
    assert bytes(bind["authentication"]["simple"]) == "pässword".encode()
    assert [str(control["controlType"]) for control in message["controls"]] == ["1.3.6.1.4.1.42.2.27.8.5.1"]


def test_a_search_names_its_attributes_its_limit_and_follows_no_alias() -> None:
    request = SearchRequest(base="dc=x", scope=SUBTREE, query=QUERY, attributes=("uid", "mail"), most=2)
    search = read(request.encoded(70_000))["protocolOp"]["searchRequest"]
    assert (str(search["baseObject"]), int(search["scope"]), int(search["derefAliases"])) == ("dc=x", 2, 0)
    assert (int(search["sizeLimit"]), int(search["timeLimit"]), bool(search["typesOnly"])) == (2, 0, False)
    assert str(search["filter"]["present"]) == "objectClass"
    assert [str(name) for name in search["attributes"]] == ["mail", "uid"]


def test_a_search_without_attributes_asks_for_none_and_not_for_all() -> None:
    request = SearchRequest(base="dc=x", scope=BASE, query=QUERY, attributes=())
    assert [str(name) for name in read(request.encoded(1))["protocolOp"]["searchRequest"]["attributes"]] == ["1.1"]


def test_a_page_goes_on_where_the_last_one_ended() -> None:
    request = SearchRequest(base="", scope=SUBTREE, query=QUERY, attributes=("cn",), page=500, cookie=b"\x00\xff")
    (control,) = read(request.encoded(1))["controls"]
    assert str(control["controlType"]) == PAGED_RESULTS
    value, _ = decoder.decode(bytes(control["controlValue"]), asn1Spec=RealSearchControlValue())
    assert (int(value["size"]), bytes(value["cookie"])) == (500, b"\x00\xff")


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 32_767, 32_768, 2**31 - 1])
def test_numbers_are_never_read_as_negative(value: int) -> None:
    assert decoder.decode(ber.integer(value)) == (value, b"")


@pytest.mark.parametrize("length", [0, 127, 128, 255, 256, 65_535, 65_536])
def test_lengths_are_definite_and_shortest(length: int) -> None:
    found, rest = decoder.decode(ber.element(ber.OCTET_STRING, b"x" * length))
    assert (len(found), rest) == (length, b"")


HOSTILE = {
    "a comma": ("a,ou=admins", "uid=a\\2Cou\\3Dadmins,dc=x"),
    "everything": ('a,b=c+d\\#"<>;', "uid=a\\2Cb\\3Dc\\2Bd\\5C\\23\\22\\3C\\3E\\3B,dc=x"),
    "blanks": (" a ", "uid=\\20a\\20,dc=x"),
    "NUL": ("\0", "uid=\\00,dc=x"),
    "a place": ("{username}", "uid=\\7Busername\\7D,dc=x"),
    "letters of others": ("ü", "uid=\\C3\\BC,dc=x"),
}


@pytest.mark.parametrize(("name", "dn"), HOSTILE.values(), ids=HOSTILE)
def test_a_name_is_escaped_for_the_dn(name: str, dn: str) -> None:
    assert DnTemplate.read("uid={username},dc=x").filled(name) == dn


@pytest.mark.parametrize(
    "text", ["uid=alice,dc=x", "uid={name},dc=x", "{username}@corp", "uid={username}{dn},dc=x", ""]
)
def test_a_template_that_is_no_dn_of_a_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="template"):
        DnTemplate.read(text)
