"""Kubernetes' API as a pod asks it: by its own token, over TLS that it checks, and never for longer than it may."""

import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.client.kubernetes import (
    MAXIMUM_ANSWER,
    KubernetesApi,
    KubernetesRefusal,
    KubernetesUnreachable,
    NotInCluster,
)
from tests.servers.certificates import Authority
from tests.servers.kubernetes_api import KubernetesApiServer

ACCOUNT = "/api/v1/namespaces/data/serviceaccounts/etl"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[KubernetesApiServer]:
    with KubernetesApiServer(tmp_path) as running:
        running.put("serviceaccounts", "data", "etl", annotations={"a": "1"})
        yield running


@pytest.fixture
def api(server: KubernetesApiServer) -> Iterator[KubernetesApi]:
    asked = KubernetesApi.in_cluster(server.environment, server.pod_folder("sts", "webhook"), timeout=1)
    yield asked
    asked.close()


def test_a_service_accounts_annotations_are_read(api: KubernetesApi) -> None:
    assert api.service_account_annotations("data", "etl") == {"a": "1"}


def test_an_account_without_annotations_has_none(api: KubernetesApi, server: KubernetesApiServer) -> None:
    server.objects["serviceaccounts", "data", "bare"] = {"metadata": {}}

    assert api.service_account_annotations("data", "bare") == {}


def test_an_account_that_is_not_there_is_none(api: KubernetesApi) -> None:
    assert api.service_account_annotations("data", "other") is None


@pytest.mark.parametrize("name", ["..", "../../secrets/x", "a/b", "A", "", "a" * 254, "a\r\nb", "a?b", "a\u00e9"])
def test_a_name_that_no_account_can_have_is_not_asked_for(
    name: str, api: KubernetesApi, server: KubernetesApiServer
) -> None:
    assert api.service_account_annotations("data", name) is None
    assert server.asked == []


def test_a_namespace_that_is_none_leads_nowhere(api: KubernetesApi, server: KubernetesApiServer) -> None:
    for namespace in ("..", "", "a/b", "."):
        assert api.service_account_annotations(namespace, "etl") is None
    assert server.asked == []


def test_a_token_that_no_header_can_hold_is_told_and_not_shown(server: KubernetesApiServer) -> None:
    folder = server.pod_folder("sts", "webhook")
    (folder / "token").write_text("secret\nsecret")

    with pytest.raises(KubernetesUnreachable, match="holds no token") as told:
        KubernetesApi.in_cluster(server.environment, folder).service_account_annotations("data", "etl")
    assert "secret\n" not in str(told.value)


def test_connections_are_kept_and_made_anew_where_the_server_has_closed_them(
    api: KubernetesApi, server: KubernetesApiServer
) -> None:
    for _ in range(3):
        api.service_account_annotations("data", "etl")
    (connection,) = api._idle
    connection.sock.close()

    assert api.service_account_annotations("data", "etl") == {"a": "1"}


def test_threads_do_not_get_each_others_answers(api: KubernetesApi, server: KubernetesApiServer) -> None:
    for number in range(20):
        server.put("serviceaccounts", "data", f"n{number}", annotations={"number": str(number)})
    wrong = []

    def ask(number: int) -> None:
        for _ in range(10):
            found = api.service_account_annotations("data", f"n{number}")
            if found != {"number": str(number)}:
                wrong.append((number, found))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(api._idle) <= 16


def test_a_renewed_token_counts_from_the_next_request_on(api: KubernetesApi, server: KubernetesApiServer) -> None:
    api.service_account_annotations("data", "etl")
    server.tokens.clear()
    with pytest.raises(KubernetesRefusal, match="Unauthorized"):
        api.service_account_annotations("data", "etl")

    server.pod_folder("sts", "webhook")
    assert api.service_account_annotations("data", "etl") == {"a": "1"}


