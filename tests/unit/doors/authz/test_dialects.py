"""Each proxy's dialect: the one source of the request that is judged, and how answers are wrapped."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gateway.domain.service import Proxy
from gateway.doors.authz.dialects import DIALECTS
from gateway.sigv4.request import HttpRequest
from gateway.web.responses import Answer
from tests.unit.doors.authz.asking import Asking, fields

Asked = Callable[..., Awaitable[Answer]]
HOSTS = {Proxy.ENVOY: "s3.example.com", Proxy.NGINX: "nginx.example.com", Proxy.TRAEFIK: "traefik.example.com"}


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    return Asking(tmp_path)


def asked(asking: Asking, proxy: Proxy) -> Asked:
    ways: dict[Proxy, Asked] = {
        Proxy.ENVOY: asking.by_envoy,
        Proxy.NGINX: asking.by_nginx,
        Proxy.TRAEFIK: asking.by_traefik,
    }
    return ways[proxy]


def request(asking: Asking, proxy: Proxy, method: str = "GET", path: str = "/lake/a", query: str = "") -> HttpRequest:
    return asking.request(method, path, query=query, host=HOSTS[proxy])


def cause(asking: Asking) -> str:
    text: str = asking.world.audit.last["additionalEventData"]["cause"]
    return text


def test_every_proxy_has_its_dialect() -> None:
    assert set(DIALECTS) == set(Proxy)


@pytest.mark.parametrize("proxy", Proxy)
async def test_the_target_is_judged_as_the_client_sent_it(asking: Asking, proxy: Proxy) -> None:
    exact = request(asking, proxy, path="/lake/a%2fb%20c/d", query="versionId=a%2Bb")

    answer = await asked(asking, proxy)(exact)

    assert answer.status == 200
    (action,) = asking.world.audit.last["requestParameters"]["actions"]
    assert action == {"action": "s3:GetObjectVersion", "resource": "arn:aws:s3:::lake/a/b c/d"}


@pytest.mark.parametrize("proxy", Proxy)
async def test_the_method_is_the_clients(asking: Asking, proxy: Proxy) -> None:
    answer = await asked(asking, proxy)(request(asking, proxy, "PUT"))

    assert answer.status == 200
    assert asking.world.audit.last["eventName"] == "PutObject"


@pytest.mark.parametrize("proxy", Proxy)
async def test_the_root_is_the_list_of_buckets(asking: Asking, proxy: Proxy) -> None:
    await asked(asking, proxy)(request(asking, proxy, path="/"))

    assert asking.world.audit.last["eventName"] == "ListAllMyBuckets"


FOREIGN = {
    "nginx's at Envoy": (Proxy.ENVOY, ((b"x-original-uri", b"/lake/b"), (b"x-original-method", b"DELETE"))),
    "Traefik's at Envoy": (
        Proxy.ENVOY,
        ((b"x-forwarded-uri", b"/x"), (b"x-forwarded-method", b"DELETE"), (b"x-forwarded-host", b"h")),
    ),
    "Traefik's service named at Envoy": (Proxy.ENVOY, ((b"x-forwarded-host", b"traefik.example.com"),)),
    "rewriting": (Proxy.ENVOY, ((b"x-envoy-original-path", b"/x"), (b"x-rewrite-url", b"/x"))),
    "Traefik's at nginx": (
        Proxy.NGINX,
        ((b"x-forwarded-uri", b"/x"), (b"x-forwarded-method", b"PUT"), (b"x-forwarded-host", b"traefik.example.com")),
    ),
    "nginx's at Traefik": (Proxy.TRAEFIK, ((b"x-original-uri", b"/x"), (b"x-original-method", b"DELETE"))),
}


@pytest.mark.parametrize(("proxy", "headers"), FOREIGN.values(), ids=FOREIGN)
async def test_another_dialects_headers_are_never_looked_at(
    asking: Asking, proxy: Proxy, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    answer = await asked(asking, proxy)(request(asking, proxy), *headers)

    assert answer.status == 200
    (action,) = asking.world.audit.last["requestParameters"]["actions"]
    assert action == {"action": "s3:GetObject", "resource": "arn:aws:s3:::lake/a"}


@pytest.mark.parametrize("proxy", [Proxy.NGINX, Proxy.TRAEFIK])
@pytest.mark.parametrize("path", ["/authz/lake/a", "/authz//", "/authz/x"])
async def test_a_dialect_of_headers_is_not_asked_by_a_path(asking: Asking, proxy: Proxy, path: str) -> None:
    """As Envoy would ask, where a client chose the headers."""
    answer = await asked(asking, proxy)(request(asking, proxy), path=path)

    assert answer.status == 403
    assert cause(asking) == "the proxy asks at another path than /authz: it speaks another dialect"


@pytest.mark.parametrize("proxy", [Proxy.NGINX, Proxy.TRAEFIK])
@pytest.mark.parametrize("path", ["/authz", "/authz/"])
async def test_a_dialect_of_headers_is_asked_at_the_bare_path(asking: Asking, proxy: Proxy, path: str) -> None:
    assert (await asked(asking, proxy)(request(asking, proxy), path=path)).status == 200


@pytest.mark.parametrize(
    ("host", "forwarded"), [("unknown.example.com", "s3.example.com"), ("traefik.example.com", "")]
)
async def test_a_service_is_found_by_the_header_of_its_own_dialect_alone(
    asking: Asking, host: str, forwarded: str
) -> None:
    more = [(b"x-forwarded-host", forwarded.encode())] if forwarded else []

    answer = await asking.by_envoy(asking.request(host=host), *more)

    assert answer.status == 403
    assert cause(asking) == "no service has the host that the client called"


@pytest.mark.parametrize("proxy", [Proxy.NGINX, Proxy.TRAEFIK])
async def test_a_dialect_of_headers_is_not_asked_by_a_query(asking: Asking, proxy: Proxy) -> None:
    whole = asking.ask

    async def with_query(method: str, path: str, headers: list[tuple[bytes, bytes]], **_: object) -> Answer:
        return await whole(method, path, headers, query=b"delete")

    asking.ask = with_query  # type: ignore[method-assign, assignment]

    assert (await asked(asking, proxy)(request(asking, proxy))).status == 403


NAMES = {
    "nginx method": (Proxy.NGINX, b"x-original-method"),
    "nginx URI": (Proxy.NGINX, b"x-original-uri"),
    "Traefik method": (Proxy.TRAEFIK, b"x-forwarded-method"),
    "Traefik URI": (Proxy.TRAEFIK, b"x-forwarded-uri"),
    "Traefik host": (Proxy.TRAEFIK, b"x-forwarded-host"),
}


@pytest.mark.parametrize(("proxy", "name"), NAMES.values(), ids=NAMES)
async def test_a_naming_header_given_twice_is_refused(asking: Asking, proxy: Proxy, name: bytes) -> None:
    """`Connection: X-Forwarded-Host` and underscores have made proxies add one beside the client's."""
    answer = await asked(asking, proxy)(request(asking, proxy), (name, b"GET"))

    assert answer.status == 403
    assert cause(asking) == f"the header {name.decode()} is there more than once"


