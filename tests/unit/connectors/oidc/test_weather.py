"""How keys are fetched over real HTTP from a provider that behaves badly."""

import asyncio
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.connectors.fetch import Fetcher, FetchFailed, resolve
from gateway.connectors.oidc.provider_keys import Pace
from gateway.domain.errors import InvalidIdentityToken, ProviderUnreachable
from tests.fakes.identity_provider import (
    Answer,
    IdentityProvider,
    dripping,
    failing,
    html,
    huge,
    loopback_certificate,
    redirecting,
    slow,
)
from tests.unit.connectors.presenting import Connect, verify

DISCOVERY, KEYS = IdentityProvider.CONFIGURATION, IdentityProvider.KEYS
CANARY = "canary-bearer-token"
NO_PAUSE = Pace(first_pause=0, longest_pause=0, unknown_key_interval=0)


async def unreachable(connector: Any, provider: IdentityProvider) -> str:
    """Why the provider could not be reached, as the audit log is told."""
    with pytest.raises(ProviderUnreachable) as refused:
        await verify(connector, provider.token())
    assert refused.value.provider == "workforce"
    assert str(refused.value).startswith("The identity provider could not be reached")
    assert connector.last_error == refused.value.cause
    return refused.value.cause


BAD_WEATHER: dict[str, tuple[str, Answer, str]] = {
    "discovery answers 500": (DISCOVERY, failing(500), "answered 500"),
    "discovery answers 404": (DISCOVERY, failing(404), "answered 404"),
    "discovery answers 204": (DISCOVERY, failing(204), "answered 204"),
    "discovery is a page": (DISCOVERY, html(), "the discovery document is not JSON"),
    "discovery is a list": (DISCOVERY, Answer(body=b"[]"), "the discovery document is not a JSON object"),
    "discovery redirects": (DISCOVERY, redirecting("https://169.254.169.254/"), "answered 302: redirects are not"),
    "discovery hangs": (DISCOVERY, slow(30), "no keys within 0.3 seconds"),
    "keys answer 500": (KEYS, failing(503), "answered 503"),
    "keys are a page": (KEYS, html(), "the key set is not JSON"),
    "keys are none": (KEYS, Answer(body=b'{"keys": []}'), "no key for signatures among its 0"),
    "keys redirect": (KEYS, redirecting("http://169.254.169.254/latest/meta-data/"), "answered 302: redirects are not"),
    "keys are 10 MB": (KEYS, huge(), "answered more than 1000000 bytes"),
    "keys hang": (KEYS, slow(30), "no keys within 0.3 seconds"),
    "keys come a byte at a time": (KEYS, dripping(0.05), "no keys within 0.3 seconds"),
    "keys are compressed": (
        KEYS,
        Answer(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}),
        "answered compressed, though asked not to",
    ),
}


@pytest.mark.parametrize(("path", "answer", "cause"), BAD_WEATHER.values(), ids=BAD_WEATHER)
async def test_without_keys_bad_weather_is_told_within_the_deadline(
    provider: IdentityProvider, connect: Connect, path: str, answer: Answer, cause: str
) -> None:
    provider.at[path] = answer
    connector = connect(provider, having={"deadline": 0.3})
    begun = time.monotonic()
    assert cause in await unreachable(connector, provider)
    assert time.monotonic() - begun < 2
    assert connector.keys_fetched_at is None


@pytest.mark.parametrize(("path", "answer", "cause"), BAD_WEATHER.values(), ids=BAD_WEATHER)
async def test_the_last_good_keys_outlast_bad_weather(
    provider: IdentityProvider, connect: Connect, path: str, answer: Answer, cause: str
) -> None:
    connector = connect(provider, having={"deadline": 0.3})
    await verify(connector, provider.token())
    provider.at[path] = answer
    with pytest.raises(ProviderUnreachable) as refused:
        await verify(connector, provider.token(key_id="new"))
    assert cause in refused.value.cause
    assert (await verify(connector, provider.token())).subject == "alice"


async def test_a_redirect_is_not_followed_on_any_host(provider: IdentityProvider, connect: Connect) -> None:
    with IdentityProvider().running() as elsewhere:
        provider.at[KEYS] = redirecting(elsewhere.issuer + KEYS)
        await unreachable(connect(provider), provider)
        provider.at = {DISCOVERY: redirecting(provider.issuer + "/moved")}
        await unreachable(connect(provider), provider)
        assert elsewhere.requests == []
        assert provider.seen("/moved") == 0


