"""Metadata under all weather: fetched again and again, the last good copy kept, one provider for good."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.connectors.fetch import resolve
from gateway.connectors.saml.metadata import parsed, read_metadata
from gateway.connectors.saml.metadata_source import FetchedMetadata, FileMetadata, MetadataPace
from gateway.domain.errors import ProviderUnreachable
from tests.fakes.gateway_world import MovableClock
from tests.fakes.identity_provider import Answer, IdentityProvider, failing, html, huge, redirecting, slow
from tests.fakes.saml_identity_provider import ISSUER, certificate_of
from tests.fakes.saml_world import metadata_xml

ONE, TWO = certificate_of("RSA", "one"), certificate_of("RSA", "two")
PATH = "/metadata"


class Served:
    """A server with metadata, and a source that asks it. Time passes where a test says so."""

    def __init__(self, server: IdentityProvider) -> None:
        self.server = server
        self.clock = MovableClock()
        self.elapsed = 0.0
        self.serve()
        self.source = FetchedMetadata(
            provider="corp",
            url=f"{server.issuer}{PATH}",
            read=lambda document: read_metadata(parsed(document)),
            clock=self.clock,
            resolve=resolve,
            pace=MetadataPace(),
            monotonic=lambda: self.elapsed,
            deadline=2.0,
        )

    def serve(self, certificate: bytes = ONE, **metadata: Any) -> None:
        self.server.at[PATH] = Answer(body=metadata_xml(certificate, **metadata).encode())

    def passes(self, seconds: float) -> None:
        self.elapsed += seconds
        self.clock.move(seconds=seconds)

    @property
    def asked(self) -> int:
        return self.server.seen(PATH)


@pytest.fixture
def served() -> Iterator[Served]:
    with IdentityProvider().running() as server:
        yield Served(server)


async def test_metadata_is_fetched_when_first_needed_and_kept(served: Served) -> None:
    assert served.source.current is None

    found = await served.source.sought()

    assert found.entity_id == ISSUER
    assert await served.source.sought() is found
    assert served.asked == 1
    assert served.source.fetched_at == served.clock.now()


async def test_many_who_need_it_at_once_ask_once(served: Served) -> None:
    await asyncio.gather(*(served.source.sought() for _ in range(20)))

    assert served.asked == 1


WEATHER = {
    "a fault": failing(),
    "a page": html(),
    "ten megabytes": huge(),
    "a redirect to another host": redirecting("http://169.254.169.254/"),
    "silence": slow(3),
    "metadata without a certificate": Answer(body=metadata_xml().encode()),
    "metadata that has ended": Answer(body=metadata_xml(ONE, more='validUntil="2026-01-01T00:00:00Z"').encode()),
    "metadata of another provider": Answer(body=metadata_xml(ONE, issuer="https://other.example").encode()),
}


@pytest.mark.parametrize("answer", WEATHER.values(), ids=WEATHER)
async def test_the_last_good_copy_is_kept_through(served: Served, answer: Answer) -> None:
    good = await served.source.sought()
    served.server.at[PATH] = answer

    assert await served.source.fetched_now() is None

    assert await served.source.sought() is good
    assert served.source.last_error
    assert served.source.failures == 1


async def test_without_any_copy_people_are_told_to_try_again(served: Served) -> None:
    served.server.at[PATH] = failing()

    for _ in range(5):
        with pytest.raises(ProviderUnreachable) as refused:
            await served.source.sought()

    assert "answered 500" in refused.value.cause
    assert served.asked == 1  # not once for each who comes


async def test_a_copy_that_has_ended_is_not_used_and_asked_for_anew(served: Served) -> None:
    served.serve(more=f'validUntil="{served.clock.now() + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"')
    await served.source.sought()
    served.server.at[PATH] = failing()
    served.passes(3_601)

    with pytest.raises(ProviderUnreachable):
        await served.source.sought()


async def test_a_new_certificate_is_taken_and_told_of(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    await served.source.sought()
    served.serve(TWO)

    with caplog.at_level(logging.WARNING):
        found = await served.source.fetched_now()

    assert found is not None
    assert found.certificates == (TWO,)
    assert "signs with" in caplog.text


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


LIVES = {
    "no cacheDuration": ("", 3_600 * 0.8),
    "an hour and a half": ('cacheDuration="PT90M"', 5_400 * 0.8),
    "a second": ('cacheDuration="PT1S"', 300 * 0.8),
    "a year": ('cacheDuration="P1Y"', 86_400 * 0.8),
}


@pytest.mark.parametrize(("more", "due"), LIVES.values(), ids=LIVES)
async def test_it_is_fetched_anew_before_it_is_old(served: Served, more: str, due: float) -> None:
    served.serve(more=more)
    await served.source.sought()

    assert served.source._due == pytest.approx(due)


async def test_in_the_background_it_is_kept_fresh(served: Served) -> None:
    await served.source.start()
    await until(lambda: served.source.current is not None)
    served.passes(3_600)
    served.source._rescheduled.set()
    await until(lambda: served.asked == 2)
    await served.source.aclose()
    await served.source.aclose()


async def test_starting_does_not_need_the_provider(served: Served) -> None:
    served.server.at[PATH] = slow(60)
    async with asyncio.timeout(1):
        await served.source.start()
        await asyncio.sleep(0.01)
        await served.source.aclose()


async def test_a_name_that_leads_to_a_metadata_service_is_not_asked() -> None:
    async def rebound(_host: str, _port: int) -> tuple[str, ...]:
        return ("169.254.169.254",)

    clock = MovableClock()
    source = FetchedMetadata(
        provider="corp",
        url="https://idp.example/metadata",
        read=lambda document: read_metadata(parsed(document)),
        clock=clock,
        resolve=rebound,
        pace=MetadataPace(),
        deadline=2.0,
    )

    assert await source.fetched_now() is None
    assert "no address that may be connected to" in (source.last_error or "")


def of_file(path: Path, clock: MovableClock | None = None) -> FileMetadata:
    return FileMetadata(
        provider="corp",
        path=path,
        read=lambda document: read_metadata(parsed(document)),
        clock=clock or MovableClock(),
    )


async def test_a_file_is_read_at_once_and_refused_when_it_has_ended(tmp_path: Path) -> None:
    clock = MovableClock()
    path = tmp_path / "idp.xml"
    path.write_text(metadata_xml(ONE, more=f'validUntil="{clock.now() + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"'))
    source = of_file(path, clock)

    assert (await source.sought()).entity_id == ISSUER
    clock.move(hours=1)
    with pytest.raises(ProviderUnreachable, match="could not be reached") as refused:
        await source.sought()
    assert "valid no longer" in refused.value.cause
    assert await source.fetched_now() is None


@pytest.mark.parametrize(
    ("content", "told"), [(None, "cannot be read"), ("<x/>", "no SAML 2.0")], ids=["none", "other"]
)
def test_a_file_that_cannot_be_used_is_told_with_the_mend(tmp_path: Path, content: str | None, told: str) -> None:
    path = tmp_path / "idp.xml"
    if content is not None:
        path.write_text(content)

    with pytest.raises(ValueError, match=told):
        of_file(path)
