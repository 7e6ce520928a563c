"""Usual checks as each proxy asks, and whom the straight line answers."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.doors.authz.asking import INTERNAL
from tests.unit.doors.authz.both_ways import BothWays, Header


@pytest.fixture
def both(tmp_path: Path) -> BothWays:
    return BothWays(tmp_path)


MORE: Mapping[str, tuple[Header, ...]] = {
    "a header twice": ((b"x-forwarded-proto", b"https"), (b"x-forwarded-proto", b"https")),
    "an unsigned header of S3's": ((b"x-amz-meta-colour", b"blue"),),
    "another proxy token beside it": ((b"x-gateway-proxy-token", b"envoy-token"),),
    "the gateway's own word": ((b"x-gateway-tag-team", b"red"),),
    "a control character": ((b"x-colour", b"a\x01"),),
    "a header of another case": ((b"X-Colour", b"a"),),
    "a body in chunks": ((b"transfer-encoding", b"chunked"),),
}


@pytest.mark.parametrize("case", MORE)
async def test_a_check_with_more_in_it_goes_the_whole_way(both: BothWays, case: str) -> None:
    credentials = await both.session()
    assert await both.envoy(both.asking.request(credentials=credentials))

    assert not await both.envoy(both.asking.request(credentials=credentials), *MORE[case])


@pytest.mark.parametrize("forwarded", [b"192.0.2.7", b"", b"10.0.0.1, 192.0.2.9", b"nobody", b"1" * 300])
async def test_the_client_behind_the_proxy_is_recorded_alike(both: BothWays, forwarded: bytes) -> None:
    credentials = await both.session()

    assert await both.envoy(both.asking.request(credentials=credentials), (b"x-forwarded-for", forwarded))


@pytest.mark.parametrize("token", [b"", b"nginx-token", b"envoy-toke", b"envoy-token "])
async def test_nobody_but_the_services_proxy_is_answered(both: BothWays, token: bytes) -> None:
    credentials = await both.session()
    assert await both.envoy(both.asking.request(credentials=credentials))

    assert not await both.envoy(both.asking.request(credentials=credentials), token=token)


@pytest.mark.parametrize("inside", [True, False])
async def test_without_a_token_it_is_the_listener_that_counts(tmp_path: Path, inside: bool) -> None:
    services = "envoy: {type: s3, hosts: [s3.example.com]}"
    both = BothWays(tmp_path, services=services, gateway=INTERNAL)
    request = both.asking.request(credentials=await both.session())

    headers = [*request.headers, (b"content-length", b"0")]
    if inside:
        assert await both.same("GET", "/authz/lake/a", headers, inside=True)
    else:
        both.asking.gateway = both.straight
        assert (await both.asking.ask("GET", "/authz/lake/a", headers)).status == 404


async def test_nginx_and_traefik_are_answered_in_their_own_dialects(both: BothWays) -> None:
    credentials = await both.session()
    for host, method, uri, named in (
        ("nginx.example.com", b"x-original-method", b"x-original-uri", ()),
        ("traefik.example.com", b"x-forwarded-method", b"x-forwarded-uri", (b"x-forwarded-host",)),
    ):
        request = both.asking.request("PUT", host=host, credentials=credentials)
        token = (b"x-gateway-proxy-token", host.partition(".")[0].encode() + b"-token")
        others = [one for one in request.headers if one[0] != b"host"]
        hosts = (
            [(b"host", b"gateway.internal"), *((name, host.encode()) for name in named)]
            if named
            else [(b"host", host.encode())]
        )
        headers = [*hosts, *others, (method, b"PUT"), (uri, request.raw_path), token]

        assert await both.same("GET", "/authz", headers)
        assert await both.same("GET", "/authz/", headers)
        assert not await both.same("GET", "/authz/lake/a", headers)
        assert not await both.same("GET", "/authz", headers, query=b"a=b")
        assert not await both.same("GET", "/authz", [one for one in headers if one[0] != uri])
        assert not await both.same("GET", "/authz", [one for one in headers if one[0] != method])
        assert not await both.same(
            "GET", "/authz", [(method, b"DELETE") if one[0] == method else one for one in headers]
        )


async def test_a_signed_length_is_the_one_that_the_proxy_tells(both: BothWays) -> None:
    credentials = await both.session()
    request = both.asking.request_with_signed_length(7, credentials)

    assert await both.envoy(request, (b"x-gateway-content-length", b"7"))
    assert not await both.envoy(request, (b"x-gateway-content-length", b"8"))
    assert not await both.envoy(request, (b"x-gateway-content-length", b""))
    assert not await both.envoy(request)
