"""Identity providers change their keys, go away and come back; people keep signing in, and nobody else does."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.process import until
from tests.e2e.saml.pages import portal_is_closed, sign_in_at
from tests.e2e.saml.saml_gateway import SamlGateway, Trusted, remember_answer
from tests.e2e.server import error_of
from tests.servers.certificates import Authority
from tests.servers.saml import SigningPair, rsa_pair
from tests.servers.simplesamlphp import SimpleSamlPhp
from tests.servers.tls_front import TlsFront


@pytest.fixture
def idp(tmp_path: Path) -> Iterator[SimpleSamlPhp]:
    """A provider that the test may end."""
    with SimpleSamlPhp(tmp_path / "idp") as running:
        yield running


def _answer(gateway: SamlGateway, idp: SimpleSamlPhp, canaries: Canaries) -> str:
    given = idp.answer(idp.unsolicited(gateway.entity_id("ssp")), gateway.acs("ssp")).saml_response
    return remember_answer(canaries, given)


def _with_both(old: str, new: str) -> str:
    """The metadata of a provider in the middle of its change: the new one's, and the old one's key."""
    descriptor = old[old.index("<md:KeyDescriptor") : old.index("</md:KeyDescriptor>") + len("</md:KeyDescriptor>")]
    place = new.index("<md:KeyDescriptor")
    return new[:place] + descriptor + new[place:]


def test_a_new_key_counts_once_the_metadata_file_names_it_and_the_old_as_long_as_it_does(
    idp: SimpleSamlPhp, tmp_path: Path, installed: Installation, canaries: Canaries, own_pair: SigningPair
) -> None:
    old_metadata, old_pair, new_pair = idp.metadata, idp.signer, rsa_pair("next")
    trusted = {"ssp": Trusted(metadata=old_metadata)}
    with SamlGateway(tmp_path / "gateway", installed, canaries, own_pair, trusted) as gateway:
        idp.trust(gateway.partner("ssp"))
        idp.sign_by(new_pair)
        early = gateway.assume_with_saml("ssp", _answer(gateway, idp, canaries))
        assert error_of(early) == (400, "InvalidIdentityToken")

        (gateway.folder / "ssp.xml").write_text(_with_both(old_metadata, idp.metadata))
        gateway.send(signal.SIGHUP)

        until(
            lambda: gateway.assume_with_saml("ssp", _answer(gateway, idp, canaries)).status_code == 200,
            "the new key counts",
        )
        idp.sign_by(old_pair)
        assert gateway.assume_with_saml("ssp", _answer(gateway, idp, canaries)).status_code == 200
    assert gateway.leaks() == []


def test_the_last_good_metadata_count_while_the_provider_is_down(
    idp: SimpleSamlPhp, tmp_path: Path, installed: Installation, canaries: Canaries, own_pair: SigningPair
) -> None:
    trusted = {"ssp": Trusted(metadata=idp.metadata, address=idp.metadata_url)}
    with SamlGateway(tmp_path / "gateway", installed, canaries, own_pair, trusted) as gateway:
        idp.trust(gateway.partner("ssp"))
        until(
            lambda: gateway.assume_with_saml("ssp", _answer(gateway, idp, canaries)).status_code == 200,
            "the metadata are there",
        )
        answer = _answer(gateway, idp, canaries)
        idp.close()

        assert gateway.assume_with_saml("ssp", answer).status_code == 200
        assert gateway.readiness() == 200
    assert gateway.leaks() == []


def test_a_gateway_starts_without_its_provider_and_says_so(
    idp: SimpleSamlPhp, tmp_path: Path, installed: Installation, canaries: Canaries, own_pair: SigningPair
) -> None:
    metadata, address = idp.metadata, idp.metadata_url
    idp.close()
    trusted = {"ssp": Trusted(metadata=metadata, address=address)}
    with SamlGateway(tmp_path / "gateway", installed, canaries, own_pair, trusted) as gateway:
        refused = gateway.assume_with_saml("ssp", "bm90IHhtbA==")

        assert gateway.readiness() == 200
        assert error_of(refused) == (400, "IDPCommunicationError")


@pytest.mark.parametrize("from_address", [True, False], ids=["an address", "a file"])
def test_metadata_that_the_provider_signed_count_and_changed_ones_do_not(
    idp: SimpleSamlPhp,
    tmp_path: Path,
    installed: Installation,
    canaries: Canaries,
    own_pair: SigningPair,
    from_address: bool,
) -> None:
    signed = Trusted(
        metadata=idp.metadata,
        address=idp.metadata_url if from_address else None,
        signed_by=idp.metadata_signer.certificate,
    )
    with SamlGateway(tmp_path / "gateway", installed, canaries, own_pair, {"ssp": signed}) as gateway:
        idp.trust(gateway.partner("ssp"))
        until(
            lambda: gateway.assume_with_saml("ssp", _answer(gateway, idp, canaries)).status_code == 200,
            "the metadata are there",
        )
    changed = replace(signed, address=None, metadata=idp.metadata.replace("/SSOService.php", "/Evil.php"))
    with pytest.raises(AssertionError, match="ended with 2"):
        SamlGateway(tmp_path / "changed", installed, canaries, own_pair, {"ssp": changed})


def test_a_browser_brings_the_cookie_of_the_round_trip_from_another_site_over_https(
    tmp_path: Path, installed: Installation, canaries: Canaries, own_pair: SigningPair, page: Page
) -> None:
    """The answer is a POST by a page of another site, to which browsers attach no cookie but `SameSite=None`."""
    authority = Authority(tmp_path / "tls")
    with (
        TlsFront(authority.issue("gateway", "127.0.0.1")) as front,
        SimpleSamlPhp(tmp_path / "idp", host="localhost") as idp,
        SamlGateway(
            tmp_path / "gateway",
            installed,
            canaries,
            own_pair,
            {"ssp": Trusted(metadata=idp.metadata)},
            front=front.url,
        ) as gateway,
    ):
        front.port = gateway.port
        idp.trust(gateway.partner("ssp", encrypted=True))

        sign_in_at(page, f"{front.url}/login/ssp", "alice")

        page.wait_for_url(f"{front.url}/portal")
        cookies = {cookie["name"]: cookie for cookie in page.context.cookies(front.url)}
        assert all(name.startswith("__Host-") and cookie["secure"] for name, cookie in cookies.items())
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("You are signed out.")).to_be_visible()
        portal_is_closed(page, gateway)
    assert gateway.leaks() == []
