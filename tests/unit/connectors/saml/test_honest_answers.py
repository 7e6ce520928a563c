"""What honest identity providers send, in all the forms that they send it in."""

import base64
import datetime as dt
import functools

import pytest
import xmlsec
from lxml import etree

from gateway.connectors.saml.verification import Verification
from gateway.domain.assertion import UNSOLICITED, NameId, Solicitation, UnverifiedAssertion
from gateway.domain.errors import ExpiredIdentityToken, InvalidIdentityToken
from tests.fakes.saml_attacks import World
from tests.fakes.saml_identity_provider import (
    DS,
    ENTITY_ID,
    SAML,
    SAMLP,
    Facts,
    How,
    SamlIdentityProvider,
    assertion_xml,
    attribute_xml,
    certificate_of,
    encoded,
    found,
    parsed,
    pem_of,
    private_key,
    reparsed,
    response_xml,
    text_of,
)

WORLD = World(now=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))


@functools.cache
def verification(kind: str = "RSA") -> Verification:
    return Verification.of(SamlIdentityProvider(kind).trust(private_key=pem_of(private_key("RSA", "sp"))))


def verified(document, *, kind: str = "RSA", asked: str | None = None, now: dt.datetime = WORLD.now):
    parameter = document if isinstance(document, UnverifiedAssertion.__supertype__) else encoded(document)
    return verification(kind).verify(UnverifiedAssertion(parameter), Solicitation(in_response_to=asked), now)


@pytest.mark.parametrize("signed", ["a", "ar"])
@pytest.mark.parametrize("bits", ["256", "384", "512"])
@pytest.mark.parametrize("kind", ["RSA", "P-256", "P-384", "P-521"])
def test_every_usual_signature_is_taken(kind, bits, signed):
    answer = SamlIdentityProvider(kind).response(WORLD.facts(), signed=signed, how=How(bits=bits))
    assert verified(answer, kind=kind).identity.subject == "alice"


@pytest.mark.parametrize("peer", [False, True], ids=["key within", "key beside"])
@pytest.mark.parametrize("signed", ["a", "ar"])
@pytest.mark.parametrize("cipher", ["AES128_GCM", "AES192_GCM", "AES256_GCM"])
def test_an_assertion_under_gcm_is_opened(cipher, signed, peer):
    data = getattr(xmlsec.Transform, cipher)
    answer = WORLD.idp.encrypted(WORLD.facts(), WORLD.ours, signed=signed, data=data, peer=peer)
    assert verified(answer).identity.subject == "alice"


@pytest.mark.parametrize("cipher", ["AES128", "AES192", "AES256"])
def test_an_assertion_under_cbc_is_opened_in_a_signed_response(cipher):
    data = getattr(xmlsec.Transform, cipher)
    answer = WORLD.idp.encrypted(WORLD.facts(), WORLD.ours, signed="ar", data=data)
    assert verified(answer).identity.subject == "alice"


@pytest.mark.parametrize("length", range(16))
def test_every_length_of_padding_is_taken_off(length):
    answer = WORLD.idp.encrypted(
        WORLD.facts(name_id="a" * (10 + length)), WORLD.ours, signed="ar", data=xmlsec.Transform.AES256
    )
    assert verified(answer).identity.subject == "a" * (10 + length)


def test_prefixes_that_hold_around_the_encryption_hold_within_it():
    bare = text_of(found(WORLD.honest(), "saml:Assertion"))
    head, rest = bare.split(">", 1)
    without = head.replace(f' xmlns:saml="{SAML}"', "") + ">" + rest
    assert without != bare
    assert verified(WORLD.idp.enclosed(WORLD.facts(), without, WORLD.ours)).identity.subject == "alice"


def test_the_whole_of_it_becomes_an_identity():
    proven = verified(WORLD.honest())
    identity = proven.identity
    assert (identity.provider, identity.provider_type, identity.issuer) == ("corp", "saml", WORLD.idp.issuer)
    assert (identity.username, identity.email) == ("alice", "alice@corp.example")
    assert identity.groups == {"analysts", "staff"}
    assert identity.audience == "https://sts.example.com/saml/corp/acs"
    assert identity.claims == {"uid": "alice", "mail": "alice@corp.example", "memberOf": ("analysts", "staff")}
    assert identity.authenticated_at == WORLD.now - dt.timedelta(seconds=1)
    assert identity.acr == "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
    assert identity.subject_type == "persistent"
    assert (proven.assertion_id, proven.response_id) == ("_a1", "_r1")
    assert proven.used_until == WORLD.now + dt.timedelta(seconds=360)
    assert proven.issued_at == WORLD.now
    assert proven.session_index == "_s1"
    assert proven.session_not_on_or_after == WORLD.now + dt.timedelta(hours=8)
    assert proven.role_pairs is None
    assert proven.certificate_sha256 == verification().keys[0].sha256


