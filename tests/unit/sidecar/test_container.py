"""`/v1/credentials`: who gets what, and what a client is told that gets nothing."""

import json

import pytest

from gateway.sidecar.container import ContainerCredentials
from gateway.sidecar.message import Fault
from tests.unit.sidecar.made import KEYS, Time, authorization, request, role


def refused(endpoint: ContainerCredentials, path: str, method: str = "GET", **headers: str) -> Fault:
    with pytest.raises(Fault) as told:
        endpoint.answer(request(path, method, **headers))
    return told.value


def test_the_document_is_what_every_sdk_needs() -> None:
    time = Time()
    served = role(time)
    served.held.take(KEYS)

    answer = ContainerCredentials([served], authorization(time)).answer(request("/v1/credentials"))

    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(answer.body) == {
        "AccessKeyId": "ASIAEXAMPLEEXAMPLE11",
        "SecretAccessKey": "the-secret",
        "Token": "the-session-token",
        "Expiration": "2023-11-14T23:13:20Z",
        "AccountId": "111122223333",
    }
    assert "the-secret" not in repr(answer)


def test_each_role_is_at_its_name_and_nowhere_else() -> None:
    time = Time()
    served = role(time, "etl")
    served.held.take(KEYS)
    endpoint = ContainerCredentials([served], authorization(time))

    assert endpoint.answer(request("/v1/credentials/etl")).status == 200
    for path in ("/v1/credentials", "/v1/credentials/", "/v1/credentials/ETL", "/v1/credentials/etl/x"):
        fault = refused(endpoint, path)
        assert (fault.status, str(fault)) == (404, "this sidecar has /v1/credentials/etl")


@pytest.mark.parametrize(
    "sent", ["", "wrong", "the-authorization-toke", "the-authorization-token ", "THE-AUTHORIZATION-TOKEN"]
)
@pytest.mark.parametrize("path", ["/v1/credentials", "/v1/credentials/unknown"])
def test_without_the_token_there_is_nothing_not_even_names(sent: str, path: str) -> None:
    time = Time()
    served = role(time)
    served.held.take(KEYS)
    endpoint = ContainerCredentials([served], authorization(time))

    fault = refused(endpoint, path, authorization=sent)

    assert (fault.status, fault.code) == (401, "Unauthorized")


def test_another_method_is_told_which_ones_there_are() -> None:
    endpoint = ContainerCredentials([role(Time())], authorization(Time()))

    fault = refused(endpoint, "/v1/credentials", "POST")

    assert (fault.status, fault.headers["allow"]) == (405, "GET, HEAD")


def test_before_anything_was_fetched_it_is_503_and_a_look_is_asked_for() -> None:
    time, hurried = Time(), list[str]()
    endpoint = ContainerCredentials([role(time, hurried=hurried)], authorization(time))

    fault = refused(endpoint, "/v1/credentials")

    assert (fault.status, fault.code, hurried) == (503, "NotReady", [""])


@pytest.mark.parametrize(("left", "status"), [(15 * 60, 200), (15 * 60 - 1, 503)])
def test_under_a_quarter_of_an_hour_nothing_is_given(left: int, status: int) -> None:
    time = Time()
    served = role(time)
    served.held.take(KEYS)
    time.now += 3600 - left
    endpoint = ContainerCredentials([served], authorization(time))

    if status == 200:
        assert endpoint.answer(request("/v1/credentials")).status == 200
    else:
        assert refused(endpoint, "/v1/credentials").status == status


def test_a_refusal_of_the_gateway_is_502_in_its_words() -> None:
    time = Time()
    served = role(time)
    served.held.refused("AccessDenied", "Not authorized")

    fault = refused(ContainerCredentials([served], authorization(time)), "/v1/credentials")

    assert (fault.status, fault.code, str(fault)) == (502, "AccessDenied", "Not authorized")
