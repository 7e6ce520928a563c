"""What is read of an identity provider's metadata, and what makes the whole document unusable."""

import datetime as dt
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.saml.certificates import usable_certificates
from gateway.connectors.saml.metadata import (
    MAXIMUM_BYTES,
    IdpMetadata,
    UnusableMetadata,
    location_fault,
    parsed,
    read_metadata,
    signed_root,
)
from tests.fakes.saml_identity_provider import (
    ISSUER,
    How,
    SamlIdentityProvider,
    certificate_of,
    found,
    reparsed,
    text_of,
)
from tests.fakes.saml_identity_provider import parsed as element_of
from tests.fakes.saml_world import IDP, metadata_xml

RSA, EC = certificate_of("RSA", "one"), certificate_of("P-256", "two")
PROTOCOL = 'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"'


def read(document: str | bytes) -> IdpMetadata:
    return read_metadata(parsed(document.encode() if isinstance(document, str) else document))


def test_an_honest_document_is_read_whole() -> None:
    offered = '<saml:Attribute Name="urn:oid:0.9" FriendlyName="uid" NameFormat="x"/>'

    metadata = read(metadata_xml(RSA, EC, more='validUntil="2030-01-02T03:04:05Z"', attributes=offered))

    assert metadata.entity_id == ISSUER
    assert metadata.certificates == (RSA, EC)
    assert metadata.sign_in == f"{IDP}/sso"
    assert metadata.logout_redirect is not None
    assert (metadata.logout_redirect.location, metadata.logout_redirect.response_location) == (f"{IDP}/slo",) * 2
    assert metadata.logout_post is None
    assert metadata.valid_until == dt.datetime(2030, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert [(one.name, one.friendly_name) for one in metadata.attributes] == [("urn:oid:0.9", "uid")]
    assert metadata.wants_signed_requests is False


def test_a_byte_order_mark_and_another_encoding_are_read() -> None:
    text = metadata_xml(RSA)

    assert read(b"\xef\xbb\xbf" + text.encode()).entity_id == ISSUER
    assert read(f'<?xml version="1.0" encoding="utf-16"?>{text}'.encode("utf-16")).entity_id == ISSUER


def test_one_provider_among_service_providers_is_found() -> None:
    other = f'<md:EntityDescriptor entityID="x"><md:SPSSODescriptor {PROTOCOL}/></md:EntityDescriptor>'
    group = f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{other}{metadata_xml(RSA)}'

    assert read(f"{group}</md:EntitiesDescriptor>").entity_id == ISSUER


def test_a_certificate_for_encryption_alone_signs_nothing() -> None:
    document = metadata_xml(EC, RSA).replace('use="signing"', 'use="encryption"', 1)

    assert read(document).certificates == (RSA,)


def test_a_key_without_a_use_signs_too() -> None:
    assert read(metadata_xml(RSA).replace(' use="signing"', "")).certificates == (RSA,)


def test_a_weak_certificate_is_left_out_and_told_of() -> None:
    metadata = read(metadata_xml(certificate_of("RSA1024", "weak"), RSA))

    assert metadata.certificates == (RSA,)
    assert ["1024 bits" in one for one in metadata.weak] == [True]


SPANS = {"PT1H": 3_600, "P1D": 86_400, "P1Y": 31_536_000, "PT1M30.5S": 90, "P": None, "PT": None, "an hour": None}


@pytest.mark.parametrize(("written", "seconds"), SPANS.items())
def test_the_cache_duration_is_read(written: str, seconds: int | None) -> None:
    assert read(metadata_xml(RSA, more=f'cacheDuration="{written}"')).cache_duration == seconds


def test_of_several_ends_the_first_counts() -> None:
    document = metadata_xml(RSA, more='validUntil="2030-01-02T03:04:05+01:00"').replace(
        PROTOCOL, f'validUntil="2029-01-01T00:00:00Z" {PROTOCOL}'
    )

    assert read(document).valid_until == dt.datetime(2029, 1, 1, tzinfo=dt.UTC)


UNUSABLE: dict[str, tuple[Callable[[str], str], str]] = {
    "no XML": (lambda _: "not XML", "not XML"),
    "nothing": (lambda _: "", "not XML"),
    "a DOCTYPE": (lambda text: f"<!DOCTYPE x [<!ENTITY e 'x'>]>{text}", "DOCTYPE"),
    "no identity provider": (lambda text: text.replace("IDPSSO", "SPSSO"), "no SAML 2.0 identity provider"),
    "another protocol": (lambda text: text.replace(":2.0:protocol", ":1.1:protocol"), "no SAML 2.0 identity provider"),
    "another root": (lambda text: f"<x>{text}</x>", "no SAML 2.0 identity provider"),
    "two identity providers": (lambda text: group(text, text), "2 identity providers"),
    "no entityID": (lambda text: text.replace(f'entityID="{ISSUER}"', ""), "entityID"),
    "no certificate": (lambda text: text.replace("X509Certificate", "X509SKI"), "no certificate"),
    "a certificate that is none": (
        lambda text: text.replace("<ds:X509Certificate>", "<ds:X509Certificate>AA"),
        "X.509",
    ),
    "plain http": (lambda text: text.replace(f"{IDP}/sso", "http://idp.example/sso"), "not https"),
    "plain http for logout": (lambda text: text.replace(f"{IDP}/slo", "http://idp.example/slo"), "not https"),
    "a script": (lambda text: text.replace(f"{IDP}/sso", "javascript:alert(1)"), "no URL with a host"),
    "a script with a host": (lambda text: text.replace(f"{IDP}/sso", "javascript://x/%0aalert(1)"), "not https"),
    "another's user": (lambda text: text.replace(f"{IDP}/sso", "https://a@b.example/"), "user name"),
    "a response location in the clear": (
        lambda text: text.replace(
            f'Location="{IDP}/slo"', f'Location="{IDP}/slo" ResponseLocation="http://x.example/"'
        ),
        "ResponseLocation that is not https",
    ),
    "an end that is no time": (lambda text: text.replace("entityID", 'validUntil="soon" entityID'), "validUntil"),
    "an end that no calendar has": (
        lambda text: text.replace("entityID", 'validUntil="2030-13-01T00:00:00Z" entityID'),
        "validUntil",
    ),
}


def group(*texts: str) -> str:
    head = '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">'
    return f"{head}{''.join(texts)}</md:EntitiesDescriptor>"


@pytest.mark.parametrize(("turn", "told"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_nobody_may_sign_in_by_is_refused(turn: Callable[[str], str], told: str) -> None:
    with pytest.raises(UnusableMetadata, match=told):
        read(turn(metadata_xml(RSA)))


def test_a_document_of_more_than_a_megabyte_is_not_parsed() -> None:
    with pytest.raises(UnusableMetadata, match="more than"):
        read(b" " * (MAXIMUM_BYTES + 1))


def test_entities_are_not_expanded() -> None:
    bomb = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"
    with pytest.raises(UnusableMetadata):
        read(f"{bomb}{metadata_xml(RSA)}".encode("utf-16"))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/sso", "http://[::1]/sso", "http://localhost/sso", f"{IDP}/a?b=c"]
)
def test_people_may_be_sent_to(url: str) -> None:
    assert location_fault(url) is None


@given(st.text(max_size=60))
def test_no_text_but_a_web_address_is_a_place_to_send_people_to(url: str) -> None:
    if location_fault(url) is None:
        assert url.startswith(("https://", "http://"))


# Signed metadata

SIGNER = SamlIdentityProvider(label="federation")
KEYS = usable_certificates([SIGNER.certificate])


def signed(how: How = How(), signer: SamlIdentityProvider = SIGNER) -> object:  # noqa: B008
    root = element_of(metadata_xml(RSA, more='ID="_m1"'))
    signer.sign(root, how)
    return root


def verified(root: object) -> IdpMetadata:
    return read_metadata(signed_root(parsed(text_of(root).encode()), KEYS))


def test_signed_metadata_is_read_from_what_was_signed() -> None:
    assert verified(signed()).entity_id == ISSUER


def test_unsigned_metadata_is_refused() -> None:
    with pytest.raises(UnusableMetadata, match="not signed as a whole"):
        verified(element_of(metadata_xml(RSA, more='ID="_m1"')))


def test_metadata_of_another_signer_is_refused() -> None:
    with pytest.raises(UnusableMetadata, match="not signed by the key of metadata_certificate"):
        verified(signed(signer=SamlIdentityProvider(label="evil")))


def test_metadata_changed_after_it_was_signed_is_refused() -> None:
    root = signed()
    found(root, "//md:SingleSignOnService").set("Location", "https://evil.example/sso")

    with pytest.raises(UnusableMetadata, match="digest"):
        verified(root)


def test_what_stands_around_signed_metadata_is_not_read() -> None:
    whole = element_of(group(metadata_xml(EC).replace(ISSUER, "https://evil.example")))
    whole.append(reparsed(signed()))

    with pytest.raises(UnusableMetadata):
        verified(whole)


def test_changed_documents_are_read_or_refused_and_nothing_else() -> None:
    document = metadata_xml(RSA, EC, more='validUntil="2030-01-02T03:04:05Z" cacheDuration="PT1H"').encode()
    random = Random(20261125)
    read_whole = 0
    for _ in range(3_000):
        changed = bytearray(document)
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(changed))
            changed[at : at + random.randint(0, 8)] = bytes(
                random.choices(b"<>&;\"'/:=#x0\xff\x00 ", k=random.randint(0, 4))
            )
        try:
            read(bytes(changed))
        except UnusableMetadata:
            continue
        read_whole += 1
    assert read_whole < 3_000