def test_the_name_keeps_what_qualifies_it():
    text = assertion_xml(WORLD.facts()).replace(
        "<saml:NameID ", '<saml:NameID NameQualifier="q" SPNameQualifier="' + ENTITY_ID + '" '
    )
    root = parsed(response_xml(WORLD.facts(), text))
    WORLD.idp.sign(found(root, "saml:Assertion"))
    expected = NameId(
        value="alice", format=Facts(now=WORLD.now).name_id_format, name_qualifier="q", sp_name_qualifier=ENTITY_ID
    )
    assert verified(root).name_id == expected


def test_a_name_without_a_format_is_of_an_unspecified_one():
    text = assertion_xml(WORLD.facts()).replace(f' Format="{WORLD.facts().name_id_format}"', "")
    root = parsed(response_xml(WORLD.facts(), text))
    WORLD.idp.sign(found(root, "saml:Assertion"))
    assert verified(root).identity.subject_type == "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


def test_values_of_a_repeated_attribute_are_joined():
    more = attribute_xml("memberOf", "admins") + attribute_xml("memberOf", "staff")
    assert verified(WORLD.honest(attributes_xml=more)).identity.groups == {"analysts", "staff", "admins"}


def test_white_space_inside_a_value_is_kept():
    assert (
        verified(WORLD.honest(attributes={"uid": "alice", "address": " Main Street\n1 "})).identity.claims["address"]
        == " Main Street\n1 "
    )


def test_characters_that_xml_escapes_are_read_as_they_are():
    assert verified(WORLD.honest(name_id="a<b>&\"c'")).identity.subject == "a<b>&\"c'"


def test_an_answer_to_our_request_is_taken_where_it_was_made():
    assert verified(WORLD.honest(in_response_to="_q1"), asked="_q1").identity.subject == "alice"


@pytest.mark.parametrize("prefixes", ["xs", "xs xsi", "saml #default"])
@pytest.mark.parametrize("signed", ["a", "ar"])
def test_inclusive_namespaces_are_taken(prefixes, signed):
    assert verified(WORLD.honest(signed, how=How(prefixes=prefixes))).identity.subject == "alice"


def test_a_prefix_that_the_response_binds_is_part_of_what_is_signed():
    """Shibboleth names `xsd` as inclusive, and binds it wherever it likes."""
    text = response_xml(WORLD.facts(), assertion_xml(WORLD.facts())).replace(
        "<samlp:Response ", '<samlp:Response xmlns:xsd="urn:xsd" '
    )
    root = parsed(text)
    WORLD.idp.sign(found(root, "saml:Assertion"), How(prefixes="xsd"))
    assert verified(root).identity.subject == "alice"
    with pytest.raises(InvalidIdentityToken):
        verified(text_of(root).replace("urn:xsd", "urn:xsd2"))


def test_another_prefix_for_signatures_around_them_changes_nothing():
    """A library that moves nodes renames prefixes; both signatures must still hold."""
    text = response_xml(WORLD.facts(), assertion_xml(WORLD.facts())).replace(
        "<samlp:Response ", f'<samlp:Response xmlns:dsig="{DS}" '
    )
    root = parsed(text)
    WORLD.idp.sign(found(root, "saml:Assertion"))
    root = reparsed(root)
    WORLD.idp.sign(root)
    assert verified(reparsed(root)).identity.subject == "alice"


def test_other_prefixes_and_a_declaration_are_taken():
    facts = WORLD.facts()
    text = response_xml(facts, assertion_xml(facts)).replace("saml:", "saml2:").replace("xmlns:saml=", "xmlns:saml2=")
    root = parsed(text.replace("samlp:", "saml2p:").replace("xmlns:samlp=", "xmlns:saml2p="))
    WORLD.idp.sign(found(root, "saml:Assertion"))
    assert verified(b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root)).identity.subject == "alice"