@pytest.mark.parametrize(("proxy", "name"), NAMES.values(), ids=NAMES)
async def test_a_missing_naming_header_is_never_guessed(asking: Asking, proxy: Proxy, name: bytes) -> None:
    whole = asking.ask

    async def lacking(method: str, path: str, headers: list[tuple[bytes, bytes]], **more: object) -> Answer:
        return await whole(method, path, [header for header in headers if header[0] != name], **more)  # type: ignore[arg-type]

    asking.ask = lacking  # type: ignore[method-assign, assignment]

    assert (await asked(asking, proxy)(request(asking, proxy))).status == 403


async def test_nginx_is_told_a_refusal_in_headers(asking: Asking) -> None:
    answer = await asking.by_nginx(asking.request(path="/lake/../x", host="nginx.example.com"))

    found = fields(answer)
    assert (answer.status, answer.body) == (403, b"")
    assert found[b"x-gateway-error-status"] == b"501"
    assert found[b"x-gateway-error"].startswith(b'<?xml version="1.0" encoding="UTF-8"?> <Error><Code>NotImplemented<')
    assert b"\n" not in found[b"x-gateway-error"]
    assert found[b"x-amz-request-id"] == found[b"x-amzn-requestid"]


@pytest.mark.parametrize("proxy", [Proxy.ENVOY, Proxy.TRAEFIK])
async def test_others_are_told_a_refusal_as_the_client_reads_it(asking: Asking, proxy: Proxy) -> None:
    answer = await asked(asking, proxy)(request(asking, proxy, path="/lake/../x"))

    assert answer.status == 501
    assert b"<Code>NotImplemented</Code>" in answer.body
    assert fields(answer)[b"content-type"] == b"application/xml"


@pytest.mark.parametrize("proxy", Proxy)
async def test_a_refused_head_has_no_body(asking: Asking, proxy: Proxy) -> None:
    answer = await asked(asking, proxy)(request(asking, proxy, "HEAD", "/other/x"))

    assert (answer.status, answer.body) == (403, b"")


@pytest.mark.parametrize("proxy", [Proxy.NGINX, Proxy.TRAEFIK])
@pytest.mark.parametrize("name", [b"x-gateway-principal", b"x-gateway-tag-admin", b"x_gateway_tag_admin"])
async def test_where_a_header_cannot_be_taken_away_its_client_is_refused(
    asking: Asking, proxy: Proxy, name: bytes
) -> None:
    answer = await asked(asking, proxy)(request(asking, proxy), (name, b"yes"))

    assert answer.status == 403
    assert cause(asking) == f"the client sends '{name.decode()}'"


ORIGINS = {
    "the last hop": ((b"x-forwarded-for", b"6.6.6.6, 10.1.2.3"), "/lake/home/a", 200),
    "not the client's invention": ((b"x-forwarded-for", b"10.1.2.3, 6.6.6.6"), "/lake/home/a", 403),
    "not the proxy's own address": ((b"via", b"nobody"), "/lake/home/a", 403),
    "https": ((b"x-forwarded-proto", b"https"), "/tls/a", 200),
    "http": ((b"x-forwarded-proto", b"http"), "/tls/a", 403),
    "nothing said of TLS": ((b"via", b"nobody"), "/tls/a", 403),
}


@pytest.mark.parametrize("proxy", Proxy)
@pytest.mark.parametrize(("header", "path", "status"), ORIGINS.values(), ids=ORIGINS)
async def test_the_clients_address_and_tls_are_what_the_proxy_forwards(
    asking: Asking, proxy: Proxy, header: tuple[bytes, bytes], path: str, status: int
) -> None:
    assert (await asked(asking, proxy)(request(asking, proxy, path=path), header)).status == status
