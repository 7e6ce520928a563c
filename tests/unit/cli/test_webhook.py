"""`sts-gateway webhook`: what keeps it from starting, each in one line; and what it does not load."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.client import kubernetes
from gateway.webhook.settings import WebhookSettings
from tests.servers.certificates import Authority

SERVER = ("starlette", "uvicorn", "httpx", "ldap3", "authlib", "gateway.exchange", "gateway.assembly", "gateway.doors")


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., Path]:
    pair = Authority(tmp_path / "ca").issue("webhook", "webhook.sts.svc")

    def write(*lines: str) -> Path:
        file = tmp_path / "webhook.yaml"
        tls = f"tls: {{certificate: {pair.certificate}, private_key: {pair.key}}}"
        file.write_text("\n".join(["gateway_url: https://sts.example.com", tls, *lines]))
        return file

    return write


@pytest.fixture
def in_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "account"
    folder.mkdir()
    (folder / "token").write_text("t")
    (folder / "ca.crt").write_text("c")
    in_cluster = kubernetes.KubernetesApi.in_cluster
    environment = {"KUBERNETES_SERVICE_HOST": "127.0.0.1"}
    monkeypatch.setattr(
        kubernetes.KubernetesApi, "in_cluster", lambda timeout: in_cluster(environment, folder, timeout)
    )


def test_a_bad_file_is_told_a_line_each(configured: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["webhook", "--config", str(configured("mode: magic", "more: 1"))]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_outside_of_a_cluster_it_does_not_start(
    configured: Callable[..., Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    assert main(["webhook", "--config", str(configured())]) == 2
    assert capsys.readouterr().err.startswith("sts-gateway webhook: KUBERNETES_SERVICE_HOST is not set")


@pytest.mark.usefixtures("in_a_cluster")
def test_without_a_certificate_it_does_not_start(
    configured: Callable[..., Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = configured()
    (tmp_path / "ca" / "webhook.key").unlink()

    assert main(["webhook", "--config", str(file)]) == 2
    assert "not a certificate and its key" in capsys.readouterr().err


@pytest.mark.usefixtures("in_a_cluster")
@pytest.mark.parametrize(("words", "user"), [([], 10001), (["--openshift"], None)])
def test_sidecars_have_the_images_user_but_on_openshift(
    configured: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, words: list[str], user: int | None
) -> None:
    served: list[WebhookSettings] = []
    monkeypatch.setattr("gateway.webhook.serve.serve", lambda settings, _: served.append(settings) or 0)

    assert main(["webhook", "--config", str(configured()), *words]) == 0
    assert [one.sidecar_user for one in served] == [user]


@pytest.mark.usefixtures("in_a_cluster")
def test_an_address_that_is_taken_is_told(configured: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["webhook", "--config", str(configured(f"listen: {address}"))]) == 1

    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"sts-gateway webhook: {address}: ")
    assert " (`listen` of /" in line


def test_it_loads_nothing_of_the_server() -> None:
    program = (
        "import json, sys, gateway.cli.webhook, gateway.settings.webhook, gateway.webhook.serve\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)

    assert [name for name in SERVER if name in json.loads(ended.stdout)] == []
