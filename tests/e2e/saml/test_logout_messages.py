"""Logout requests that a real provider signed: each change of one ends nothing, and the honest one the session."""

import base64
import re
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from tests.e2e.canaries import Canaries
from tests.e2e.saml.saml_gateway import SamlGateway, remember_answer
from tests.servers.saml import Visitor
from tests.servers.simplesamlphp import SimpleSamlPhp

Change = Callable[[str], str]


def _without(name: str) -> Change:
    return lambda query: "&".join(part for part in query.split("&") if not part.startswith(f"{name}="))


def _deflated(document: str) -> str:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return quote(base64.b64encode(deflater.compress(document.encode()) + deflater.flush()).decode(), safe="")


def _rewritten(query: str) -> str:
    """The same signature beside a request for another person."""
    document = zlib.decompress(base64.b64decode(parse_qs(query)["SAMLRequest"][0]), -15).decode()
    other = re.sub(r">alice</saml:NameID>", ">bob</saml:NameID>", document)
    assert other != document
    return re.sub(r"SAMLRequest=[^&]+", f"SAMLRequest={_deflated(other)}", query)


CHANGES: dict[str, Change] = {
    "no signature": lambda query: _without("Signature")(_without("SigAlg")(query)),
    "no algorithm": _without("SigAlg"),
    "another person": _rewritten,
    "another RelayState": lambda query: f"{_without('RelayState')(query)}&RelayState=other",
    "the request twice": lambda query: f"{query}&{query.split('&')[0]}",
    "the signature twice": lambda query: f"{query}&Signature=AAAA",
    "a response too": lambda query: f"{query}&{query.split('&')[0].replace('SAMLRequest', 'SAMLResponse')}",
    "as a response": lambda query: query.replace("SAMLRequest=", "SAMLResponse="),
    "SHA-1": lambda query: re.sub(
        r"SigAlg=[^&]+", f"SigAlg={quote('http://www.w3.org/2000/09/xmldsig#rsa-sha1')}", query
    ),
    "a name in other letters": lambda query: query.replace("SAMLRequest=", "SAMLrequest="),
}


@pytest.fixture
def visitor(saml_gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries) -> Iterator[Visitor]:
    """Alice, signed in at the portal."""
    with ssp.visitor("alice") as visitor:
        given = visitor.answer(f"{saml_gateway.url}/login/ssp", saml_gateway.acs("ssp"))
        remember_answer(canaries, given.saml_response)
        entered = visitor.post(given.url, data={"SAMLResponse": given.saml_response, "RelayState": given.relay_state})
        assert entered.status_code == 303, entered.text
        assert _is_signed_in(visitor, saml_gateway)
        yield visitor


@pytest.fixture
def query(visitor: Visitor, ssp: SimpleSamlPhp, saml_gateway: SamlGateway) -> str:
    """What SimpleSAMLphp sends the browser to the gateway with, when alice signs out there."""
    answer = visitor.get(ssp.sign_out(f"{saml_gateway.url}/healthz"))
    for _ in range(5):
        target = answer.headers["location"]
        if target.startswith(f"{saml_gateway.url}/saml/ssp/slo"):
            return urlsplit(target).query
        answer = visitor.get(target)
    raise AssertionError(target)


def _is_signed_in(visitor: Visitor, gateway: SamlGateway) -> bool:
    return visitor.get(f"{gateway.url}/portal").status_code == 200


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_logout_request_ends_nothing(
    name: str, visitor: Visitor, query: str, saml_gateway: SamlGateway
) -> None:
    changed = CHANGES[name](query)
    assert changed != query

    refused = httpx.get(f"{saml_gateway.url}/saml/ssp/slo?{changed}")

    assert 400 <= refused.status_code < 500
    assert _is_signed_in(visitor, saml_gateway)


def test_the_honest_one_ends_the_session_though_no_cookie_comes_along(
    visitor: Visitor, query: str, saml_gateway: SamlGateway, ssp: SimpleSamlPhp
) -> None:
    answered = httpx.get(f"{saml_gateway.url}/saml/ssp/slo?{query}")

    assert answered.status_code == 303
    assert answered.headers["location"].startswith(f"{ssp.url}/saml2/idp/SingleLogoutService.php?SAMLResponse=")
    assert "Signature=" in answered.headers["location"]
    assert not _is_signed_in(visitor, saml_gateway)


def test_one_for_another_name_of_the_gateway_ends_nothing(
    visitor: Visitor, query: str, saml_gateway: SamlGateway
) -> None:
    refused = httpx.get(f"{saml_gateway.url}/saml/ssp-sealed/slo?{query}")

    assert 400 <= refused.status_code < 500
    assert _is_signed_in(visitor, saml_gateway)


def test_a_form_that_is_not_signed_as_a_whole_ends_nothing(
    visitor: Visitor, query: str, saml_gateway: SamlGateway
) -> None:
    document = zlib.decompress(base64.b64decode(parse_qs(query)["SAMLRequest"][0]), -15)

    refused = httpx.post(f"{saml_gateway.url}/saml/ssp/slo", data={"SAMLRequest": base64.b64encode(document).decode()})

    assert 400 <= refused.status_code < 500
    assert _is_signed_in(visitor, saml_gateway)
