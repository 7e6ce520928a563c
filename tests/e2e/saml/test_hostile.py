"""What nobody's provider gave: real answers, changed on their way, brought to the running gateway."""

import base64
import re
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import httpx
import pytest

from tests.e2e.canaries import Canaries
from tests.e2e.saml.saml_gateway import SamlGateway, element, remember_answer
from tests.e2e.server import error_of
from tests.servers.lemonldap import LemonLdap
from tests.servers.simplesamlphp import SimpleSamlPhp

Change = Callable[[str], str]
_ASSERTION = re.compile(r"<saml:Assertion .*</saml:Assertion>", re.DOTALL)
_SIGNATURE = re.compile(r"<ds:Signature .*?</ds:Signature>", re.DOTALL)
_AT_ONCE = 24
"""More than the gateway has threads for SAML."""


def _admin(answer: str) -> str:
    return answer.replace(">alice<", ">admin<").replace(">analysts<", ">engineers<")


def _evil_copy(answer: str) -> str:
    """The assertion without its signature, and with another ID and name."""
    found = _ASSERTION.search(answer)
    assert found is not None
    return re.sub(r'\bID="[^"]+"', 'ID="_evil"', _SIGNATURE.sub("", _admin(found[0])), count=1)


def _before(answer: str) -> str:
    return _ASSERTION.sub(lambda found: _evil_copy(answer) + found[0], answer)


def _behind(answer: str) -> str:
    return _ASSERTION.sub(lambda found: found[0] + _evil_copy(answer), answer)


def _inside(answer: str) -> str:
    """The signed one as a part of the evil one, where schemas allow anything."""
    evil = _evil_copy(answer)
    return _ASSERTION.sub(
        lambda found: evil.replace("</saml:Issuer>", f"</saml:Issuer><saml:Advice>{found[0]}</saml:Advice>", 1), answer
    )


def _in_extensions(answer: str) -> str:
    evil = _evil_copy(answer)
    return _ASSERTION.sub(evil, answer).replace(
        "<samlp:Status>", f"<samlp:Extensions>{_ASSERTION.findall(answer)[0]}</samlp:Extensions><samlp:Status>", 1
    )


def _endless(answer: str) -> str:
    """A second Reference, which nobody signed, and whose digest never comes to an end."""
    forged = (
        '<ds:Reference URI="file:///dev/zero"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        "<ds:DigestValue>AA==</ds:DigestValue></ds:Reference>"
    )
    return answer.replace("</ds:SignedInfo>", f"{forged}</ds:SignedInfo>")


def _laborious(answer: str) -> str:
    """An XPath transform that takes for ever, in a reference that nobody signed."""
    path = "count(//. | //@* | //namespace::*)"
    bomb = (
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>'
        f"{path} &gt; count(//*[count(//*[count(//*) &gt; 0]) &gt; 0])</ds:XPath></ds:Transform>"
    )
    return answer.replace("<ds:Transforms>", f"<ds:Transforms>{bomb}")


CHANGES: dict[str, Change] = {
    "another name": _admin,
    "no signature": lambda answer: _SIGNATURE.sub("", answer),
    "an evil copy before": _before,
    "an evil copy behind": _behind,
    "the honest one inside an evil one": _inside,
    "the honest one among the extensions": _in_extensions,
    "a comment in the name": lambda answer: answer.replace(">alice<", ">alice<!---->.admin<"),
    "a document type": lambda answer: f'<!DOCTYPE r [<!ENTITY e "x">]>{answer}',
    "a reference without an end": _endless,
    "a transform without an end": _laborious,
    "SHA-1": lambda answer: answer.replace("2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#rsa-sha1"),
    "a key of its own": lambda answer: re.sub(
        r"<ds:KeyInfo>.*?</ds:KeyInfo>", "<ds:KeyInfo><ds:KeyName>mine</ds:KeyName></ds:KeyInfo>", _admin(answer)
    ),
    "not Success": lambda answer: answer.replace("status:Success", "status:Responder"),
    "no Destination": lambda answer: re.sub(r' Destination="[^"]+"', "", answer, count=1),
    "an evil Recipient": lambda answer: answer.replace('/acs"/>', '/acs.evil.test"/>'),
    "as somebody's answer": lambda answer: answer.replace("<samlp:Response ", '<samlp:Response InResponseTo="_1" ', 1),
    "another encoding": lambda answer: '<?xml version="1.0" encoding="UTF-7"?>' + answer,
    "100 levels": lambda answer: answer.replace(
        "<samlp:Status>", f"<samlp:Extensions>{'<a>' * 120}{'</a>' * 120}</samlp:Extensions><samlp:Status>", 1
    ),
}


