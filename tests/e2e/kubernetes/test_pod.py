"""A pod as the rendered webhook leaves it, run: its SDK finds its credentials by what it was given, and nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.installation import Installation
from tests.e2e.kubernetes.cluster import Cluster, Webhook, lay_out, secret_data
from tests.e2e.kubernetes.helm import render, with_values
from tests.e2e.openid_provider import OpenIdProvider
from tests.e2e.process import Process, free_port
from tests.e2e.server import ANALYST, Gateway
from tests.fakes.pods import container, pod
from tests.fakes.webhook_world import env, mounts, volumes
from tests.servers.kubernetes_api import KubernetesApiServer

ASKED = "import boto3, json; print(json.dumps(boto3.client('sts').get_caller_identity()))"


@pytest.fixture(scope="module")
def webhook(
    api: KubernetesApiServer, gateway: Gateway, installed: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Webhook]:
    """For the gateway that really runs."""
    changed = {"enabled": True, "gatewayUrl": gateway.url, "audience": "app-rs256"}
    rendering = render(with_values("least", webhook=changed))
    tls = rendering.one("Secret", "-tls")
    cluster = Cluster(rendering, tmp_path_factory.mktemp("webhook"), installed, api)
    for mode in ("environment", "sidecar"):
        annotations = {"eks.amazonaws.com/role-arn": ANALYST, "eks.amazonaws.com/inject": mode}
        api.put("serviceaccounts", "data", mode, annotations=annotations)
    with Webhook(cluster, {tls["metadata"]["name"]: secret_data(tls)}) as running:
        yield running


class Node:
    """Where the containers of one pod run: their files below a folder, their ports wherever they are free."""

    def __init__(self, folder: Path, made: dict[str, Any], tokens: dict[str, str]) -> None:
        """`tokens`: by audience, as the kubelet would project them."""
        self._folder = folder
        self._made = made
        self._moved = {"9911": str(free_port()), "9912": str(free_port()), "/var/run/secrets": f"{folder}/secrets"}
        for name, volume in volumes(made).items():
            (source,) = volume["projected"]["sources"]
            token = source["serviceAccountToken"]
            lay_out(folder / "volumes" / name, token["path"], tokens[token["audience"]].encode())

    def moved(self, text: str) -> str:
        for old, new in self._moved.items():
            text = text.replace(old, new)
        return text

    def environment(self, name: str, kind: str) -> dict[str, str]:
        """A container's own variables; its mounts are links, and those of no other container."""
        for volume, path in mounts(self._made, name, kind).items():
            place = Path(self.moved(path))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            place.symlink_to(self._folder / "volumes" / volume)
        return {key: self.moved(value) for key, value in env(self._made, name, kind).items()}


def caller(environment: dict[str, str], home: Path) -> str:
    """Who boto3 is, in a process that has these variables alone."""
    given = {"PATH": os.defpath, "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", **environment}
    ended = subprocess.run(
        [sys.executable, "-c", ASKED], env=given, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    arn: str = json.loads(ended.stdout)["Arn"]
    return arn


ASSUMED = "arn:aws:sts::111122223333:assumed-role/Analyst/"


def test_a_pod_with_the_environment_is_its_role(webhook: Webhook, provider: OpenIdProvider, tmp_path: Path) -> None:
    made = webhook.admission.create("data", pod(container("app"), serviceAccountName="environment"))
    assert made.warnings == []
    node = Node(tmp_path, made.pod, {"app-rs256": provider.id_token("alice")})

    assert caller(node.environment("app", "containers"), tmp_path).startswith(ASSUMED)


def test_a_pod_with_the_sidecar_is_its_role(
    webhook: Webhook, provider: OpenIdProvider, installed: Installation, tmp_path: Path
) -> None:
    made = webhook.admission.create("data", pod(container("app"), serviceAccountName="sidecar"))
    tokens = {"app-rs256": provider.id_token("alice"), "sts-gateway-sidecar": "eyJ.a-token.of-the-pod"}
    node = Node(tmp_path, made.pod, tokens)
    sidecar = made.pod["spec"]["initContainers"][0]
    given = node.environment(sidecar["name"], "initContainers")
    words = [node.moved(word) for word in sidecar["args"]]

    command = [installed.command, *words]
    with Process("sidecar", command, folder=tmp_path / "log", environment=installed.environment(**given)) as running:
        for probe in ("startupProbe", "livenessProbe"):
            asked = sidecar[probe]["httpGet"]
            url = f"http://127.0.0.1:{node.moved(str(asked['port']))}{asked['path']}"
            running.until(lambda url=url: answers(url), f"{probe} succeeds")

        assert caller(node.environment("app", "containers"), tmp_path).startswith(ASSUMED)
    assert "eyJ.a-token.of-the-pod" not in running.told()


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False
