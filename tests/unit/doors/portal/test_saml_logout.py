"""Single logout: the provider ends sign-ins here, and signing out here tells the provider; signed messages alone."""

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import xmlsec

from gateway.connectors.saml.certificates import usable_certificates
from gateway.connectors.saml.own_key import OwnKey
from gateway.connectors.saml.redirect_binding import address_with
from gateway.connectors.saml.signature import signed_bytes
from gateway.connectors.saml.signature_shape import signature_shape
from tests.fakes.people_world import Browser
from tests.fakes.saml_identity_provider import (
    ISSUER,
    SamlIdentityProvider,
    certificate_of,
    encoded,
    encrypted_data,
    parsed,
    pem_of,
    reparsed,
    text_of,
)
from tests.fakes.saml_people import SLO_PATH, Asked, SamlPeople, hidden_fields
from tests.fakes.saml_world import IDP, SLO

pytestmark = pytest.mark.slow

Turn = Callable[[str], str]


@pytest.fixture
def people(tmp_path: Path) -> SamlPeople:
    return SamlPeople(tmp_path)


def key_of(provider: SamlIdentityProvider) -> OwnKey:
    return OwnKey(private=provider.key, certificate=provider.certificate, pem=pem_of(provider.key))


def request_xml(people: SamlPeople, *indexes: str, **changes: Any) -> str:
    said = {
        "name": "LogoutRequest",
        "issuer": ISSUER,
        "destination": SLO,
        "issued": 0.0,
        "name_id": "<saml:NameID>alice</saml:NameID>",
        "more": "",
        **changes,
    }
    moment = people.world.facts().moment(said["issued"])
    names = "".join(f"<samlp:SessionIndex>{one}</samlp:SessionIndex>" for one in indexes)
    return (
        f'<samlp:{said["name"]} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
        'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_l1" Version="2.0" '
        f'IssueInstant="{moment}" Destination="{said["destination"]}" {said["more"]}>'
        f"<saml:Issuer>{said['issuer']}</saml:Issuer>{said['name_id']}{names}</samlp:{said['name']}>"
    )


def query_of(people: SamlPeople, document: str, kind: str = "SAMLRequest", relay_state: str | None = None) -> str:
    """The provider's signed query."""
    return address_with("", kind, document.encode(), relay_state, key_of(people.idp)).removeprefix("?")


async def say(browser: Browser, query: str) -> httpx.Response:
    return await browser.get(f"{SLO_PATH}?{query}")


async def is_in(browser: Browser) -> bool:
    return (await browser.get("/portal")).status_code == 200


async def test_the_provider_ends_the_persons_sign_ins_and_is_told_so(people: SamlPeople) -> None:
    async with people.browser() as one, people.browser() as other, people.browser() as messenger:
        await people.sign_in(one, session_index="_s1")
        await people.sign_in(other, session_index="_s2")
        answer = await say(messenger, query_of(people, request_xml(people), relay_state="of theirs"))
        left = [await is_in(one), await is_in(other)]

    assert left == [False, False]
    told = Asked(answer.headers["location"])
    assert answer.headers["location"].startswith(f"{IDP}/slo?SAMLResponse=")
    assert 'InResponseTo="_l1"' in told.document
    assert "status:Success" in told.document
    assert list(told.query) == ["SAMLResponse", "RelayState", "SigAlg", "Signature"]
    assert told.relay_state == "of theirs"
    record = people.events("Logout")[-1]
    assert len(record["requestParameters"]["sessionIds"]) == 2
    assert record["userIdentity"]["userName"] == "alice"


async def test_the_browser_that_brings_the_message_keeps_a_sign_in_of_somebody_else(people: SamlPeople) -> None:
    async with people.browser() as browser:
        await people.sign_in(browser, name_id="bob", attributes={"uid": "bob", "memberOf": "analysts"})
        await say(browser, query_of(people, request_xml(people)))
        assert await is_in(browser)


async def test_a_session_index_ends_that_sign_in_alone(people: SamlPeople) -> None:
    async with people.browser() as one, people.browser() as other, people.browser() as messenger:
        await people.sign_in(one, session_index="_s1")
        await people.sign_in(other, session_index="_s2")
        await say(messenger, query_of(people, request_xml(people, "_s2")))
        left = [await is_in(one), await is_in(other)]

    assert left == [True, False]


async def test_a_program_that_the_sign_in_let_in_is_signed_out_too(people: SamlPeople) -> None:
    async with people.browser() as browser, people.browser() as messenger:
        await people.sign_in(browser)
        exchange = people.gateway.exchange
        session_id = browser.cookies.get("__Host-portal")
        assert session_id is not None
        kept = [record for record in people.audit.records if record["eventName"] == "ConsoleLogin"]
        await say(messenger, query_of(people, request_xml(people)))

    assert await exchange._parts.people.records.get("sign_in", kept[-1]["sessionId"]) is None