def test_default_namespaces_are_taken():
    facts = WORLD.facts()
    text = assertion_xml(facts).replace("<saml:", "<").replace("</saml:", "</").replace("xmlns:saml=", "xmlns=")
    root = parsed(
        response_xml(facts, text)
        .replace(f' xmlns:saml="{SAML}"', "")
        .replace("saml:Issuer>", "i:Issuer>")
        .replace("<i:Issuer>", f'<i:Issuer xmlns:i="{SAML}">')
    )
    WORLD.idp.sign(root.findall(f"{{{SAML}}}Assertion")[0])
    assert verified(root).identity.subject == "alice"


@pytest.mark.parametrize("line", ["\r\n", "\n", "\t", " "])
def test_base64_in_lines_is_taken(line):
    text = encoded(WORLD.honest())
    broken = line.join(text[at : at + 76] for at in range(0, len(text), 76))
    assert verified(broken + line).identity.subject == "alice"


def test_text_and_blanks_between_elements_are_signed_with_them():
    text = response_xml(WORLD.facts(), assertion_xml(WORLD.facts())).replace("><", ">\n  <")
    root = parsed(text)
    signature = WORLD.idp.sign(found(root, "saml:Assertion"))
    signature.tail = "\n  "
    WORLD.idp.seal(root, signature)
    assert verified(root).identity.subject == "alice"


@pytest.mark.parametrize("where", ["<samlp:Status>", "</saml:Conditions>"])
def test_a_signed_extension_changes_nothing(where):
    added = {
        "<samlp:Status>": '<samlp:Extensions><x:y xmlns:x="urn:x" z="1"/></samlp:Extensions><samlp:Status>',
        "</saml:Conditions>": "<saml:OneTimeUse/></saml:Conditions>",
    }
    root = parsed(response_xml(WORLD.facts(), assertion_xml(WORLD.facts())).replace(where, added[where]))
    WORLD.idp.sign(found(root, "saml:Assertion"))
    assert verified(root).identity.subject == "alice"


def test_either_of_two_certificates_verifies_and_is_told():
    old, new = SamlIdentityProvider(), SamlIdentityProvider(label="next")
    both = Verification.of(old.trust(new))
    for provider in (old, new):
        proven = both.verify(encoded(provider.response(WORLD.facts())), UNSOLICITED, WORLD.now)
        assert proven.certificate_sha256 == next(key.sha256 for key in both.keys if key.der == provider.certificate)


def test_each_of_several_audience_restrictions_may_name_others_beside_us():
    assert (
        verified(WORLD.honest(audiences=(("https://other.example", ENTITY_ID), (ENTITY_ID,)))).identity.subject
        == "alice"
    )


def test_a_response_that_is_not_signed_may_leave_its_destination_and_issuer_out():
    assert verified(WORLD.honest(destination=None, response_issuer=None)).identity.subject == "alice"


def test_a_session_without_an_end_is_taken():
    proven = verified(WORLD.honest(session_until=None, session_index=None))
    assert (proven.session_not_on_or_after, proven.session_index) == (None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"not_before": 60},
        {"not_before": None},
        {"confirmed_from": 60},
        {"confirmed_from": -300},
        {"confirmed_until": -59.9},
        {"not_on_or_after": -59.9},
        {"session_until": -59.9},
        {"authenticated": 60},
        {"issued": 60},
        {"response_issued": 60},
        {"authenticated": -90 * 86_400 - 59.9},
    ],
    ids=str,
)
def test_clocks_may_differ_by_a_minute(changes):
    assert verified(WORLD.honest(**changes)).identity.subject == "alice"


@pytest.mark.parametrize(
    "changes",
    [
        {"confirmed_until": -60},
        {"not_on_or_after": -60},
        {"session_until": -60},
        {"authenticated": -90 * 86_400 - 60},
    ],
    ids=str,
)
def test_and_not_by_more(changes):
    with pytest.raises(ExpiredIdentityToken):
        verified(WORLD.honest(**changes))


@pytest.mark.parametrize("changes", [{"not_before": 60.001}, {"authenticated": 60.001}, {"issued": 60.001}], ids=str)
def test_and_not_by_more_in_the_other_direction(changes):
    with pytest.raises(InvalidIdentityToken) as refused:
        verified(WORLD.honest(**changes))
    assert "in the future" in refused.value.cause


