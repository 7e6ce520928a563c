"""An answer is used once: at the same moment from many connections, at every worker, and after a restart."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.e2e.canaries import Canaries
from tests.e2e.saml.conftest import StartSamlGateway
from tests.e2e.saml.saml_gateway import SamlGateway, remember_answer
from tests.e2e.server import error_of
from tests.servers.simplesamlphp import SimpleSamlPhp

AT_ONCE = 20


def _answer(gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries) -> str:
    given = ssp.answer(ssp.unsolicited(gateway.entity_id("ssp")), gateway.acs("ssp")).saml_response
    return remember_answer(canaries, given)


def _at_once(use: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(use, range(AT_ONCE)))


def _used_once(answers: list[httpx.Response]) -> None:
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * (len(answers) - 1)
    refused = {error_of(answer) for answer in answers if answer.status_code != 200}
    assert refused == {(400, "InvalidIdentityToken")}


def test_of_many_uses_at_once_one_succeeds(saml_gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries) -> None:
    answer = _answer(saml_gateway, ssp, canaries)

    _used_once(_at_once(lambda _: saml_gateway.assume_with_saml("ssp", answer)))


def test_other_white_space_in_the_base64_makes_no_other_answer(
    saml_gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries
) -> None:
    answer = _answer(saml_gateway, ssp, canaries)
    written = [
        "\r\n".join(answer[at : at + width] for at in range(0, len(answer), width)) for width in range(60, 60 + AT_ONCE)
    ]

    _used_once(_at_once(lambda number: saml_gateway.assume_with_saml("ssp", written[number])))


def test_of_many_posts_of_one_round_trip_one_signs_in(
    saml_gateway: SamlGateway, ssp: SimpleSamlPhp, canaries: Canaries
) -> None:
    with ssp.visitor("alice") as visitor:
        given = visitor.answer(f"{saml_gateway.url}/login/ssp", saml_gateway.acs("ssp"))
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    remember_answer(canaries, given.saml_response)
    form = {"SAMLResponse": given.saml_response, "RelayState": given.relay_state}

    answers = _at_once(lambda _: httpx.post(given.url, data=form, headers={"Cookie": cookie}, timeout=30))

    assert sorted(answer.status_code for answer in answers) == [303] + [400] * (AT_ONCE - 1)
    signed_in = [answer for answer in answers if "portal=" in answer.headers.get("set-cookie", "")]
    assert [answer.status_code for answer in signed_in] == [303]


def test_two_workers_and_a_restart_remember_what_was_used(
    start_saml_gateway: StartSamlGateway, ssp: SimpleSamlPhp, canaries: Canaries, tmp_path: Path
) -> None:
    options = {
        "settings": f"state: sqlite:////{str(tmp_path).lstrip('/')}/state.db",
        "words": ["--workers", "2"],
    }
    gateway = start_saml_gateway(**options)
    answer = _answer(gateway, ssp, canaries)

    _used_once(_at_once(lambda _: gateway.assume_with_saml("ssp", answer)))
    gateway.stop()
    again = start_saml_gateway(like=gateway, **options)

    assert error_of(again.assume_with_saml("ssp", answer)) == (400, "InvalidIdentityToken")
    assert again.assume_with_saml("ssp", _answer(again, ssp, canaries)).status_code == 200