def test_a_refusal_has_the_servers_own_words(api: KubernetesApi, server: KubernetesApiServer) -> None:
    server.allowed = set()

    with pytest.raises(KubernetesRefusal) as refused:
        api.service_account_annotations("data", "etl")

    assert (refused.value.status, refused.value.reason) == (403, "Forbidden")
    assert "system:serviceaccount:sts:webhook" in str(refused.value)


def test_a_server_that_cannot_answer_now_is_unreachable(api: KubernetesApi, server: KubernetesApiServer) -> None:
    server.down = True

    with pytest.raises(KubernetesUnreachable, match="etcd leader changed"):
        api.service_account_annotations("data", "etl")


def test_a_server_that_hangs_is_not_waited_for(api: KubernetesApi, server: KubernetesApiServer) -> None:
    server.delay = 1.5

    with pytest.raises(KubernetesUnreachable, match="does not answer"):
        api.service_account_annotations("data", "etl")


def test_connections_that_have_died_without_a_word_are_left_for_a_fresh_one(
    api: KubernetesApi, server: KubernetesApiServer
) -> None:
    """As a load balancer leaves them that has gone over to another API server."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for _ in range(3):
            dead = http.client.HTTPSConnection(api.host, api.port, timeout=api.timeout)
            dead.sock = socket.create_connection(silent.getsockname(), timeout=api.timeout)
            api._idle.append(dead)

        assert api.service_account_annotations("data", "etl") == {"a": "1"}

    assert len(api._idle) == 1
    assert api.service_account_annotations("data", "etl") == {"a": "1"}


def test_a_server_of_another_authority_gets_no_token(server: KubernetesApiServer, tmp_path: Path) -> None:
    folder = server.pod_folder("sts", "webhook")
    (folder / "ca.crt").write_bytes(Authority(tmp_path / "other").file.read_bytes())

    with pytest.raises(KubernetesUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
        KubernetesApi.in_cluster(server.environment, folder).service_account_annotations("data", "etl")
    assert server.asked == []


def test_an_answer_without_end_is_bounded(api: KubernetesApi, server: KubernetesApiServer) -> None:
    server.put("serviceaccounts", "data", "big", annotations={"a": "x" * MAXIMUM_ANSWER})

    with pytest.raises(KubernetesUnreachable, match="larger than"):
        api.service_account_annotations("data", "big")


def test_a_secret_is_read_and_changed_in_one_key_alone(api: KubernetesApi, server: KubernetesApiServer) -> None:
    server.put("secrets", "sts", "keyring", data={"other": "eA=="}, annotations={"helm.sh/resource-policy": "keep"})
    secret = api.secret("sts", "keyring")
    assert secret is not None
    assert secret.data == {"other": b"x"}
    assert "x" not in repr(secret).replace("resource_version", "")

    api.change_secret("sts", "keyring", {"keyring.json": b"y"}, resource_version=secret.resource_version)

    stored = server.objects["secrets", "sts", "keyring"]
    assert stored["data"] == {"other": "eA==", "keyring.json": "eQ=="}
    assert stored["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_a_secret_that_somebody_else_has_changed_is_not_written_over(
    api: KubernetesApi, server: KubernetesApiServer
) -> None:
    server.put("secrets", "sts", "keyring")
    secret = api.secret("sts", "keyring")
    assert secret is not None
    server.touch("secrets", "sts", "keyring")

    with pytest.raises(KubernetesRefusal) as refused:
        api.change_secret("sts", "keyring", {"k": b"v"}, resource_version=secret.resource_version)

    assert refused.value.reason == "Conflict"


def test_a_secret_that_is_not_there_is_none(api: KubernetesApi) -> None:
    assert api.secret("sts", "keyring") is None


@pytest.mark.parametrize(
    ("environment", "told"),
    [({}, "KUBERNETES_SERVICE_HOST is not set"), ({"KUBERNETES_SERVICE_HOST": "10.96.0.1"}, "automountServiceAccount")],
)
def test_outside_of_a_cluster_it_is_told_what_is_missing(
    environment: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(NotInCluster, match=told):
        KubernetesApi.in_cluster(environment, tmp_path)
