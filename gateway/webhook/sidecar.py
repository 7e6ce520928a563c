"""The native sidecar that a pod is given: an init container that goes on running, and ends when the pod's work ends."""

from dataclasses import dataclass
from typing import Any, Final

from gateway.webhook.settings import WebhookSettings
from gateway.webhook.token import (
    AUTHORIZATION_FILE,
    AUTHORIZATION_FOLDER,
    AUTHORIZATION_NAME,
    AUTHORIZATION_VOLUME,
    TOKEN_FILE,
    TOKEN_FOLDER,
    TOKEN_VOLUME,
)
from gateway.webhook.wiring import Mount

NAME: Final = "sts-gateway-sidecar"
PORT: Final = 9911
ENDPOINT_URL: Final = f"http://127.0.0.1:{PORT}/v1/credentials"
"""By address: SDKs take no name but localhost, which may be ::1 first."""
PROBE_PORT: Final = 9912
"""Where the kubelet asks: it comes from outside of the pod's loopback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationToken:
    """A token of the pod's own that opens nothing but its sidecar: nobody else takes this audience."""

    audience: str
    path: str


AUTHORIZATION: Final = AuthorizationToken(audience=NAME, path=AUTHORIZATION_NAME)


def native_sidecar(settings: WebhookSettings, role_arn: str) -> dict[str, Any]:
    """The container. It has what the Pod Security Standard `restricted` asks for, whatever the rest of the pod has."""
    return {
        "name": NAME,
        "image": settings.sidecar_image,
        # One word each, so that no value can be taken for an option of its own.
        "args": [
            "sidecar",
            f"--gateway={settings.gateway_url}",
            f"--role-arn={role_arn}",
            f"--token-file={TOKEN_FILE}",
            f"--port={PORT}",
            f"--probe-port={PROBE_PORT}",
        ],
        "env": [{"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "value": AUTHORIZATION_FILE}],
        "restartPolicy": "Always",
        # The other containers start once there are credentials. Later no outage of the gateway's ends a pod by a probe.
        "startupProbe": _probe("/readyz", period=1, failures=600),
        "livenessProbe": _probe("/healthz", period=10, failures=3),
        "resources": {"requests": {"cpu": "5m", "memory": "40Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": {
            "runAsNonRoot": True,
            **_user(settings.sidecar_user),
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [
            Mount(volume=TOKEN_VOLUME, path=TOKEN_FOLDER).rendered(),
            Mount(volume=AUTHORIZATION_VOLUME, path=AUTHORIZATION_FOLDER).rendered(),
        ],
    }


def _user(user: int | None) -> dict[str, int]:
    # Said here, a pod's own runAsUser: 0 does not reach it; OpenShift's restricted-v2 says who else it is.
    return {} if user is None else {"runAsUser": user, "runAsGroup": user}


def _probe(path: str, *, period: int, failures: int) -> dict[str, Any]:
    """Seconds between two, and how many may fail in a row."""
    return {
        "httpGet": {"path": path, "port": PROBE_PORT, "scheme": "HTTP"},
        "periodSeconds": period,
        "timeoutSeconds": 1,
        "failureThreshold": failures,
    }
