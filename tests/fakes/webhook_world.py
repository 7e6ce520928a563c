"""A webhook without a network: settings, and what it makes of a pod."""

from pathlib import Path
from typing import Any

from gateway.webhook.mutation import Mutation, mutation
from gateway.webhook.pod import Pod
from gateway.webhook.settings import Mode, WebhookSettings
from tests.servers.json_patch import patched

ROLE = "arn:aws:iam::111122223333:role/EtlJob"
GATEWAY = "https://sts.example.com"
ANNOTATED = {"eks.amazonaws.com/role-arn": ROLE}
FOLDER = "/var/run/secrets/eks.amazonaws.com/serviceaccount"


def settings(**changed: Any) -> WebhookSettings:
    values: dict[str, Any] = {
        "gateway_url": GATEWAY,
        "region": "eu-central-1",
        "host": "127.0.0.1",
        "port": 0,
        "certificate": Path("tls.crt"),
        "private_key": Path("tls.key"),
        "annotation_prefix": "eks.amazonaws.com",
        "mode": Mode.ENVIRONMENT,
        "audience": "sts.amazonaws.com",
        "sidecar_image": "registry.example.com/sts-gateway:1",
    }
    return WebhookSettings(**(values | changed))


def mutated(pod: dict[str, Any], service_account: dict[str, str] | None = None, **changed: Any) -> Mutation:
    return mutation(settings(**changed), Pod(document=pod), ANNOTATED if service_account is None else service_account)


def result(pod: dict[str, Any], service_account: dict[str, str] | None = None, **changed: Any) -> dict[str, Any]:
    """The pod with the patch applied."""
    return patched(pod, mutated(pod, service_account, **changed).operations)


def env(pod: dict[str, Any], name: str = "app", kind: str = "containers") -> dict[str, str]:
    """What a container of a pod has in its environment."""
    (found,) = [one for one in pod["spec"][kind] if one["name"] == name]
    return {one["name"]: one.get("value", "") for one in found.get("env") or []}


def mounts(pod: dict[str, Any], name: str = "app", kind: str = "containers") -> dict[str, str]:
    """Volume to path."""
    (found,) = [one for one in pod["spec"][kind] if one["name"] == name]
    return {one["name"]: one["mountPath"] for one in found.get("volumeMounts") or []}


def volumes(pod: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one for one in pod["spec"].get("volumes") or []}