async def test_a_request_that_is_brought_again_ends_no_later_sign_in(people: SamlPeople) -> None:
    query = query_of(people, request_xml(people))
    async with people.browser() as browser, people.browser() as stranger:
        await people.sign_in(browser)
        await say(stranger, query)
        people.clock.move(seconds=30)
        await people.sign_in(browser)
        again = await say(stranger, query)

        assert (again.status_code, await is_in(browser)) == (400, True)
    assert "taken before" in people.events("Logout")[-1]["additionalEventData"]["cause"]


async def test_by_post_it_is_the_same(people: SamlPeople) -> None:
    document = reparsed(parsed(request_xml(people)))
    people.idp.sign(document)
    async with people.browser() as browser, people.browser() as messenger:
        await people.sign_in(browser)
        answer = await people.post(messenger, {"SAMLRequest": encoded(reparsed(document))}, SLO_PATH)
        left = await is_in(browser)

    assert (answer.status_code, left) == (303, False)


async def refused(people: SamlPeople, query: str) -> str:
    """The cause; the person is still signed in."""
    async with people.browser() as browser, people.browser() as messenger:
        await people.sign_in(browser)
        answer = await say(messenger, query)
        assert answer.status_code == 400, answer.headers
        assert await is_in(browser)
    cause: str = people.events("Logout")[-1]["additionalEventData"]["cause"] if people.events("Logout") else ""
    return cause


def unsigned(query: str) -> str:
    return query.partition("&SigAlg")[0]


TURNED: dict[str, Turn] = {
    "unsigned": unsigned,
    "without its signature": lambda query: query.rpartition("&Signature=")[0],
    "signed by nobody": lambda query: f"{query.rpartition('=')[0]}={quote(base64.b64encode(bytes(256)), safe='')}",
    "a signature that is no base64": lambda query: f"{query.rpartition('=')[0]}=%21",
    "SHA-1": lambda query: query.replace("2001%2F04%2Fxmldsig-more%23rsa-sha256", "2000%2F09%2Fxmldsig%23rsa-sha1"),
    "the request twice": lambda query: f"{query}&{query.partition('&')[0]}",
    "another request in front": lambda query: f"SAMLRequest=x&{query}",
    "a request and an answer": lambda query: f"{query}&SAMLResponse=x",
    "the name escaped": lambda query: query.replace("SAMLRequest", "SAML%52equest", 1),
    "the name in another case, too": lambda query: f"{query}&samlrequest=x",
    "SigAlg twice": lambda query: f"{query}&SigAlg=x",
    "RelayState that nobody signed": lambda query: query.replace("&SigAlg", "&RelayState=x&SigAlg"),
    "escapes in lower case": lambda query: query.replace("%2F", "%2f").replace("%3D", "%3d").replace("%2B", "%2b"),
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("turn", TURNED.values(), ids=TURNED)
async def test_a_query_that_the_provider_did_not_sign_as_it_is_ends_nothing(people: SamlPeople, turn: Turn) -> None:
    await refused(people, turn(query_of(people, request_xml(people))))


async def test_lower_case_escapes_are_as_good_where_they_were_signed(people: SamlPeople) -> None:
    document = request_xml(people)
    key = key_of(people.idp)
    signed, _, _ = query_of(people, document).rpartition("&Signature=")
    lower = re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), signed)
    signature = quote(base64.b64encode(key.sign(lower.encode())), safe="")
    async with people.browser() as browser, people.browser() as messenger:
        await people.sign_in(browser)
        answer = await say(messenger, f"{lower}&Signature={signature}")
        assert (answer.status_code, await is_in(browser)) == (303, False)


MISADDRESSED: dict[str, dict[str, Any]] = {
    "another provider's": {"issuer": "https://other.example"},
    "to another address": {"destination": "https://other.example/slo"},
    "to an address that begins with ours": {"destination": f"{SLO}.evil.example"},
    "to nobody": {"destination": ""},
    "of ten minutes ago": {"issued": -600.0},
    "of tomorrow": {"issued": 86_400.0},
    "expired": {"more": 'NotOnOrAfter="2020-01-01T00:00:00Z"'},
    "of nobody": {"name_id": ""},
    "of two": {"name_id": "<saml:NameID>alice</saml:NameID><saml:NameID>bob</saml:NameID>"},
    "of a name with a child": {"name_id": "<saml:NameID>alice<saml:x/></saml:NameID>"},
    "another message": {"name": "AuthnRequest"},
}


