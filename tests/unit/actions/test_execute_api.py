"""An HTTP API is judged by method and path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.actions.registry import actions_of
from gateway.domain.errors import GatewayError
from gateway.domain.service import Service, ServiceType
from gateway.sigv4.request import HttpRequest
from tests.unit.actions.asking import asked, refused, told

ARN = "arn:aws:execute-api:us-east-1:111122223333:orders/$default"
ORDERS = Service(
    name="orders",
    type=ServiceType.EXECUTE_API,
    hosts=("orders.example.com",),
    signing_name="execute-api",
    account="111122223333",
    api_arn=ARN,
)


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("GET", "/", "GET/"),
        ("GET", "/orders", "GET/orders"),
        ("GET", "/orders/", "GET/orders/"),
        ("POST", "/orders/7/lines?dry=1&dry=2", "POST/orders/7/lines"),
        ("DELETE", "/orders/a%20b", "DELETE/orders/a b"),
        ("PATCH", "/%C3%BC", "PATCH/ü"),
        ("PUT", "/a*?x=..", "PUT/a*"),
        ("HEAD", "/a:b@c", "HEAD/a:b@c"),
        ("OPTIONS", "/a+b", "OPTIONS/a+b"),
    ],
)
def test_method_and_path_are_the_resource(method: str, target: str, expected: str) -> None:
    answer = asked(method, target, host="Orders.example.com", service=ORDERS)

    assert told(answer) == [f"execute-api:Invoke {ARN}/{expected}"]


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("TRACE", "/orders"),
        ("get", "/orders"),
        ("CONNECT", "/orders"),
        ("GET/x", "/orders"),
        ("GET", "//admin"),
        ("GET", "/a//b"),
        ("GET", "/orders/../admin"),
        ("GET", "/orders/%2e%2e/admin"),
        ("GET", "/orders/%252e%252e/admin"),
        ("GET", "/orders%2fadmin"),
        ("GET", "/orders%252Fadmin"),
        ("GET", "/orders%5cadmin"),
        ("GET", "/orders\\admin"),
        ("GET", "/admin;x=1"),
        ("GET", "/admin%3Bx"),
        ("GET", "/a%00"),
        ("GET", "/a%0d%0ab"),
        ("GET", "/%ff"),
        ("GET", "/a#b"),
        ("GET", "*"),
        ("GET", ""),
        ("GET", "http://orders.example.com/admin"),
    ],
)
def test_a_path_that_frameworks_read_otherwise_is_refused(method: str, target: str) -> None:
    assert refused(method, target, host="orders.example.com", service=ORDERS)


@pytest.mark.parametrize("host", ["admin.orders.example.com", "example.com", "orders.example.com:8080"])
def test_another_host_is_refused(host: str) -> None:
    assert "host" in refused("GET", "/orders", host=host, service=ORDERS)


@pytest.mark.parametrize(
    "name", ["x-http-method-override", "x-http-method", "x-method-override", "x_http_method_override"]
)
def test_a_header_that_replaces_the_method_is_refused(name: str) -> None:
    assert "method" in refused("POST", "/orders", host="orders.example.com", service=ORDERS, headers={name: "DELETE"})


@given(st.text(max_size=10), st.binary(max_size=40))
def test_any_request_is_read_or_refused(method: str, path: bytes) -> None:
    http = HttpRequest(method=method, raw_path=b"/" + path, raw_query=b"", headers=((b"host", b"orders.example.com"),))
    try:
        (action,) = actions_of(ORDERS, http, None)
    except GatewayError:
        return
    assert action.resource.startswith(f"{ARN}/{method}/")
    assert "/../" not in f"{action.resource}/"
