"""`sts-gateway keys` on a Kubernetes Secret: made once, rotated without a loss, no key shown."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.client import kubernetes
from gateway.client.kubernetes import KubernetesApi
from gateway.sealing.key_file import new_key, new_keyring
from gateway.sealing.key_text import MAXIMUM_KEYS, parse, rendered
from gateway.sealing.keyring import Keyring
from tests.servers.kubernetes_api import KubernetesApiServer

WHERE = ("--kubernetes-secret", "sts/keyring")
KEY = ("secrets", "sts", "keyring")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubernetesApiServer]:
    """A cluster with an empty Secret, and a pod that may read and change this one alone."""
    with KubernetesApiServer(tmp_path) as running:
        running.put("secrets", "sts", "keyring")
        user = "system:serviceaccount:sts:rotation"
        running.allowed = {(user, verb, *("secrets", "sts", "keyring")) for verb in ("get", "patch")}
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        folder = running.pod_folder("sts", "rotation")
        in_cluster = KubernetesApi.in_cluster
        monkeypatch.setattr(
            kubernetes.KubernetesApi, "in_cluster", lambda: in_cluster(running.environment, folder, timeout=2)
        )
        yield running


def keyring(server: KubernetesApiServer) -> Keyring:
    return parse(base64.b64decode(server.objects[KEY]["data"]["keyring.json"]))


def test_an_empty_secret_gets_a_keyring_in_force(
    server: KubernetesApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "generate", *WHERE]) == 0

    (key,) = keyring(server).keys
    assert key.seals_from <= datetime.now(UTC)
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"Secret sts/keyring: made with key {key.key_id.hex()}, which seals from now on"
    assert len(told) == 3
    assert base64.b64encode(key.secret).decode() not in "".join(told)


def test_a_keyring_that_is_there_stays_and_a_job_may_run_again(
    server: KubernetesApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["keys", "generate", *WHERE])
    before = dict(server.objects[KEY]["data"])
    capsys.readouterr()

    assert main(["keys", "generate", *WHERE]) == 0

    assert server.objects[KEY]["data"] == before
    assert capsys.readouterr().out == "Secret sts/keyring: has a keyring already, which is left as it is\n"


@pytest.mark.parametrize(("words", "seconds"), [((), 600), (("--seals-after", "2h"), 7_200)])
def test_rotation_adds_keys_that_seal_later(
    server: KubernetesApiServer, words: tuple[str, ...], seconds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["keys", "generate", *WHERE])
    old = keyring(server)
    capsys.readouterr()

    assert main(["keys", "rotate", *WHERE, *words]) == 0

    first, new = keyring(server).keys
    assert first == old.keys[0]
    assert abs(new.seals_from - datetime.now(UTC) - timedelta(seconds=seconds)) < timedelta(seconds=10)
    assert len(keyring(server).issuer_keys) == 4
    assert capsys.readouterr().out.startswith(f"Secret sts/keyring: added key {new.key_id.hex()}, which opens now and ")


def test_of_two_rotations_at_once_no_key_is_lost(server: KubernetesApiServer) -> None:
    main(["keys", "generate", *WHERE])
    others = new_keyring(now=datetime.now(UTC), in_force_from=datetime.now(UTC))
    conflicts = 0

    def interfere() -> None:
        nonlocal conflicts
        conflicts += 1
        if conflicts == 1:
            merged = Keyring([*keyring(server).keys, *others.keys], keyring(server).issuer_keys)
            server.objects[KEY]["data"]["keyring.json"] = base64.b64encode(rendered(merged).encode()).decode()
            server.touch(*KEY)

    server.before_change = interfere

    assert main(["keys", "rotate", *WHERE]) == 0
    assert others.keys[0].key_id in {key.key_id for key in keyring(server).keys}
    assert len(keyring(server).keys) == 3


def test_a_change_whose_answer_was_lost_is_not_made_twice(
    server: KubernetesApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["keys", "generate", *WHERE])
    change, answers = KubernetesApi.change_secret, iter([True])

    def lose_an_answer(self: KubernetesApi, *words: str, **more: str) -> None:
        change(self, *words, **more)  # type: ignore[arg-type]
        if next(answers, None):
            raise kubernetes.KubernetesRefusal(status=409, reason="Conflict", message="sent twice")

    monkeypatch.setattr(KubernetesApi, "change_secret", lose_an_answer)

    assert main(["keys", "rotate", *WHERE]) == 0
    assert len(keyring(server).keys) == 2


def told(capsys: pytest.CaptureFixture[str]) -> str:
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    return line


def test_a_secret_that_changes_all_the_time_is_given_up(
    server: KubernetesApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["keys", "generate", *WHERE])
    server.before_change = lambda: server.touch(*KEY)

    assert main(["keys", "rotate", *WHERE]) == 1
    assert "others change it all the time" in told(capsys)


@pytest.mark.parametrize("action", ["generate", "rotate"])
def test_a_secret_that_is_not_there_is_told(
    action: str, server: KubernetesApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    del server.objects[KEY]

    assert main(["keys", action, *WHERE]) == 1
    assert told(capsys) == (
        f"sts-gateway keys {action}: Secret sts/keyring: there is no such Secret; create an empty one first\n"
    )


@pytest.mark.parametrize("action", ["generate", "rotate"])
def test_what_is_no_keyring_is_told_and_never_written_over(
    action: str, server: KubernetesApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.put("secrets", "sts", "keyring", data={"keyring.json": base64.b64encode(b"secret words").decode()})

    assert main(["keys", action, *WHERE]) == 1
    line = told(capsys)
    assert "is not a keyring of this gateway" in line
    assert "secret words" not in line
    assert server.asked[-1][0] == "get"


def test_a_secret_without_a_keyring_is_not_rotated(
    server: KubernetesApiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "rotate", *WHERE]) == 1
    assert "make one with `sts-gateway keys generate --kubernetes-secret`" in told(capsys)


def test_more_keys_than_fit_are_refused(server: KubernetesApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    keys = [new_key(now=now, seals_from=now) for _ in range(MAXIMUM_KEYS)]
    text = rendered(Keyring(keys))
    server.put("secrets", "sts", "keyring", data={"keyring.json": base64.b64encode(text.encode()).decode()})

    assert main(["keys", "rotate", *WHERE]) == 1
    assert "rotate less often" in told(capsys)


def test_a_pod_without_the_right_is_told_so(server: KubernetesApiServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.allowed = set()

    assert main(["keys", "rotate", *WHERE]) == 1
    assert 'cannot get resource "secrets"' in told(capsys)


@pytest.mark.parametrize("text", ["keyring", "/keyring", "sts/", "a/b/c", ""])
def test_a_secret_is_named_by_namespace_and_name(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["keys", "rotate", "--kubernetes-secret", text])

    assert ended.value.code == 2
    assert "write NAMESPACE/NAME" in told(capsys)


def test_outside_of_a_cluster_it_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    assert main(["keys", "rotate", *WHERE]) == 1
    assert "run this inside a cluster" in told(capsys)