@pytest.mark.parametrize("changes", MISADDRESSED.values(), ids=MISADDRESSED)
async def test_a_signed_request_that_is_not_for_us_now_ends_nothing(
    people: SamlPeople, changes: dict[str, Any]
) -> None:
    await refused(people, query_of(people, request_xml(people, **changes)))


async def test_another_providers_key_ends_nothing(people: SamlPeople) -> None:
    evil = SamlIdentityProvider(label="evil")
    query = address_with("", "SAMLRequest", request_xml(people).encode(), None, key_of(evil)).removeprefix("?")

    assert "of no key" in await refused(people, query)


def signed_by(provider: SamlIdentityProvider, people: SamlPeople) -> Any:
    document = parsed(request_xml(people))
    provider.sign(document)
    return document


def changed(people: SamlPeople) -> Any:
    document = signed_by(people.idp, people)
    document.find("{urn:oasis:names:tc:SAML:2.0:assertion}NameID").text = "bob"
    return document


POSTED: dict[str, Callable[[SamlPeople], Any]] = {
    "unsigned": lambda people: parsed(request_xml(people)),
    "changed after it was signed": changed,
    "signed by another": lambda people: signed_by(SamlIdentityProvider(label="evil"), people),
}


@pytest.mark.parametrize("make", POSTED.values(), ids=POSTED)
async def test_a_post_that_the_provider_did_not_sign_ends_nothing(
    people: SamlPeople, make: Callable[[SamlPeople], Any]
) -> None:
    async with people.browser() as browser, people.browser() as messenger:
        await people.sign_in(browser)
        answer = await people.post(messenger, {"SAMLRequest": encoded(reparsed(make(people)))}, SLO_PATH)
        assert (answer.status_code, await is_in(browser)) == (400, True)


async def signed_out(people: SamlPeople, browser: Browser) -> httpx.Response:
    await people.sign_in(browser)
    fields = hidden_fields(await browser.get("/portal"))
    return await browser.submit("/logout", {"form_token": fields["form_token"]})


async def test_signing_out_here_asks_the_provider_to_do_the_same(people: SamlPeople) -> None:
    async with people.browser() as browser:
        page = await signed_out(people, browser)
        assert not await is_in(browser)
        address = page.headers["refresh"].partition("url=")[2]
        asked = Asked(address)
        answer = request_xml(people, name="LogoutResponse", more=f'InResponseTo="{asked.request_id}"', name_id=STATUS)
        back = await say(browser, query_of(people, answer, "SAMLResponse"))
        again = await say(browser, query_of(people, answer, "SAMLResponse"))

    assert address.startswith(f"{IDP}/slo?SAMLRequest=")
    assert "<saml:NameID" in asked.document
    assert "<samlp:SessionIndex>_s1<" in asked.document
    assert list(asked.query) == ["SAMLRequest", "SigAlg", "Signature"]
    assert (back.status_code, back.headers["location"]) == (303, "/login?signed_out=1")
    assert again.status_code == 400


STATUS = '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'


async def test_a_provider_without_single_logout_is_not_asked(tmp_path: Path) -> None:
    people = SamlPeople(tmp_path, logout=None)
    async with people.browser() as browser:
        answer = await signed_out(people, browser)
        assert not await is_in(browser)

    assert (answer.status_code, answer.headers["location"]) == (303, "/login?signed_out=1")


POST_ALONE = {"logout": f"{IDP}/slo;v=1,2?of=them", "logout_binding": "HTTP-POST"}


def is_signed(document: bytes) -> bool:
    root = parsed(document)
    keys = usable_certificates([certificate_of("RSA", "sp")])
    return bool(signed_bytes(signature_shape(root[1]), keys).canonical)


def leaves_by_a_form(page: httpx.Response) -> bool:
    """A page that goes on by itself or by a button, and to the provider's address alone."""
    assert page.status_code == 200
    assert 'method="post" action="https://idp.example/slo;v=1,2?of=them" data-leave' in page.text
    assert "<button>Go on</button>" in page.text
    assert "refresh" not in page.headers
    policy = page.headers["content-security-policy"]
    return policy.endswith("; form-action 'self' https://idp.example/slo%3Bv=1%2C2")


async def test_where_the_provider_takes_posts_alone_signing_out_goes_on_by_a_form(tmp_path: Path) -> None:
    people = SamlPeople(tmp_path, **POST_ALONE)
    async with people.browser() as browser:
        page = await signed_out(people, browser)
        assert not await is_in(browser)
        fields = hidden_fields(page)
        document = base64.b64decode(fields["SAMLRequest"])
        asked = re.search(rb' ID="([^"]+)"', document)
        assert asked is not None
        more = f'InResponseTo="{asked[1].decode()}"'
        answer = parsed(request_xml(people, name="LogoutResponse", more=more, name_id=STATUS))
        people.idp.sign(answer)
        back = await people.post(browser, {"SAMLResponse": encoded(reparsed(answer))}, SLO_PATH)

    assert leaves_by_a_form(page)
    assert list(fields) == ["SAMLRequest"]
    assert is_signed(document)
    assert b"<samlp:SessionIndex>_s1<" in document
    assert (back.status_code, back.headers["location"]) == (303, "/login?signed_out=1")


