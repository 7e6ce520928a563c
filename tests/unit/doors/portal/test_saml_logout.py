"""Single logout: the provider ends sign-ins here, and signing out here tells the provider; signed messages alone."""

import base64
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from gateway.connectors.saml.own_key import OwnKey
from gateway.connectors.saml.redirect_binding import address_with
from tests.fakes.people_world import Browser
from tests.fakes.saml_identity_provider import ISSUER, SamlIdentityProvider, encoded, parsed, pem_of, reparsed
from tests.fakes.saml_people import SLO_PATH, Asked, SamlPeople, hidden_fields
from tests.fakes.saml_world import IDP, SLO

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
