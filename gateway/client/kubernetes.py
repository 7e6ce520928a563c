"""Kubernetes' API as this pod's own service account may use it: a service account read, a Secret read and written."""

import base64
import binascii
import http.client
import json
import os
import re
import ssl
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where every pod that may call the API finds its token and the API server's CA."""
TIMEOUT: Final = 5.0
MAXIMUM_ANSWER: Final = 4 * 1024 * 1024
_IDLE_CONNECTIONS: Final = 16
_TRY_AGAIN: Final = frozenset({408, 429})
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_TOKEN: Final = re.compile(r"[!-~]+", re.ASCII)
_MERGE_PATCH: Final = "application/merge-patch+json"


class NotInCluster(Exception):
    """There is no API server to ask; the message says what is missing."""


class KubernetesUnreachable(Exception):
    """The API server gave no answer, or none that decides; trying again may help."""


class _NoAnswer(KubernetesUnreachable):
    """The connection broke off, or nothing came over it."""


class KubernetesRefusal(Exception):
    """The API server refused what was asked; `reason` is its own word (`Forbidden`, `Conflict`)."""

    def __init__(self, *, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A Secret's values by their keys, and the version that a change of it must name."""

    data: Mapping[str, bytes] = field(repr=False)
    resource_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesApi:
    """One API server, asked as one service account. Safe to use from several threads; keeps connections open.

    The token is read for each request: the kubelet renews it. `timeout`: seconds for each step of one request.
    """

    host: str
    port: int
    token_file: Path
    ca_file: Path
    timeout: float = TIMEOUT
    _idle: deque[http.client.HTTPSConnection] = field(default_factory=deque, repr=False)

    @classmethod
    def in_cluster(
        cls, environment: Mapping[str, str] = os.environ, folder: Path = SERVICE_ACCOUNT, timeout: float = TIMEOUT
    ) -> "KubernetesApi":
        """The cluster that this pod runs in. Raises NotInCluster."""
        host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT", "443")
        if not host or not port.isdigit():
            raise NotInCluster("KUBERNETES_SERVICE_HOST is not set: run this inside a cluster, in a pod")
        token_file, ca_file = folder / "token", folder / "ca.crt"
        if not token_file.exists() or not ca_file.exists():
            raise NotInCluster(
                f"{folder} holds no token and ca.crt; set automountServiceAccountToken: true for this pod"
            )
        return cls(host=host, port=int(port), token_file=token_file, ca_file=ca_file, timeout=timeout)

    def service_account_annotations(self, namespace: str, name: str) -> Mapping[str, str] | None:
        """The annotations of a service account; None where there is no such one.

        No resourceVersion is sent, so that the answer is the latest, and none of a cache. Raises KubernetesUnreachable,
        KubernetesRefusal.
        """
        # Admission comes before validation: what a review names may be any text, and must lead to no other path.
        if not (_NAME.fullmatch(namespace) and _NAME.fullmatch(name)):
            return None
        found = self._get(f"/api/v1/namespaces/{_in_path(namespace)}/serviceaccounts/{_in_path(name)}")
        return None if found is None else _texts(_section(found, "metadata").get("annotations"))

    def secret(self, namespace: str, name: str) -> Secret | None:
        """A Secret; None where there is none. Raises KubernetesUnreachable, KubernetesRefusal."""
        found = self._get(_secret_path(namespace, name))
        if found is None:
            return None
        data = {key: _decoded(value) for key, value in _texts(found.get("data")).items()}
        return Secret(data=data, resource_version=str(_section(found, "metadata").get("resourceVersion", "")))

    def change_secret(self, namespace: str, name: str, changed: Mapping[str, bytes], *, resource_version: str) -> None:
        """Set these keys of a Secret that is still at this version, and leave everything else of it alone.

        Raises KubernetesRefusal (`Conflict`: somebody else has changed it), KubernetesUnreachable.
        """
        data = {key: base64.b64encode(value).decode("ascii") for key, value in changed.items()}
        patch = json.dumps({"metadata": {"resourceVersion": resource_version}, "data": data})
        status, body = self._exchange("PATCH", _secret_path(namespace, name), patch.encode())
        if status != 200:
            raise _fault(status, body)

    def _get(self, path: str) -> Mapping[str, Any] | None:
        status, body = self._exchange("GET", path, None)
        if status == 404:
            return None
        if status != 200:
            raise _fault(status, body)
        document = _document(body)
        if document is None:
            raise KubernetesUnreachable("the API server's answer is not a JSON object")
        return document

    def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        with suppress(IndexError):
            connection = self._idle.pop()
            # The server may have closed it meanwhile; both requests that are made here may be made twice.
            with suppress(_NoAnswer):
                return self._exchange_over(connection, method, path, body)
            # A load balancer that has let it die without a word has done so to those beside it.
            self.close()
        return self._exchange_over(self._connection(), method, path, body)

    def _exchange_over(
        self, connection: http.client.HTTPSConnection, method: str, path: str, body: bytes | None
    ) -> tuple[int, bytes]:
        try:
            connection.request(method, path, body, self._headers(body))
            answer = connection.getresponse()
            content = answer.read(MAXIMUM_ANSWER + 1)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise _NoAnswer(f"the API server at {self.host}:{self.port} does not answer: {error}") from None
        if len(content) > MAXIMUM_ANSWER:
            connection.close()
            raise KubernetesUnreachable(f"the API server's answer is larger than {MAXIMUM_ANSWER} bytes")
        self._keep(connection)
        return answer.status, content

    def _keep(self, connection: http.client.HTTPSConnection) -> None:
        if len(self._idle) < _IDLE_CONNECTIONS:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """End the connections that nobody uses."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _headers(self, body: bytes | None) -> dict[str, str]:
        token = self.token_file.read_text(encoding="latin-1").strip()
        # What `http.client` would say of such a header holds the token.
        if not _TOKEN.fullmatch(token):
            raise KubernetesUnreachable(f"{self.token_file}: holds no token")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "User-Agent": "sts-gateway"}
        return headers if body is None else {**headers, "Content-Type": _MERGE_PATCH}

    def _connection(self) -> http.client.HTTPSConnection:
        try:
            context = ssl.create_default_context(cafile=str(self.ca_file))
        except OSError as error:
            raise KubernetesUnreachable(f"{self.ca_file}: not the API server's CA: {error.strerror}") from None
        # RFC 5280's letter is more than many clusters' own CAs keep to, which lack an authority key identifier.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout, context=context)


def _fault(status: int, body: bytes) -> KubernetesRefusal | KubernetesUnreachable:
    """An answer that is no success; Kubernetes tells it as an object of kind Status."""
    told = _document(body) or {}
    reason, message = str(told.get("reason", "")), str(told.get("message", f"the API server answers {status}"))
    if status >= 500 or status in _TRY_AGAIN:
        return KubernetesUnreachable(message)
    return KubernetesRefusal(status=status, reason=reason, message=message)


def _document(body: bytes) -> Mapping[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = document.get(name)
    return section if isinstance(section, dict) else {}


def _texts(section: object) -> Mapping[str, str]:
    return {key: value for key, value in section.items() if isinstance(value, str)} if isinstance(section, dict) else {}


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise KubernetesUnreachable("the API server's answer holds a Secret that is not base64") from None


def _secret_path(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{_in_path(namespace)}/secrets/{_in_path(name)}"


def _in_path(name: str) -> str:
    return quote(name, safe="")