async def test_and_its_own_request_is_answered_by_a_form(tmp_path: Path) -> None:
    people = SamlPeople(tmp_path, **POST_ALONE)
    document = parsed(request_xml(people))
    people.idp.sign(document)
    sent = {"SAMLRequest": encoded(reparsed(document)), "RelayState": '"><script>'}
    async with people.browser() as browser, people.browser() as messenger:
        await people.sign_in(browser)
        page = await people.post(messenger, sent, SLO_PATH)
        assert not await is_in(browser)

    assert leaves_by_a_form(page)
    fields = hidden_fields(page)
    assert (list(fields), fields["RelayState"]) == (["SAMLResponse", "RelayState"], '"><script>')
    told = base64.b64decode(fields["SAMLResponse"])
    assert is_signed(told)
    assert b'InResponseTo="_l1"' in told


OUR_CERTIFICATE = certificate_of("RSA", "sp")
ALICE = '<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">alice</saml:NameID>'


def encrypted_id(
    plaintext: str = ALICE,
    recipient: bytes = OUR_CERTIFICATE,
    *,
    data: Any = xmlsec.Transform.AES256_GCM,
    transport: Any = xmlsec.Transform.RSA_OAEP,
) -> str:
    sealed = encrypted_data(plaintext.encode(), recipient, data=data, transport=transport)
    return f"<saml:EncryptedID>{text_of(sealed)}</saml:EncryptedID>"


HONEST = {
    "AES-GCM": encrypted_id(),
    "AES-CBC, which the provider's signature holds": encrypted_id(data=xmlsec.Transform.AES128),
    "prefixes of the message around it": encrypted_id("<saml:NameID>alice</saml:NameID>"),
}


@pytest.mark.parametrize("name_id", HONEST.values(), ids=HONEST)
async def test_an_encrypted_name_is_opened(people: SamlPeople, name_id: str) -> None:
    async with people.browser() as browser, people.browser() as messenger:
        await people.sign_in(browser)
        answer = await say(messenger, query_of(people, request_xml(people, name_id=name_id)))
        assert (answer.status_code, await is_in(browser)) == (303, False)


async def test_by_post_too(people: SamlPeople) -> None:
    document = parsed(request_xml(people, name_id=encrypted_id()))
    people.idp.sign(document)
    async with people.browser() as browser, people.browser() as messenger:
        await people.sign_in(browser)
        answer = await people.post(messenger, {"SAMLRequest": encoded(reparsed(document))}, SLO_PATH)
        assert (answer.status_code, await is_in(browser)) == (303, False)


SEALED = {
    "for another key": (encrypted_id(recipient=certificate_of("RSA", "other")), "does not open with our key"),
    "by AES-CBC for another key": (
        encrypted_id(recipient=certificate_of("RSA", "other"), data=xmlsec.Transform.AES128),
        "does not open with our key",
    ),
    "by RSA 1.5": (encrypted_id(transport=xmlsec.Transform.RSA_PKCS1), "algorithm that is not taken"),
    "an assertion": (
        encrypted_id('<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>'),
        "something else than one NameID",
    ),
    "two names": (encrypted_id(ALICE * 2), "something else than one NameID"),
    "text around the name": (encrypted_id(f"{ALICE}x"), "something else than one NameID"),
    "a name with a child": (encrypted_id(ALICE.replace("alice", "alice<x/>")), "holds an element"),
    "an encrypted name twice": (encrypted_id() * 2, "more than once"),
    "a name in the open too": (f"{encrypted_id()}{ALICE}", "more than once"),
    "nothing": ("<saml:EncryptedID/>", "something else than encrypted data"),
}


@pytest.mark.parametrize(("name_id", "cause"), SEALED.values(), ids=SEALED)
async def test_an_encrypted_name_of_another_form_ends_nothing(people: SamlPeople, name_id: str, cause: str) -> None:
    assert cause in await refused(people, query_of(people, request_xml(people, name_id=name_id)))


@pytest.mark.parametrize("recipient", [OUR_CERTIFICATE, certificate_of("RSA", "other")], ids=["ours", "another's"])
async def test_nothing_is_decrypted_that_the_provider_did_not_sign(people: SamlPeople, recipient: bytes) -> None:
    query = query_of(people, request_xml(people, name_id=encrypted_id(recipient=recipient)))

    assert await refused(people, unsigned(query)) == "the message is not signed"