async def test_a_provider_that_nobody_serves_is_unreachable(connect: Connect) -> None:
    with IdentityProvider().running() as provider:
        pass
    assert "ConnectError" in await unreachable(connect(provider), provider)


async def test_an_issuer_that_differs_by_its_final_slash_is_told_how_to_be_written(
    provider: IdentityProvider, connect: Connect
) -> None:
    provider.configuration = {"issuer": f"{provider.issuer}/"}
    assert f"'{provider.issuer}/': write it so, to the final slash" in await unreachable(connect(provider), provider)


@pytest.mark.parametrize(
    ("document", "cause"),
    [
        ({"issuer": "https://login.example.com"}, "of another issuer, 'https://login.example.com'"),
        ({"issuer": None}, "of another issuer"),
        ({"jwks_uri": None}, "names no jwks_uri"),
        ({"jwks_uri": ["http://127.0.0.1/"]}, "names no jwks_uri"),
        ({"jwks_uri": "http://169.254.169.254/latest"}, "the jwks_uri is not https"),
        ({"jwks_uri": "https://169.254.169.254/latest"}, "leads from a loopback issuer to another machine"),
        ({"jwks_uri": "file:///etc/passwd"}, "the jwks_uri is not a plain URL"),
    ],
)
async def test_a_discovery_document_that_leads_astray_is_refused(
    provider: IdentityProvider, connect: Connect, document: dict[str, Any], cause: str
) -> None:
    provider.configuration = document
    assert cause in await unreachable(connect(provider), provider)
    assert provider.seen(KEYS) == 0


async def test_an_issuer_with_a_path_has_its_discovery_below_it(provider: IdentityProvider, connect: Connect) -> None:
    base = provider.issuer
    provider.issuer = base + "/realms/main/"
    provider.at["/realms/main" + DISCOVERY] = Answer(
        body=f'{{"issuer": "{provider.issuer}", "jwks_uri": "{base}{KEYS}"}}'.encode()
    )
    assert (await verify(connect(provider), provider.token())).issuer == provider.issuer


async def test_a_flood_of_unknown_keys_asks_once_and_honest_tokens_pass(
    provider: IdentityProvider, connect: Connect
) -> None:
    connector = connect(provider)
    await verify(connector, provider.token())
    forged = [verify(connector, provider.token(key_id=f"forged-{i}")) for i in range(300)]
    outcomes = await asyncio.gather(verify(connector, provider.token()), *forged, return_exceptions=True)
    assert not isinstance(outcomes[0], BaseException)
    assert {type(outcome) for outcome in outcomes[1:]} == {InvalidIdentityToken}
    assert provider.seen(KEYS) == 2


