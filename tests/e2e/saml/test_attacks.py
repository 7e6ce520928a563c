"""Every hostile answer of the record, sent to the running gateway: the right code at once, and an honest one right after."""

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from gateway.domain.errors import ExpiredIdentityToken, GatewayError, InvalidIdentityToken, RejectedClaim
from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.saml.saml_gateway import SamlGateway, Trusted, assumption
from tests.e2e.server import error_of
from tests.fakes.saml_attacks import ATTACKS, Attack, World
from tests.fakes.saml_identity_provider import ENTITY_ID, encoded, pem_of, private_key
from tests.fakes.saml_world import metadata_xml, pem
from tests.servers.saml import SigningPair

NAME = "corp"
FRONT = ENTITY_ID.removesuffix(f"/saml/{NAME}/metadata")
SHORTEST, LONGEST, LARGEST_BODY = 4, 100_000, 262_144
CODES: dict[type[GatewayError], tuple[int, str]] = {
    InvalidIdentityToken: (400, "InvalidIdentityToken"),
    ExpiredIdentityToken: (400, "ExpiredTokenException"),
    RejectedClaim: (403, "IDPRejectedClaim"),
}


# An answer to somebody's request is judged by that request, which the API knows nothing of.
UNASKED = {name: attack for name, attack in ATTACKS.items() if attack.in_response_to is None}


def _world() -> World:
    """Of this moment: some answers are wrong by seconds."""
    return World(now=dt.datetime.now(dt.UTC))


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory, installed: Installation, canaries: Canaries
) -> Iterator[SamlGateway]:
    """A gateway that is known by the address, and has the key, that the record's answers are made for."""
    world = _world()
    pair = SigningPair(pem_of(private_key("RSA", "sp")), pem(world.ours))
    trusted = Trusted(
        metadata=metadata_xml(world.idp.certificate),
        idp_initiated=True,
        attributes={"username": "uid", "groups": "memberOf", "email": "mail"},
    )
    folder = tmp_path_factory.mktemp("attacked") / "gateway"
    with SamlGateway(folder, installed, canaries, pair, {NAME: trusted}, front=FRONT) as running:
        yield running
    assert running.leaks() == []


def _expected(attack: Attack, parameter: str) -> tuple[int, str]:
    if len(parameter) > LARGEST_BODY:
        return 413, "RequestEntityTooLarge"
    return CODES[attack.error] if SHORTEST <= len(parameter) <= LONGEST else (400, "ValidationError")


def _honest() -> str:
    return encoded(_world().honest(assertion_id=f"_{time.monotonic_ns()}"))


def test_each_attack_meets_its_code_within_a_second_and_keeps_nobody_out(gateway: SamlGateway) -> None:
    assert gateway.assume_with_saml(NAME, _honest()).status_code == 200
    wrong, slowest = {}, (0.0, "")
    met: Counter[tuple[int, str]] = Counter()

    with httpx.Client(timeout=30) as client:
        for name, attack in UNASKED.items():
            form = assumption(NAME, attack.parameter(_world()))
            began = time.monotonic()
            refused = client.post(gateway.url, data=form)
            slowest = max(slowest, (time.monotonic() - began, name))
            met[error_of(refused)] += 1
            if error_of(refused) != _expected(attack, form["SAMLAssertion"]):
                wrong[name] = error_of(refused)

    honest = _honest()
    assert gateway.assume_with_saml(NAME, honest).status_code == 200
    assert error_of(gateway.assume_with_saml(NAME, honest)) == (400, "InvalidIdentityToken")
    print(f"{len(UNASKED)} attacks: {dict(met)}; the slowest took {slowest[0]:.3f} s: {slowest[1]}")
    assert wrong == {}
    assert slowest[0] < 1, slowest


def test_no_attack_opens_the_page_of_roles_or_a_session(gateway: SamlGateway) -> None:
    opened = {}
    with httpx.Client(headers={"Host": FRONT.partition("://")[2]}, timeout=30) as browser:
        for name in sorted(UNASKED)[::4]:
            form = {"SAMLResponse": UNASKED[name].parameter(_world()), "RelayState": "/portal"}
            answer = browser.post(f"{gateway.url}/saml/{NAME}/acs", data=form)
            if answer.status_code not in (400, 403) or "saml-account" in answer.text or "Set-Cookie" in answer.headers:
                opened[name] = answer.status_code
        shown = browser.post(f"{gateway.url}/saml/{NAME}/acs", data={"SAMLResponse": _honest()})

    assert opened == {}
    assert "saml-account" in shown.text
