"""Admission as Kubernetes' API server does it: a rendered MutatingWebhookConfiguration is asked about new pods.

Rules, selectors, TLS by caBundle and the service's name, `?timeout=`, reinvocation and failurePolicy are the real one's.
It validates nothing else: that is the schemas' part.
"""

import base64
import copy
import http.client
import json
import socket
import ssl
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.servers.json_patch import patched

Object = dict[str, Any]


@dataclass(kw_only=True)
class Admitted:
    """What became of a pod. `failed_open`: webhooks that could not be asked and were passed over."""

    pod: Object
    warnings: list[str] = field(default_factory=list)
    patches: list[Sequence[Object]] = field(default_factory=list)
    failed_open: list[str] = field(default_factory=list)


class AdmissionRefused(Exception):
    """The pod is not created."""


@dataclass(kw_only=True)
class Admission:
    """Asks webhooks about new pods. `address_of`: (namespace, service, port) to where it really listens."""

    configuration: Object
    address_of: Callable[[str, str, int], tuple[str, int]]
    namespace_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    others: Callable[[Object], bool] = lambda _pod: False
    """Other webhooks, after these: change the pod in place; whether they did."""

    def create(self, namespace: str, pod: Object) -> Admitted:
        """Raises AdmissionRefused."""
        admitted = Admitted(pod=copy.deepcopy(pod))
        for webhook in self.configuration["webhooks"]:
            self._ask(webhook, namespace, admitted)
        if self.others(admitted.pod):
            again = [one for one in self.configuration["webhooks"] if one.get("reinvocationPolicy") == "IfNeeded"]
            for webhook in again:
                self._ask(webhook, namespace, admitted)
        return admitted

    def _ask(self, webhook: Object, namespace: str, admitted: Admitted) -> None:
        if not self._matches(webhook, namespace, admitted.pod):
            return
        request = review(namespace, admitted.pod)
        try:
            response = self._called(webhook, request)
            assert response["uid"] == request["request"]["uid"]
        except (OSError, ValueError, KeyError, AssertionError, http.client.HTTPException) as error:
            if webhook["failurePolicy"] == "Fail":
                raise AdmissionRefused(f"failed calling webhook: {error}") from None
            admitted.failed_open.append(webhook["name"])
            return
        if not response["allowed"]:
            raise AdmissionRefused(str(response.get("status")))
        admitted.warnings += response.get("warnings", [])
        if "patch" in response:
            assert response["patchType"] == "JSONPatch"
            operations = json.loads(base64.b64decode(response["patch"], validate=True))
            admitted.patches.append(operations)
            admitted.pod = patched(admitted.pod, operations)

    def _matches(self, webhook: Object, namespace: str, pod: Object) -> bool:
        rules = [
            rule
            for rule in webhook["rules"]
            if "CREATE" in rule["operations"]
            and "" in rule["apiGroups"]
            and "v1" in rule["apiVersions"]
            and "pods" in rule["resources"]
            and rule.get("scope", "*") in {"*", "Namespaced"}
        ]
        labels = {"kubernetes.io/metadata.name": namespace, **self.namespace_labels.get(namespace, {})}
        return bool(
            rules
            and selects(webhook.get("namespaceSelector") or {}, labels)
            and selects(webhook.get("objectSelector") or {}, pod["metadata"].get("labels") or {})
        )

    def _called(self, webhook: Object, request: Object) -> Object:
        client, service = webhook["clientConfig"], webhook["clientConfig"]["service"]
        timeout = webhook.get("timeoutSeconds", 10)
        context = ssl.create_default_context(cadata=base64.b64decode(client["caBundle"]).decode())
        name = f"{service['name']}.{service['namespace']}.svc"
        address = self.address_of(service["namespace"], service["name"], service.get("port", 443))
        # The API server bounds the whole call; a socket's timeout each of its steps.
        with (
            socket.create_connection(address, timeout=timeout) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            connection = http.client.HTTPConnection(name, timeout=timeout)
            connection.sock = secured
            began = time.monotonic()
            body = json.dumps(request).encode()
            headers = {"Content-Type": "application/json", "Accept": "application/json, */*"}
            connection.request("POST", f"{service.get('path', '/')}?timeout={timeout}s", body, headers)
            answer = connection.getresponse()
            content = answer.read()
            if time.monotonic() - began > timeout:
                raise TimeoutError("context deadline exceeded")
        if answer.status != 200:
            raise ValueError(f"{answer.status}: {content.decode()}")
        document: Object = json.loads(content)
        if (document["apiVersion"], document["kind"]) != ("admission.k8s.io/v1", "AdmissionReview"):
            raise ValueError("expected an AdmissionReview of admission.k8s.io/v1")
        response: Object = document["response"]
        return response


def review(namespace: str, pod: Object, *, operation: str = "CREATE") -> Object:
    """What the API server sends about a new pod."""
    kind = {"group": "", "version": "v1", "kind": "Pod"}
    resource = {"group": "", "version": "v1", "resource": "pods"}
    request = {
        "uid": str(uuid.uuid4()),
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        "namespace": namespace,
        "operation": operation,
        "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
        "object": {"apiVersion": "v1", "kind": "Pod", **pod},
        "oldObject": None,
        "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
    }
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """A label selector on labels."""
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    judged = {
        "In": lambda one: labels.get(one["key"]) in one["values"],
        "NotIn": lambda one: labels.get(one["key"]) not in one["values"],
        "Exists": lambda one: one["key"] in labels,
        "DoesNotExist": lambda one: one["key"] not in labels,
    }
    return all(judged[one["operator"]](one) for one in selector.get("matchExpressions") or [])