def test_the_mark_of_use_is_kept_until_the_assertion_is_refused_as_too_old():
    early = verified(WORLD.honest(confirmed_until=100, not_on_or_after=3_600))
    assert early.used_until == WORLD.now + dt.timedelta(seconds=160)
    other = verified(WORLD.honest(confirmed_until=3_600, not_on_or_after=100))
    assert other.used_until == WORLD.now + dt.timedelta(seconds=160)


def test_the_year_9999_is_a_year():
    text = assertion_xml(WORLD.facts())
    moment = WORLD.facts().moment(300)
    root = parsed(response_xml(WORLD.facts(), text.replace(moment, "9999-12-31T23:59:59Z")))
    WORLD.idp.sign(found(root, "saml:Assertion"))
    assert verified(root).used_until.year == 9999


def test_what_was_encrypted_for_another_key_of_the_same_name_is_not_opened():
    answer = WORLD.idp.encrypted(WORLD.facts(), certificate_of("RSA", "other"))
    with pytest.raises(InvalidIdentityToken, match="cannot be decrypted"):
        verified(answer)


def test_without_a_key_of_ours_nothing_encrypted_is_taken():
    without = Verification.of(WORLD.idp.trust())
    with pytest.raises(InvalidIdentityToken) as refused:
        without.verify(encoded(WORLD.idp.encrypted(WORLD.facts(), WORLD.ours)), UNSOLICITED, WORLD.now)
    assert "no private_key" in refused.value.cause


def test_a_signed_response_is_read_from_what_it_signs():
    root = WORLD.honest("ar")
    assert base64.b64decode(encoded(root)).startswith(b"<samlp:Response")
    assert verified(root).response_id == "_r1"
    assert root.tag == f"{{{SAMLP}}}Response"


def test_active_directory_names_attributes_before_the_sign_in_and_consent():
    text = assertion_xml(WORLD.facts())
    at, then, end = (
        text.index(tag) for tag in ("<saml:AuthnStatement", "<saml:AttributeStatement", "</saml:Assertion>")
    )
    turned = text[:at] + text[then:end] + text[at:then] + text[end:]
    consent = 'Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified" '
    root = parsed(response_xml(WORLD.facts(), turned).replace("<samlp:Response ", f"<samlp:Response {consent}"))
    WORLD.idp.sign(found(root, "saml:Assertion"))
    assert verified(root).identity.groups == {"analysts", "staff"}


def test_keycloak_names_its_key_in_three_ways():
    root = WORLD.honest("ar")
    for info in root.iter(f"{{{DS}}}KeyInfo"):
        etree.SubElement(info, f"{{{DS}}}KeyName").text = "key-1"
        value = etree.SubElement(etree.SubElement(info, f"{{{DS}}}KeyValue"), f"{{{DS}}}RSAKeyValue")
        etree.SubElement(value, f"{{{DS}}}Modulus").text = "AQAB"
        etree.SubElement(value, f"{{{DS}}}Exponent").text = "AQAB"
    with pytest.raises(InvalidIdentityToken, match="signature"):
        verified(root)
    unsigned = WORLD.honest()
    info = found(unsigned, ".//ds:KeyInfo")
    info.extend(found(root, "saml:Assertion/ds:Signature/ds:KeyInfo")[1:])
    assert verified(unsigned).identity.subject == "alice"


def test_active_directory_names_the_certificate_that_it_encrypts_for():
    root = WORLD.idp.encrypted(WORLD.facts(), WORLD.ours)
    method = found(root, ".//xenc:EncryptedKey/xenc:EncryptionMethod")
    for child in list(method):
        method.remove(child)
    etree.SubElement(method, f"{{{DS}}}DigestMethod").set("Algorithm", f"{DS}sha1")
    info = etree.Element(f"{{{DS}}}KeyInfo")
    serial = etree.SubElement(etree.SubElement(info, f"{{{DS}}}X509Data"), f"{{{DS}}}X509IssuerSerial")
    etree.SubElement(serial, f"{{{DS}}}X509IssuerName").text = "CN=sp"
    etree.SubElement(serial, f"{{{DS}}}X509SerialNumber").text = "7"
    method.addnext(info)
    assert verified(root).identity.subject == "alice"
