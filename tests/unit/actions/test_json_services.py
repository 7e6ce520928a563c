"""An AWS JSON service is judged by the operation that X-Amz-Target names."""

import pytest

from gateway.domain.service import Service, ServiceType
from tests.unit.actions.asking import asked, refused, told

HOST = "db.example.com"
TABLES = Service(name="tables", type=ServiceType.JSON, hosts=(HOST,), signing_name="dynamodb")
TARGET = ("x-amz-target", "DynamoDB_20120810.GetItem")
JSON = ("content-type", "application/x-amz-json-1.0")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("DynamoDB_20120810.GetItem", "dynamodb:GetItem"),
        ("com.amazonaws.dynamodb.v20120810.Query", "dynamodb:Query"),
    ],
)
@pytest.mark.parametrize("content_type", ["application/x-amz-json-1.0", "application/x-amz-json-1.1; charset=utf-8"])
def test_the_target_names_the_action(target: str, expected: str, content_type: str) -> None:
    headers = {"x-amz-target": target, "content-type": content_type}

    assert told(asked("POST", "/", host=HOST, headers=headers, service=TABLES)) == [f"{expected} *"]


def test_a_presigned_call_is_read_too() -> None:
    answer = asked("POST", "/?X-Amz-Signature=a&X-Amz-Date=b", host=HOST, headers=(TARGET, JSON), service=TABLES)

    assert told(answer) == ["dynamodb:GetItem *"]


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/", (JSON,)),
        ("POST", "/", (TARGET,)),
        ("POST", "/", (TARGET, TARGET, JSON)),
        ("POST", "/", (TARGET, ("x_amz_target", "DynamoDB_20120810.DeleteTable"), JSON)),
        ("POST", "/", (TARGET, JSON, JSON)),
        ("POST", "/", (TARGET, ("content-type", "application/x-www-form-urlencoded"))),
        ("POST", "/", (TARGET, ("content-type", "application/x-amz-cbor-1.1"))),
        ("POST", "/", (TARGET, JSON, ("x-http-method-override", "GET"))),
        ("POST", "/", (("x-amz-target", "GetItem"), JSON)),
        ("POST", "/", (("x-amz-target", "DynamoDB."), JSON)),
        ("POST", "/", (("x-amz-target", ".GetItem"), JSON)),
        ("POST", "/", (("x-amz-target", "DynamoDB.Get*"), JSON)),
        ("POST", "/", (("x-amz-target", "DynamoDB.GetItem,DynamoDB.PutItem"), JSON)),
        ("POST", "/", (("x-amz-target", "DynamoDB.GetÌtem"), JSON)),
        ("POST", "/x", (TARGET, JSON)),
        ("POST", "//", (TARGET, JSON)),
        ("POST", "/service/DynamoDB/operation/PutItem", (TARGET, JSON)),
        ("GET", "/", (TARGET, JSON)),
        ("POST", "/?Action=DeleteTable", (TARGET, JSON)),
        ("POST", "/?X-Amz-Target=DynamoDB.DeleteTable", (TARGET, JSON)),
    ],
)
def test_a_request_that_could_name_another_operation_is_refused(
    method: str, path: str, headers: tuple[tuple[str, str], ...]
) -> None:
    assert refused(method, path, host=HOST, headers=headers, service=TABLES)


def test_another_host_is_refused() -> None:
    assert "host" in refused("POST", "/", host="s3.example.com", headers=(TARGET, JSON), service=TABLES)