async def test_a_flood_before_the_first_keys_asks_once(provider: IdentityProvider, connect: Connect) -> None:
    connector = connect(provider)
    provider.at[KEYS] = failing()
    outcomes = await asyncio.gather(
        *(verify(connector, provider.token(key_id=f"forged-{i}")) for i in range(100)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {ProviderUnreachable}
    assert provider.seen(KEYS) == 1


async def test_verifying_with_a_known_key_asks_nobody(provider: IdentityProvider, connect: Connect) -> None:
    connector = connect(provider)
    for _ in range(20):
        await verify(connector, provider.token())
    assert (provider.seen(DISCOVERY), provider.seen(KEYS)) == (1, 1)


async def test_rotation_is_followed_and_withdrawn_keys_end(provider: IdentityProvider, connect: Connect) -> None:
    connector = connect(provider)
    old = provider.token()
    await verify(connector, old)
    provider.rotate("rs-2", keep=True)
    await verify(connector, provider.token())
    await verify(connector, old)
    provider.rotate("es-3", "ES256")
    connector = connect(provider)
    await verify(connector, provider.token())
    with pytest.raises(InvalidIdentityToken) as refused:
        await verify(connector, old)
    assert "no key that fits kid 'rs-1'" in refused.value.cause


async def test_started_connectors_have_keys_before_the_first_token(
    provider: IdentityProvider, connect: Connect
) -> None:
    connector = connect(provider)
    await connector.start()
    async with asyncio.timeout(5):
        while connector.keys_fetched_at is None:
            await asyncio.sleep(0.005)
    provider.at = {DISCOVERY: failing(), KEYS: failing()}
    assert (await verify(connector, provider.token())).subject == "alice"


async def test_how_long_keys_are_kept_follows_their_answer(provider: IdentityProvider, connect: Connect) -> None:
    for header, seconds in {
        "public, max-age=7200": 5_760,
        'MAX-AGE="900"': 720,
        "no-store": 2_880,
        "s-maxage=10": 2_880,
        "max-age=-5": 2_880,
    }.items():
        provider.keys_headers = {"Cache-Control": header}
        connector = connect(provider, having={"monotonic": lambda: 0.0})
        await verify(connector, provider.token())
        assert connector._keys._due == seconds, header  # type: ignore[attr-defined]


async def test_the_bearer_token_is_read_anew_and_sent_to_the_issuer(
    provider: IdentityProvider, connect: Connect, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(CANARY + "-1\n")
    connector = connect(provider, having={"pace": NO_PAUSE}, bearer_token_file=file)
    await verify(connector, provider.token())
    assert [seen.headers["authorization"] for seen in provider.requests] == [f"Bearer {CANARY}-1"] * 2
    file.write_text(CANARY + "-2")
    provider.requests.clear()
    provider.rotate("rs-2")
    await verify(connector, provider.token())
    assert [seen.headers["authorization"] for seen in provider.requests] == [f"Bearer {CANARY}-2"] * 2


async def test_the_bearer_token_is_not_sent_to_another_host(
    provider: IdentityProvider, connect: Connect, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(CANARY)
    provider.configuration = {"jwks_uri": provider.issuer.replace("127.0.0.1", "localhost") + KEYS}
    await verify(connect(provider, bearer_token_file=file), provider.token())
    discovery, keys = provider.requests
    assert "authorization" in discovery.headers
    assert "authorization" not in keys.headers


@pytest.mark.parametrize(
    ("content", "cause"),
    [(None, "cannot be read: FileNotFoundError"), (b"", "holds no token"), (b"a b", "holds no token"),
     (b"a\r\nX-Evil: 1", "holds no token"), (b"\xff", "cannot be read: UnicodeDecodeError")],
    ids=["no file", "empty", "two words", "a header", "not text"],
)  # fmt: skip
async def test_a_bearer_token_that_cannot_be_one_is_not_sent(
    provider: IdentityProvider, connect: Connect, tmp_path: Path, content: bytes | None, cause: str
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    assert cause in await unreachable(connect(provider, bearer_token_file=file), provider)
    assert provider.requests == []


async def test_no_secret_is_told_when_a_fetch_fails(
    provider: IdentityProvider, connect: Connect, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(CANARY)
    provider.at[DISCOVERY] = failing()
    connector = connect(provider, bearer_token_file=file, client_id="gateway", client_secret=CANARY)
    assert CANARY not in await unreachable(connector, provider) + repr(connector) + repr(vars(connector))


@pytest.mark.parametrize("answer", [failing(), redirecting("/?key=canary"), huge(), html()])
async def test_no_query_is_told_when_a_fetch_fails(provider: IdentityProvider, answer: Answer) -> None:
    provider.at["/metadata?key=canary"] = answer
    answer.headers["Content-Encoding"] = "br" if answer.body.startswith(b"<") else "identity"
    fetcher = Fetcher(issuer=provider.issuer, ca_file=None, bearer_token_file=None)
    for url in (f"{provider.issuer}/metadata?key=canary", "http://localhost.invalid:1/?key=canary"):
        with pytest.raises(FetchFailed) as failed:
            await fetcher.get(url)
        assert "canary" not in str(failed.value)
        assert str(failed.value).startswith(url.partition("?")[0])


async def test_the_servers_proxy_settings_do_not_lead_elsewhere(
    provider: IdentityProvider, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await verify(connect(provider), provider.token())).subject == "alice"


class Names:
    """A resolver that answers from a list, one answer a question."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0)


FORBIDDEN = "leads to no address that may be connected to"


@pytest.mark.parametrize(
    "addresses", [["169.254.169.254"], ["fe80::1%eth0"], ["::ffff:169.254.169.254"], ["0.0.0.0"], ["fd00:ec2::254"], []]
)
async def test_a_name_that_leads_to_an_inner_address_is_not_connected_to(
    provider: IdentityProvider, connect: Connect, addresses: list[str]
) -> None:
    provider.issuer = "https://login.example.com"
    assert FORBIDDEN in await unreachable(connect(provider, having={"resolve": Names(addresses)}), provider)


async def test_a_name_of_loopback_that_leads_elsewhere_is_not_connected_to(
    provider: IdentityProvider, connect: Connect
) -> None:
    provider.issuer = "http://localhost:8080"
    assert FORBIDDEN in await unreachable(connect(provider, having={"resolve": Names(["10.0.0.1"])}), provider)


async def test_an_address_is_resolved_once_for_each_document(provider: IdentityProvider, connect: Connect) -> None:
    """What is connected to is what was checked; a name that changes its address in between changes nothing."""
    provider.issuer = provider.issuer.replace("127.0.0.1", "localhost")
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    assert FORBIDDEN in await unreachable(connect(provider, having={"resolve": names}), provider)
    assert names.asked == ["localhost", "localhost"]
    assert (provider.seen(DISCOVERY), provider.seen(KEYS)) == (1, 0)


async def test_the_next_address_is_tried_where_one_does_not_answer(
    provider: IdentityProvider, connect: Connect
) -> None:
    provider.issuer = provider.issuer.replace("127.0.0.1", "localhost")
    names = Names(["::1", "127.0.0.1"], ["127.0.0.2", "127.0.0.1"])
    assert (await verify(connect(provider, having={"resolve": names}), provider.token())).subject == "alice"


async def test_ipv6_that_leads_nowhere_leaves_ipv4_its_turn(provider: IdentityProvider, connect: Connect) -> None:
    provider.issuer = provider.issuer.replace("127.0.0.1", "localhost")
    addresses = ["::1", "::1", "::1", "::1", "127.0.0.1"]
    names = Names(addresses, addresses)
    assert (await verify(connect(provider, having={"resolve": names}), provider.token())).subject == "alice"


async def test_dns_that_does_not_answer_holds_up_nothing_but_lookups(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [str(answered.wait(10))][:0])
    lookups = [asyncio.create_task(resolve("login.example.com", 443)) for _ in range(50)]
    try:
        await asyncio.sleep(0.05)
        async with asyncio.timeout(1):
            assert await asyncio.to_thread(len, "other work") == 10
    finally:
        answered.set()
        await asyncio.gather(*lookups)


async def test_a_name_that_cannot_be_resolved_is_unreachable(provider: IdentityProvider, connect: Connect) -> None:
    for host in ("login.invalid", "a" * 64 + ".example"):
        provider.issuer = f"https://{host}"
        assert host in await unreachable(connect(provider), provider)


async def test_tls_is_verified_by_the_configured_ca(connect: Connect, tmp_path: Path) -> None:
    chain, key = loopback_certificate(tmp_path)
    file = tmp_path / "token"
    file.write_text(CANARY)
    with IdentityProvider().running(certificate=(chain, key)) as provider:
        assert "CERTIFICATE_VERIFY_FAILED" in await unreachable(connect(provider), provider)
        assert provider.requests == []
        connector = connect(provider, ca_file=chain, bearer_token_file=file)
        assert (await verify(connector, provider.token())).subject == "alice"
        assert provider.requests[0].headers["host"] == provider.issuer.removeprefix("https://")
        assert {seen.headers["authorization"] for seen in provider.requests} == {f"Bearer {CANARY}"}


async def test_the_bearer_token_goes_where_only_the_configured_ca_can_vouch(connect: Connect, tmp_path: Path) -> None:
    """API servers name their bare address in jwks_uri, and ask for the token there too."""
    chain, key = loopback_certificate(tmp_path)
    file = tmp_path / "token"
    file.write_text(CANARY)
    with IdentityProvider().running(certificate=(chain, key)) as provider:
        provider.configuration = {"jwks_uri": provider.issuer.replace("localhost", "127.0.0.1") + KEYS}
        await verify(connect(provider, ca_file=chain, bearer_token_file=file), provider.token())
        assert [seen.headers["authorization"] for seen in provider.requests] == [f"Bearer {CANARY}"] * 2


async def test_tls_is_verified_for_the_name_and_not_for_the_address(connect: Connect, tmp_path: Path) -> None:
    chain, key = loopback_certificate(tmp_path)
    with IdentityProvider().running(certificate=(chain, key)) as provider:
        provider.issuer = provider.issuer.replace("localhost", "login.example.com")
        connector = connect(provider, ca_file=chain, having={"resolve": Names(["127.0.0.1"])})
        assert "certificate is not valid for 'login.example.com'" in await unreachable(connector, provider)
        assert provider.requests == []


async def test_a_ca_file_that_cannot_be_used_is_told_with_the_mend(
    provider: IdentityProvider, connect: Connect, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    for name in ("missing.pem", "empty.pem"):
        with pytest.raises(ValueError, match="name a readable file of PEM certificates"):
            connect(provider, ca_file=tmp_path / name)
