"""From the last release's rendering to this one's: nothing is changed that Kubernetes lets nobody change."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway import __version__
from tests.e2e.installation import ROOT
from tests.e2e.kubernetes.helm import CHART, VALUES, Object, Rendering, key, render, rendered, with_values

RELEASED = Path(__file__).parent / "released"
"""Immutable fields of each release's rendering, by its version; the next release adds its own."""


def _found(one: Object, *way: str) -> Any:
    value: Any = one
    for step in way:
        value = value.get(step) if isinstance(value, dict) else None
    return value


IMMUTABLE = {
    "Deployment": [("spec", "selector")],
    "Service": [("spec", "clusterIP"), ("spec", "type"), ("spec", "ipFamilies")],
    "Job": [("spec", "selector"), ("spec", "template"), ("spec", "completions")],
    "Secret": [("type",), ("immutable",)],
    "RoleBinding": [("roleRef",)],
    "ClusterRoleBinding": [("roleRef",)],
    "PersistentVolumeClaim": [("spec",)],
    "StatefulSet": [("spec", "selector"), ("spec", "serviceName"), ("spec", "volumeClaimTemplates")],
    "ConfigMap": [("immutable",)],
}


def immutable(rendering: Rendering) -> dict[str, Any]:
    """What may not change as long as the object has its name."""
    return {
        "/".join(filter(None, key(one))): {".".join(way): _found(one, *way) for way in IMMUTABLE[one["kind"]]}
        for one in rendering.objects
        if one["kind"] in IMMUTABLE
    }


def clashes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [name for name in old if name in new and old[name] != new[name]]


@pytest.mark.parametrize("name", list(VALUES))
@pytest.mark.parametrize("release", sorted(RELEASED.glob("*.json")), ids=lambda file: file.stem)
def test_39_an_upgrade_changes_no_immutable_field(release: Path, name: str) -> None:
    old = json.loads(release.read_text())[name]

    assert clashes(old, json.loads(json.dumps(immutable(rendered(name))))) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"image": {"tag": "9.9.9"}},
        {"commonLabels": {"team": "other"}},
        {"keyring": {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}},
        {"podLabels": {"a": "b"}},
        {"webhook": {"podLabels": {"a": "b"}, "replicaCount": 4}},
        {"image": {"pullSecrets": [{"name": "other"}]}},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["webhook", "everything"])
def test_39_a_change_of_values_changes_no_immutable_field(name: str, changed: dict[str, Any]) -> None:
    assert clashes(immutable(rendered(name)), immutable(render(with_values(name, **changed)))) == []


def test_39_a_selector_that_changed_would_be_seen() -> None:
    old = immutable(rendered("least"))

    assert clashes(
        old, immutable(render(with_values("least", nameOverride="gateway", fullnameOverride="sts-sts-gateway")))
    )


def test_each_version_of_the_chart_has_its_rendering_kept() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())

    assert (RELEASED / f"{chart['version']}.json").is_file()


def test_the_chart_is_of_the_gateways_own_version_and_image() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    containerfile = (ROOT / "deploy" / "container" / "Containerfile").read_text()
    (container,) = rendered("least").component("Deployment", "gateway")["spec"]["template"]["spec"]["containers"]

    assert chart["appVersion"] == __version__
    name, _, tag = container["image"].partition(":")
    assert f"--tag {name} ." in containerfile
    assert tag == __version__
    security = container["securityContext"]
    assert f"USER {security['runAsUser']}:{security['runAsGroup']}\n" in containerfile
    assert f"EXPOSE {container['ports'][0]['containerPort']}\n" in containerfile
    # The image's own entry point runs; the chart gives it its words alone.
    assert "command" not in container
    assert 'CMD ["serve", "--config", "/etc/sts-gateway"]' in containerfile
    assert container["args"][:3] == ["serve", "--config", "/etc/sts-gateway"]
    assert "/var/lib/sts-gateway" in containerfile


if __name__ == "__main__":  # at a release: python -m tests.e2e.kubernetes.test_upgrade
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]
    kept = {name: immutable(rendered(name)) for name in sorted(VALUES)}
    (RELEASED / f"{version}.json").write_text(f"{json.dumps(kept, indent=1)}\n")