@pytest.fixture
def real(saml_gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries) -> str:
    given = ssp.answer(ssp.unsolicited(saml_gateway.entity_id("ssp")), saml_gateway.acs("ssp")).saml_response
    remember_answer(canaries, given)
    return base64.b64decode(given).decode()


def _encoded(document: str) -> str:
    return base64.b64encode(document.encode()).decode()


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_answer_is_refused_at_once_and_the_honest_one_is_not_used_up_by_it(
    name: str, saml_gateway: SamlGateway, real: str
) -> None:
    changed = CHANGES[name](real)
    assert changed != real

    began = time.monotonic()
    refused = saml_gateway.assume_with_saml("ssp", _encoded(changed))
    took = time.monotonic() - began

    assert error_of(refused) == (400, "InvalidIdentityToken")
    assert took < 1
    assert saml_gateway.assume_with_saml("ssp", _encoded(real)).status_code == 200


@pytest.mark.parametrize("name", ["a reference without an end", "a transform without an end"])
def test_more_bombs_at_once_than_there_are_threads_keep_nobody_out(
    name: str, saml_gateway: SamlGateway, real: str
) -> None:
    bomb = _encoded(CHANGES[name](real))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(lambda _: saml_gateway.assume_with_saml("ssp", bomb), range(_AT_ONCE)))
    began = time.monotonic()
    honest = saml_gateway.assume_with_saml("ssp", _encoded(real))

    assert {error_of(answer) for answer in answers} == {(400, "InvalidIdentityToken")}
    assert honest.status_code == 200
    assert time.monotonic() - began < 1


def test_an_answer_of_one_provider_is_none_of_the_other(
    saml_gateway: SamlGateway, lemon: LemonLdap, canaries: Canaries
) -> None:
    given = lemon.answer(lemon.unsolicited(saml_gateway.entity_id("lemon")), saml_gateway.acs("lemon")).saml_response
    remember_answer(canaries, given)

    refused = saml_gateway.assume_with_saml("ssp", given)

    assert error_of(refused) == (400, "InvalidIdentityToken")
    assert "admin" not in element(refused, "Message")


@pytest.mark.parametrize("name", CHANGES)
def test_the_page_for_browsers_takes_no_changed_answer_either(name: str, saml_gateway: SamlGateway, real: str) -> None:
    form = {"SAMLResponse": _encoded(CHANGES[name](real)), "RelayState": "https://evil.test/"}

    refused = httpx.post(saml_gateway.acs("ssp"), data=form, timeout=10)

    assert refused.status_code in (400, 403)
    assert "set-cookie" not in refused.headers or "portal=" not in refused.headers["set-cookie"]
    assert "evil.test" not in refused.text + refused.headers.get("location", "")


def test_a_logout_message_that_inflates_without_an_end_is_cut(saml_gateway: SamlGateway) -> None:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = base64.b64encode(deflater.compress(b" " * 30_000_000) + deflater.flush()).decode()

    began = time.monotonic()
    refused = httpx.get(f"{saml_gateway.url}/saml/ssp/slo?SAMLRequest={quote(bomb)}")

    assert 400 <= refused.status_code < 500
    assert time.monotonic() - began < 1
