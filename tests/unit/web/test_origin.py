"""Where a request came from, with and without proxies that may be believed."""

import ipaddress
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.origin import RequestOrigin
from gateway.web import origin
from gateway.web.origin import OriginReader, address, keep_origin, origin_of
from tests.unit.web.serving import scope_of

PROXIES = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "2001:db8:ffff::/48")]
READER = OriginReader(PROXIES)
PROXY = ("10.0.0.1", 4711)
STRANGER = ("198.51.100.7", 4711)


def forwarded(*values: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"x-forwarded-for", value) for value in values]


@pytest.mark.parametrize(
    ("peer", "shown"),
    [
        (("198.51.100.7", 1), "198.51.100.7"),
        (("2001:DB8:0:0::0001", 1), "2001:db8::1"),
        (("::ffff:198.51.100.7", 1), "198.51.100.7"),
        (("fe80::1%eth0", 1), "fe80::1"),
        (("/run/gateway.sock", 0), None),
        (None, None),
    ],
)
def test_without_a_proxy_the_peer_is_the_client(peer: tuple[str, int] | None, shown: str | None) -> None:
    assert READER.read(scope_of(client=peer), "id").source_ip == shown


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        pytest.param(PROXY, forwarded(b"198.51.100.7"), "198.51.100.7", id="one proxy"),
        pytest.param(PROXY, forwarded(b"198.51.100.7, 10.9.9.9"), "198.51.100.7", id="two proxies"),
        pytest.param(PROXY, forwarded(b"1.1.1.1, 198.51.100.7, 10.9.9.9"), "198.51.100.7", id="client's invention"),
        pytest.param(PROXY, forwarded(b"10.1.1.1, 198.51.100.7"), "198.51.100.7", id="client claims to be a proxy"),
        pytest.param(PROXY, forwarded(b"1.1.1.1", b"198.51.100.7"), "198.51.100.7", id="two headers: the last is nearest"),
        pytest.param(PROXY, forwarded(b"198.51.100.7:5511"), "198.51.100.7", id="with a port"),
        pytest.param(PROXY, forwarded(b"[2001:db8::7]:5511"), "2001:db8::7", id="v6 with a port"),
        pytest.param(PROXY, forwarded(b"[2001:db8::7]"), "2001:db8::7", id="v6 in brackets"),
        pytest.param(PROXY, forwarded(b"::ffff:198.51.100.7"), "198.51.100.7", id="mapped"),
        pytest.param(("2001:db8:ffff::1", 1), forwarded(b"198.51.100.7"), "198.51.100.7", id="v6 proxy"),
        pytest.param(("::ffff:10.0.0.1", 1), forwarded(b"198.51.100.7"), "198.51.100.7", id="mapped proxy"),
        pytest.param(PROXY, forwarded(b"10.2.2.2, 10.3.3.3"), "10.2.2.2", id="all are proxies: the farthest"),
        pytest.param(PROXY, [], "10.0.0.1", id="the proxy itself asks"),
        pytest.param(PROXY, forwarded(b"unknown"), None, id="not an address"),
        pytest.param(PROXY, forwarded(b"198.51.100.7, "), None, id="an empty word nearest"),
        pytest.param(PROXY, forwarded(b"1.1.1.1, 198.51.100.7\xff"), None, id="not ASCII"),
        pytest.param(PROXY, forwarded(b", ".join([b"10.1.1.1"] * 33)), None, id="too many hops to follow"),
        pytest.param(PROXY, forwarded(b"1.1.1.1" + b", 10.1.1.1" * 33), None, id="beyond the hops that are followed"),
        pytest.param(PROXY, [(b"x_forwarded_for", b"1.1.1.1")], "10.0.0.1", id="underscore twin"),
        pytest.param(PROXY, [(b"forwarded", b"for=1.1.1.1")], "10.0.0.1", id="another header"),
        pytest.param(STRANGER, forwarded(b"1.1.1.1"), "198.51.100.7", id="a stranger's header"),
        pytest.param(("127.0.0.1", 1), forwarded(b"1.1.1.1"), "127.0.0.1", id="loopback is not trusted by itself"),
    ],
)  # fmt: skip
def test_what_a_proxy_forwards_counts_as_far_as_proxies_are_trusted(
    peer: tuple[str, int], headers: list[tuple[bytes, bytes]], client: str | None
) -> None:
    assert READER.read(scope_of(*headers, client=peer), "id").source_ip == client


