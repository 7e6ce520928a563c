"""Every operation of botocore's S3 model, as boto3 sends it, against the permissions that its documentation names."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore.config import Config
from botocore.model import OperationModel, Shape

from gateway.actions.registry import actions_of
from gateway.actions.s3_headers import read_headers
from gateway.domain.errors import UnmappedRequest
from gateway.sigv4.request import HttpRequest
from tests.unit.actions.asking import HOST, LAKE, told
from tests.unit.actions.documented import (
    BUCKET,
    EXPECTED,
    KEY,
    MORE,
    NAMED,
    OTHERS,
    REFUSED,
    SPECIAL,
    VERSIONED,
)

MODEL = botocore.session.get_session().get_service_model("s3")
OPERATIONS = [MODEL.operation_model(name) for name in MODEL.operation_names]


class Sent(Exception):
    def __init__(self, http: HttpRequest, body: bytes) -> None:
        self.http = http
        self.body = body


def _caught(request: Any, **_: object) -> None:
    parts = urlsplit(request.url)
    headers = [("host", parts.netloc), *request.headers.items()]
    body = request.body.read() if hasattr(request.body, "read") else request.body or b""
    raise Sent(
        HttpRequest(
            method=request.method,
            raw_path=parts.path.encode(),
            raw_query=parts.query.encode(),
            headers=tuple(
                (name.lower().encode(), value if isinstance(value, bytes) else value.encode())
                for name, value in headers
            ),
        ),
        body.encode() if isinstance(body, str) else bytes(body),
    )


@pytest.fixture(scope="module", params=["path", "virtual"])
def send(request: pytest.FixtureRequest) -> Iterator[Callable[..., Sent]]:
    client = botocore.session.get_session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=f"https://{HOST}",
        aws_access_key_id="ASIAEXAMPLEEXAMPLE22",
        aws_secret_access_key="secret",
        aws_session_token="token",
        config=Config(
            s3={"addressing_style": request.param}, retries={"total_max_attempts": 1}, parameter_validation=False
        ),
    )
    client.meta.events.register("before-send.s3", _caught)

    def call(operation: OperationModel, **more: object) -> Sent:
        arguments = _arguments(operation) | more
        with pytest.raises(Sent) as caught:
            client._make_api_call(operation.name, arguments)  # type: ignore[attr-defined]
        return caught.value

    yield call
    client.close()


def _arguments(operation: OperationModel) -> dict[str, Any]:
    shape = operation.input_shape
    return {} if shape is None else {name: _value(name, shape.members[name]) for name in shape.required_members}


def _value(name: str, shape: Shape) -> Any:
    """The least that botocore's model asks for."""
    if name in NAMED | OTHERS:
        return (NAMED | OTHERS)[name]
    if shape.type_name == "structure":
        return {member: _value(member, shape.members[member]) for member in shape.required_members}  # type: ignore[attr-defined]
    if shape.type_name == "list":
        return [_value("", shape.member)]  # type: ignore[attr-defined]
    values: dict[str, Any] = {
        "boolean": True,
        "integer": 1,
        "long": 1,
        "timestamp": "2030-01-01T00:00:00Z",
        "blob": b"",
    }
    return values.get(shape.type_name, "x")


def _resource(operation: OperationModel) -> str:
    members = operation.input_shape.members if operation.input_shape else {}
    return KEY if "Key" in members else BUCKET if "Bucket" in members else "arn:aws:s3:::*"


