"""Pods of many shapes, as the API server shows them to webhooks: what controllers make of what people write."""

from typing import Any

Pod = dict[str, Any]


def pod(*containers: dict[str, Any], **spec: Any) -> Pod:
    """A pod of the service account `etl`; `metadata` among `spec` adds to its metadata."""
    metadata = {"generateName": "job-", "namespace": "data", **spec.pop("metadata", {})}
    listed = list(containers) or [container("app")]
    return {"metadata": metadata, "spec": {"serviceAccountName": "etl", "containers": listed, **spec}}


def container(name: str, *, env: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """`env`: name to a text, or to a `valueFrom`."""
    made: dict[str, Any] = {"name": name, "image": "registry.example.com/app:1", **more}
    if env is not None:
        made["env"] = [
            {"name": key, "value": value} if isinstance(value, str) else {"name": key, "valueFrom": value}
            for key, value in env.items()
        ]
    return made


TOKEN_MOUNT = {"name": "kube-api-access-x7k2p", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
API_ACCESS = {
    "name": "kube-api-access-x7k2p",
    "projected": {
        "defaultMode": 420,
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        ],
    },
}

SHAPES: dict[str, Pod] = {
    "the least": pod(),
    "as a controller makes it": pod(
        container("app", env={"A": "1"}, volumeMounts=[TOKEN_MOUNT], resources={}, imagePullPolicy="Always"),
        volumes=[API_ACCESS],
        restartPolicy="Always",
        schedulerName="default-scheduler",
        securityContext={},
        tolerations=[{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}],
        metadata={"labels": {"app": "x", "pod-template-hash": "abc"}},
    ),
    "of two containers": pod(container("app"), container("proxy", volumeMounts=[])),
    "with init containers": pod(
        container("app"), initContainers=[container("migrate"), container("wait", env={"B": "2"})]
    ),
    "with a native sidecar of its own": pod(
        container("app"), initContainers=[container("mesh", restartPolicy="Always"), container("setup")]
    ),
    "of a job": pod(container("app", command=["sh", "-c", "run"]), restartPolicy="Never", activeDeadlineSeconds=60),
    "as nobody, with fsGroup": pod(
        container("app"), securityContext={"runAsNonRoot": True, "runAsUser": 1000, "fsGroup": 1000}
    ),
    "with empty lists": pod(container("app", env={}, volumeMounts=[]), volumes=[], initContainers=[]),
    "with nulls where Go writes none": pod(
        container("app", env=None) | {"env": None, "volumeMounts": None}, volumes=None, initContainers=None
    ),
    "with a region": pod(container("app", env={"AWS_REGION": "eu-west-1"})),
    "with values from elsewhere": pod(
        container("app", env={"PASSWORD": {"secretKeyRef": {"name": "db", "key": "password"}}})
        | {"envFrom": [{"configMapRef": {"name": "settings"}}]}
    ),
    "that skips a container": pod(
        container("app"),
        container("proxy"),
        metadata={"annotations": {"eks.amazonaws.com/skip-containers": "proxy, other"}},
    ),
    "with a short token": pod(metadata={"annotations": {"eks.amazonaws.com/token-expiration": "3600"}}),
    "of a stateful set": pod(
        container("app", volumeMounts=[{"name": "data", "mountPath": "/data"}]),
        volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}],
        hostname="db-0",
        subdomain="db",
    ),
    "in the host's network": pod(hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet"),
    "of Windows": pod(os={"name": "windows"}, nodeSelector={"kubernetes.io/os": "windows"}),
    "with many variables": pod(container("app", env={f"V{number}": "x" * 100 for number in range(50)})),
}
"""What each is, to the pod."""