@pytest.mark.parametrize(
    ("peer", "scheme", "values", "secure"),
    [
        pytest.param(STRANGER, "http", [], False, id="plain"),
        pytest.param(STRANGER, "https", [], True, id="own TLS"),
        pytest.param(STRANGER, "http", [b"https"], False, id="a stranger's word"),
        pytest.param(STRANGER, "https", [b"http"], True, id="a stranger's word against own TLS"),
        pytest.param(PROXY, "http", [b"https"], True, id="proxy says https"),
        pytest.param(PROXY, "http", [b"HTTPS"], True, id="in any case"),
        pytest.param(PROXY, "https", [b"http"], False, id="proxy says http"),
        pytest.param(PROXY, "http", [b"https", b"http"], False, id="two headers: one plain hop is plain"),
        pytest.param(PROXY, "http", [b"https, http"], False, id="two words: one plain hop is plain"),
        pytest.param(PROXY, "http", [b"https, https"], True, id="two secure hops"),
        pytest.param(PROXY, "http", [b"wss"], None, id="another word"),
        pytest.param(PROXY, "http", [], None, id="proxy says nothing"),
    ],
)
def test_the_transport_is_secure_where_that_is_known(
    peer: tuple[str, int], scheme: str, values: list[bytes], secure: bool | None
) -> None:
    headers = [(b"x-forwarded-proto", value) for value in values]

    assert READER.read(scope_of(*headers, client=peer, scheme=scheme), "id").secure_transport is secure


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        pytest.param([], None, id="absent"),
        pytest.param([b"aws-cli/2.0 md/x"], "aws-cli/2.0 md/x", id="plain"),
        pytest.param(["Grün/1".encode()], "Grün/1", id="UTF-8"),
        pytest.param([b"a\tb"], "a?b", id="control character"),
        pytest.param(["a\u202eb".encode()], "a?b", id="bidi character"),
        pytest.param([b"a\xffb"], "a\ufffdb", id="not UTF-8"),
        pytest.param([b"a", b"b"], "a, b", id="twice"),
        pytest.param([b"x" * 600], "x" * 512, id="cut"),
    ],
)
def test_the_user_agent_is_printable_and_short(values: list[bytes], shown: str | None) -> None:
    assert READER.read(scope_of(*[(b"user-agent", value) for value in values]), "id").user_agent == shown


def test_a_flood_of_long_user_agents_is_not_kept_in_memory() -> None:
    tracemalloc.start()
    try:
        for number in range(200):
            READER.read(scope_of((b"user-agent", b"%d" % number + b"x" * 60_000)), "id")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < 4 * 1024 * 1024


def test_the_request_keeps_its_origin() -> None:
    scope = scope_of()
    del scope["state"]
    origin = READER.read(scope, "the id")

    keep_origin(scope, origin)

    assert origin_of(scope) is origin
    assert origin.request_id == "the id"


@given(st.lists(st.binary(max_size=60), max_size=4), st.sampled_from([PROXY, STRANGER]))
def test_no_header_breaks_the_reading_or_forges_anything_but_an_address(
    values: list[bytes], peer: tuple[str, int]
) -> None:
    origin = READER.read(scope_of(*forwarded(*values), client=peer), "id")

    assert origin.source_ip is None or str(address(origin.source_ip)) == origin.source_ip
    if peer is STRANGER:
        assert origin.source_ip == STRANGER[0]


@given(st.lists(st.ip_addresses(), max_size=6), st.ip_addresses(v=4).filter(lambda one: one not in PROXIES[0]))
def test_whatever_a_client_sends_its_own_address_is_found_behind_one_proxy(
    invented: list[ipaddress.IPv4Address | ipaddress.IPv6Address], real: ipaddress.IPv4Address
) -> None:
    words = ", ".join([*map(str, invented), str(real)]).encode()

    assert READER.read(scope_of(*forwarded(words), client=PROXY), "id").source_ip == str(real)


FORWARDED = {
    "nothing": ((), None, None),
    "one client": (((b"x-forwarded-for", b"192.0.2.9"), (b"x-forwarded-proto", b"https")), "192.0.2.9", True),
    "an invention before it": (((b"x-forwarded-for", b"6.6.6.6, 192.0.2.9"),), "192.0.2.9", None),
    "a trusted hop behind it": (((b"x-forwarded-for", b"6.6.6.6, 192.0.2.9, 10.0.0.5"),), "192.0.2.9", None),
    "no address": (((b"x-forwarded-for", b"192.0.2.9, unknown"),), None, None),
    "plain HTTP": (((b"x-forwarded-proto", b"http"),), None, False),
}


@pytest.mark.parametrize(("headers", "source_ip", "secure"), FORWARDED.values(), ids=FORWARDED)
def test_a_proven_proxy_is_believed_without_being_listed(
    headers: tuple[tuple[bytes, bytes], ...], source_ip: str | None, secure: bool | None
) -> None:
    edge = RequestOrigin(request_id="r", source_ip="172.16.0.1", user_agent="ua", secure_transport=True)

    found = READER.forwarded(headers, edge)

    assert found == RequestOrigin(request_id="r", source_ip=source_ip, user_agent="ua", secure_transport=secure)


def test_what_is_too_long_for_an_address_is_not_remembered() -> None:
    before = origin._address.cache_info().currsize

    assert origin.address("192.0.2.1%" + "x" * 60_000) is None

    assert origin._address.cache_info().currsize == before
