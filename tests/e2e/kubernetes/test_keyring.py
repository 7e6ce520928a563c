"""The keyring's Secret: filled by the chart's Job, rotated by its CronJob, untouched by upgrades, good for the gateway."""

import copy
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.installation import Installation
from tests.e2e.kubernetes.cluster import Cluster, rewrite, secret_data
from tests.e2e.kubernetes.helm import VALUES, Object, render, rendered, with_values
from tests.e2e.process import Process, free_port
from tests.servers.kubernetes_api import KubernetesApiServer, merge

SECRET = ("secrets", "identity", "sts-sts-gateway-keyring")


@pytest.fixture
def api(tmp_path: Path) -> Iterator[KubernetesApiServer]:
    with KubernetesApiServer(tmp_path / "api") as running:
        yield running


@pytest.fixture
def cluster(api: KubernetesApiServer, installed: Installation, folder: Path) -> Cluster:
    return Cluster(rendered("least"), folder, installed, api)


def run(cluster: Cluster, template: Object) -> subprocess.CompletedProcess[str]:
    """A Job's pod, to its end."""
    environment = cluster.api.environment
    return cluster.installation.run_program(*cluster.command(template), environment=environment)


def keyring(api: KubernetesApiServer) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(secret_data(api.objects[SECRET])["keyring.json"])
    return document


def make(cluster: Cluster) -> subprocess.CompletedProcess[str]:
    return run(cluster, cluster.rendering.one("Job")["spec"]["template"])


def rotate(cluster: Cluster) -> subprocess.CompletedProcess[str]:
    return run(cluster, cluster.rendering.one("CronJob")["spec"]["jobTemplate"]["spec"]["template"])


def test_the_job_makes_a_keyring_and_the_cron_job_adds_to_it_by_the_charts_own_rights(
    cluster: Cluster, api: KubernetesApiServer
) -> None:
    made = make(cluster)
    assert made.returncode == 0, made.stderr
    first = keyring(api)
    assert len(first["keys"]) == 1

    again = make(cluster)
    assert (again.returncode, keyring(api)) == (0, first)

    turned = rotate(cluster)
    assert turned.returncode == 0, turned.stderr
    assert keyring(api)["keys"][0]["id"] == first["keys"][0]["id"]
    assert len(keyring(api)["keys"]) == 2
    shown = made.stdout + made.stderr + turned.stdout + turned.stderr
    assert [key for key in keyring(api)["keys"] if key["secret"] in shown] == []


def test_no_other_secret_can_be_read_with_the_jobs_rights(cluster: Cluster, api: KubernetesApiServer) -> None:
    api.put("secrets", "identity", "other")
    template = copy.deepcopy(cluster.rendering.one("Job")["spec"]["template"])
    (container,) = template["spec"]["containers"]
    container["args"] = [word.replace("sts-sts-gateway-keyring", "other") for word in container["args"]]

    ended = run(cluster, template)

    assert ended.returncode == 1
    assert 'cannot get resource "secrets"' in ended.stderr


def three_way(old: Object, new: Object, live: Object) -> Object:
    """What Helm makes of a living object: what both renderings differ in, and what is missing of the new one."""
    patched = copy.deepcopy(live)
    merge(patched, _removed(old, new))
    merge(patched, new)
    return patched


def _removed(old: Object, new: Object) -> Object:
    removed: Object = {}
    for key, value in old.items():
        if key not in new:
            removed[key] = None
        elif isinstance(value, dict) and isinstance(new[key], dict):
            removed[key] = _removed(value, new[key])
    return removed


@pytest.mark.parametrize("changed", [{}, {"commonLabels": {"a": "b"}}, {"image": {"tag": "9"}}], ids=str)
def test_an_upgrade_leaves_the_keys_alone(cluster: Cluster, api: KubernetesApiServer, changed: dict[str, Any]) -> None:
    make(cluster)
    live = copy.deepcopy(api.objects[SECRET])
    old = rendered("least").one("Secret")
    new = render(with_values("least", **changed)).one("Secret")

    assert three_way(old, new, live)["data"] == live["data"]
    assert new["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert not {"data", "stringData", "immutable"} & set(new)


def test_the_gateway_serves_with_that_keyring_and_the_rendered_configuration(
    cluster: Cluster, api: KubernetesApiServer, installed: Installation, folder: Path
) -> None:
    make(cluster)
    template = cluster.rendering.component("Deployment", "gateway")["spec"]["template"]
    places = cluster.mount(template, {SECRET[2]: secret_data(api.objects[SECRET])})
    port, internal = free_port(), free_port()
    rewrite(folder, {**places, "0.0.0.0:9090": f"127.0.0.1:{internal}"})
    (container,) = template["spec"]["containers"]
    words = [
        {"8080": str(port), "0.0.0.0": "127.0.0.1"}.get(word, places.get(word, word)) for word in container["args"]
    ]

    command = [installed.command, *words]
    with Process("gateway", command, folder=folder / "log", environment=installed.environment()) as gateway:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            path = container[probe]["httpGet"]["path"]
            assert container[probe]["httpGet"]["port"] == "internal"
            gateway.until(lambda path=path: status(f"http://127.0.0.1:{internal}{path}") == 200, f"{path} answers")
        assert status(f"http://127.0.0.1:{port}/metrics") == 404
        assert status(f"http://127.0.0.1:{internal}/metrics") == 200
        gateway.kill()


def status(url: str) -> int | None:
    try:
        return httpx.get(url).status_code
    except httpx.TransportError:
        return None


@pytest.mark.parametrize("name", list(VALUES))
def test_the_rendered_configuration_passes_check_strictly(
    name: str, api: KubernetesApiServer, installed: Installation, folder: Path
) -> None:
    cluster = Cluster(rendered(name), folder, installed, api)
    template = cluster.rendering.component("Deployment", "gateway")["spec"]["template"]
    made = installed.run("keys", "generate", "--keyring", folder.parent / "keyring.json")
    assert made.returncode == 0
    content = {
        "keyring.json": (folder.parent / "keyring.json").read_bytes(),
        "tls.crt": b"c",
        "tls.key": b"k",
        "client-secret": b"s",
        "password": b"p",
    }
    files = {volume["secret"]["secretName"]: content for volume in template["spec"]["volumes"] if "secret" in volume}
    places = cluster.mount(_without_foreign_maps(template), files)
    rewrite(folder, places)

    checked = installed.run("check", "--config", places["/etc/sts-gateway"], "--strict")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def _without_foreign_maps(template: Object) -> Object:
    """Volumes of what stands in no chart are left out."""
    made = copy.deepcopy(template)
    foreign = {
        volume["name"]
        for volume in made["spec"]["volumes"]
        if volume["name"].startswith("configmap-") or "emptyDir" in volume
    }
    (container,) = made["spec"]["containers"]
    container["volumeMounts"] = [mount for mount in container["volumeMounts"] if mount["name"] not in foreign]
    return made
