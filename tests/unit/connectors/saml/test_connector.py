"""A SAML provider as a connector: what it is asked, what it says of itself, and what it makes of an assertion."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.connectors.saml.connector import SamlConnector
from gateway.connectors.saml.own_key import OwnKey
from gateway.connectors.saml.redirect_binding import address_with
from gateway.connectors.saml.settings import SamlSettings
from gateway.domain.assertion import UNSOLICITED, NameId, Solicitation
from gateway.domain.errors import InvalidIdentityToken, ProviderUnreachable
from gateway.domain.logout import LogoutRequest, SentLogout
from tests.fakes.gateway_world import START, MovableClock
from tests.fakes.identity_provider import Answer, IdentityProvider, failing
from tests.fakes.saml_identity_provider import ISSUER, Facts, SamlIdentityProvider, certificate_of, encoded
from tests.fakes.saml_people import Asked
from tests.fakes.saml_world import AWS, metadata_xml, write_files

IDP = SamlIdentityProvider()
NAME = NameId(value="alice", format="x")
REQUEST = LogoutRequest(issuer=ISSUER, request_id="_l", name_id=NAME, session_indexes=(), relay_state=None)


def connector(folder: Path, metadata: str = "", **settings: Any) -> SamlConnector:
    """`metadata`: an address; else the file."""
    given = {"type": "saml", "metadata": metadata or str(folder / "idp.xml"), **settings}
    return SamlConnector(
        name="corp",
        settings=SamlSettings.model_validate(given),
        public_url="https://sts.example.com",
        clock=MovableClock(),
    )


def keys(folder: Path) -> dict[str, Any]:
    return {"certificate": folder / "sp.crt", "private_key": (folder / "sp.key").read_text()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_files(tmp_path, IDP)
    return tmp_path


@pytest.fixture
def server() -> Iterator[IdentityProvider]:
    with IdentityProvider().running() as server:
        server.at["/metadata"] = Answer(body=metadata_xml(IDP.certificate).encode())
        yield server


async def test_what_bounds_a_sign_in_is_part_of_its_identity(folder: Path) -> None:
    pairs = ("arn:aws:iam::111122223333:role/A,arn:aws:iam::111122223333:saml-provider/corp",)
    attributes = {"uid": "alice", f"{AWS}Role": pairs, f"{AWS}SessionDuration": "900"}
    facts = Facts(now=START, attributes=attributes, session_until=600)

    identity = (await connector(folder).verify(encoded(IDP.response(facts)), UNSOLICITED)).identity

    assert identity.only_roles == (tuple(pairs[0].split(",")),)
    assert identity.session_duration == 900
    assert identity.ends_at is not None
    assert (identity.ends_at - START).total_seconds() == 600


async def test_a_request_without_a_key_is_not_signed(folder: Path) -> None:
    request_id, address = await connector(folder).begin("state")

    asked = Asked(address)
    assert asked.request_id == request_id
    assert list(asked.query) == ["SAMLRequest", "RelayState"]


async def test_without_a_redirect_address_nobody_is_sent_anywhere(folder: Path) -> None:
    text = metadata_xml(IDP.certificate).replace("HTTP-Redirect", "HTTP-Artifact")
    (folder / "idp.xml").write_text(text)
    made = connector(folder, **keys(folder))

    with pytest.raises(ProviderUnreachable):
        await made.begin("state")
    assert await made.begin_logout(NAME, None) is None
    assert await made.logout_answer(REQUEST) is None


async def test_without_a_key_nobody_is_logged_out_elsewhere(folder: Path) -> None:
    made = connector(folder)

    assert await made.begin_logout(NAME, None) is None
    assert await made.logout_answer(REQUEST) is None
    assert b"SingleLogoutService" not in made.service_metadata()


async def test_a_provider_that_takes_logout_by_post_alone_is_told_by_a_form(folder: Path) -> None:
    slo = "https://idp.example/slo?of=them"
    (folder / "idp.xml").write_text(metadata_xml(IDP.certificate, logout=slo, logout_binding="HTTP-POST"))
    made = connector(folder, **keys(folder))

    begun = await made.begin_logout(NAME, "_s1")
    answer = await made.logout_answer(replace(REQUEST, relay_state="of theirs"))

    assert begun is not None
    assert answer is not None
    request_id, request = begun
    assert (request.address, answer.address) == (slo, slo)
    assert request.fields is not None
    assert answer.fields is not None
    assert list(request.fields) == ["SAMLRequest"]
    assert f' ID="{request_id}"' in base64.b64decode(request.fields["SAMLRequest"]).decode()
    assert (list(answer.fields), answer.fields["RelayState"]) == (["SAMLResponse", "RelayState"], "of theirs")


async def test_where_a_provider_takes_both_it_is_told_by_redirect(folder: Path) -> None:
    text = metadata_xml(IDP.certificate, logout_binding="HTTP-POST", logout="https://idp.example/post")
    redirect = 'SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
    more = f'<md:{redirect} Location="https://idp.example/redirect"/><md:SingleSignOnService'
    (folder / "idp.xml").write_text(text.replace("<md:SingleSignOnService", more))

    begun = await connector(folder, **keys(folder)).begin_logout(NAME, None)

    assert begun is not None
    assert begun[1].fields is None
    assert begun[1].address.startswith("https://idp.example/redirect?SAMLRequest=")


async def test_without_a_key_no_encrypted_name_is_opened(folder: Path) -> None:
    document = (
        '<p:LogoutRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" '
        'xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_l" Version="2.0" '
        f'IssueInstant="{START:%Y-%m-%dT%H:%M:%SZ}" Destination="https://sts.example.com/saml/corp/slo">'
        f"<a:Issuer>{ISSUER}</a:Issuer><a:EncryptedID/></p:LogoutRequest>"
    )
    theirs = OwnKey(private=IDP.key, certificate=IDP.certificate, pem="")
    query = address_with("", "SAMLRequest", document.encode(), None, theirs).removeprefix("?")

    with pytest.raises(InvalidIdentityToken) as refused:
        await connector(folder).logout_message(SentLogout(raw_query=query.encode()))
    assert "no RSA private_key here" in refused.value.cause


async def test_metadata_that_is_fetched_is_told_of(server: IdentityProvider, folder: Path) -> None:
    made = connector(folder, f"{server.issuer}/metadata")
    assert (made.issuer, made.metadata_fetched_at, made.metadata_valid_until) == ("", None, None)
    assert made.health() == {"Metadata fetched": "not yet"}

    examination = await made.examine()

    assert examination.answers == (f"{ISSUER} signs with 1 certificate",)
    assert (examination.faults, examination.lacks) == ((), ())
    assert (made.issuer, made.metadata_fetched_at, made.last_error) == (ISSUER, START, None)
    assert made.health()["Certificates"] == "1"


async def test_a_provider_that_does_not_answer_is_told_with_the_mend(server: IdentityProvider, folder: Path) -> None:
    server.at["/metadata"] = failing()
    made = connector(folder, f"{server.issuer}/metadata")

    examination = await made.examine()

    (fault,) = examination.faults
    assert "answered 500" in fault
    assert "let the gateway reach it" in fault
    assert made.metadata_failures == 1
    assert made.health()["Failed attempts to get metadata"] == "1"


async def test_a_certificate_that_is_not_taken_is_told_of(folder: Path) -> None:
    text = metadata_xml(IDP.certificate, certificate_of("RSA1024", "weak"), more='validUntil="2030-01-01T00:00:00Z"')
    (folder / "idp.xml").write_text(text)

    examination = await connector(folder).examine()

    assert examination.answers == (f"{ISSUER} signs with 1 certificate, valid until 2030-01-01 00:00 UTC",)
    assert ["1024 bits" in lack for lack in examination.lacks] == [True]


async def test_a_new_certificate_counts_from_the_moment_it_is_known(server: IdentityProvider, folder: Path) -> None:
    made = connector(folder, f"{server.issuer}/metadata")
    new = SamlIdentityProvider(label="new")
    answer = encoded(new.response(Facts(now=START, in_response_to="_asked")))
    asked = Solicitation(in_response_to="_asked")
    with pytest.raises(InvalidIdentityToken):
        await made.verify(answer, asked)

    server.at["/metadata"] = Answer(body=metadata_xml(IDP.certificate, new.certificate).encode())
    await made.examine()

    assert (await made.verify(answer, asked)).identity.subject == "alice"


async def test_it_begins_and_ends_whatever_the_provider_does(server: IdentityProvider, folder: Path) -> None:
    made = connector(folder, f"{server.issuer}/metadata")

    await made.start()
    await made.aclose()
    await made.aclose()