def test_every_operation_of_the_model_is_expected() -> None:
    assert {one.name for one in OPERATIONS} == {*EXPECTED, *SPECIAL, *REFUSED}


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.name not in REFUSED], ids=lambda one: one.name)
def test_an_operation_asks_for_its_documented_actions(operation: OperationModel, send: Callable[..., Sent]) -> None:
    request = send(operation, **MORE.get(operation.name, {}))

    expected = SPECIAL.get(operation.name) or [
        f"s3:{name} {_resource(operation)}" for name in EXPECTED[operation.name].split()
    ]
    seen = operation.name in {"DeleteObjects", "PutObjectTagging", "RestoreObject"}
    assert told(actions_of(LAKE, request.http, request.body if seen else None)) == expected


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.name in VERSIONED], ids=lambda one: one.name)
def test_an_operation_on_a_version_asks_for_the_actions_of_versions(
    operation: OperationModel, send: Callable[..., Sent]
) -> None:
    more = MORE.get(operation.name, {})
    request = send(operation, VersionId="v1", **more)
    answer = actions_of(LAKE, request.http, request.body if more else None)

    assert told(answer) == [f"s3:{name} {KEY}" for name in VERSIONED[operation.name].split()]


def test_every_operation_that_takes_a_version_is_tried_with_one() -> None:
    takes = {
        one.name
        for one in OPERATIONS
        if one.input_shape
        and one.input_shape.members.get("VersionId")
        and one.input_shape.members["VersionId"].serialization.get("location") == "querystring"
    }

    assert takes == set(VERSIONED)


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.name in REFUSED], ids=lambda one: one.name)
def test_an_operation_that_is_not_s3s_own_is_refused(operation: OperationModel, send: Callable[..., Sent]) -> None:
    more = {"MaxDirectoryBuckets": 3} if operation.name == "ListDirectoryBuckets" else {}
    request = send(operation, **more)

    with pytest.raises(UnmappedRequest):
        actions_of(LAKE, request.http, None)


def test_a_documented_permission_of_s3_is_asked_for() -> None:
    """botocore's own documentation of an operation names at least one of the actions that are expected."""
    for operation in OPERATIONS:
        named = {name.lower() for name in re.findall(r"\bs3:([A-Z]\w+)", operation.documentation)} - {
            "reducedredundancylostobject"
        }
        expected = {name.lower() for name in EXPECTED.get(operation.name, "").split()}
        if named and expected:
            assert expected <= named | {"getobject"}, operation.name


def test_every_header_of_the_model_is_known_or_refused_on_purpose() -> None:
    # Event holds and directory buckets' own: no action of IAM is documented for them.
    refused = {
        "x-amz-client-token",
        "x-amz-create-session-mode",
        "x-amz-object-lock-event-hold",
        "x-amz-object-lock-event-hold-duration-days",
        "x-amz-object-lock-event-hold-duration-years",
    }
    unknown = set()
    for operation in OPERATIONS:
        if operation.input_shape is None or operation.name == "WriteGetObjectResponse":
            continue
        for member in operation.input_shape.members.values():
            name = member.serialization.get("name", "").lower()
            if member.serialization.get("location") not in {"header", "headers"}:
                continue
            try:
                read_headers([(name.encode(), b"true")])
            except UnmappedRequest:
                unknown.add(name)

    assert {name for name in unknown if not name.startswith("x-amz-rename-source")} == refused


def test_a_presigned_url_reads_like_the_request_that_it_stands_for() -> None:
    client = botocore.session.get_session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=f"https://{HOST}",
        aws_access_key_id="ASIAEXAMPLEEXAMPLE22",
        aws_secret_access_key="secret",
        aws_session_token="a+b/c==",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    named = {"Bucket": "lake", "Key": "a b", "VersionId": "v1"}
    parts = urlsplit(client.generate_presigned_url("get_object", named))  # type: ignore[attr-defined]
    http = HttpRequest(
        method="GET",
        raw_path=parts.path.encode(),
        raw_query=parts.query.encode(),
        headers=((b"host", HOST.encode()),),
    )
    client.close()

    (action,) = actions_of(LAKE, http, None)

    assert told((action,)) == ["s3:GetObjectVersion arn:aws:s3:::lake/a b"]
    assert action.context["s3:authType"] == "REST-QUERY-STRING"
