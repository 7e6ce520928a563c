"""A stand-in for Kubernetes' API server: service accounts and Secrets over HTTPS, under the roles of a chart."""

import json
import re
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.servers.certificates import Authority

Object = dict[str, Any]
_PATH = re.compile(r"/api/v1/namespaces/(?P<namespace>[^/]+)/(?P<resource>serviceaccounts|secrets)/(?P<name>[^/]+)")


class KubernetesApiServer:
    """Serves HTTPS on loopback. `objects`: (resource, namespace, name) to the object, which tests may change.

    `allowed`: who may do what, from rendered RBAC by `rbac_of`; None: everybody everything.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects: dict[tuple[str, str, str], Object] = {}
        self.allowed: set[tuple[str, str, str, str, str]] | None = None
        self.tokens: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.delay = 0.0
        self.down = False
        self.before_change: Callable[[], None] | None = None
        authority = Authority(folder / "authority")
        pair = authority.issue("kubernetes", "127.0.0.1", "kubernetes.default.svc")
        self.ca = authority.file
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.context = context
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._versions = 100

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def pod_folder(self, namespace: str, account: str) -> Path:
        """What a pod of a service account finds mounted: its token and the CA."""
        folder = self.folder / "pods" / f"{namespace}-{account}"
        folder.mkdir(parents=True, exist_ok=True)
        token = f"token-of-{account}-{uuid.uuid4()}"
        self.tokens[token] = f"system:serviceaccount:{namespace}:{account}"
        (folder / "token").write_text(token)
        (folder / "ca.crt").write_bytes(self.ca.read_bytes())
        return folder

    @property
    def environment(self) -> dict[str, str]:
        return {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.port)}

    def put(self, resource: str, namespace: str, name: str, **content: Any) -> None:
        metadata = {"name": name, "namespace": namespace, "annotations": content.pop("annotations", {})}
        self.objects[resource, namespace, name] = {"metadata": metadata, **content}
        self.touch(resource, namespace, name)

    def touch(self, resource: str, namespace: str, name: str) -> None:
        self._versions += 1
        self.objects[resource, namespace, name]["metadata"]["resourceVersion"] = str(self._versions)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the connection's own thread: a slow handshake holds up nobody else.
        with self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def shutdown_request(self, request: Any) -> None:
        """It was closed above."""

    def handle_error(self, *_: object) -> None:
        """Clients that go away are no fault of a test's."""


def _handler(api: KubernetesApiServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._answered("get")

        def do_PATCH(self) -> None:
            self._answered("patch")

        def _answered(self, verb: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            api.asked.append((verb, self.path))
            time.sleep(api.delay)
            if api.down:
                self._send(503, _status(503, "ServiceUnavailable", "etcd leader changed"))
                return
            self._send(*self._judged(verb, body))

        def _judged(self, verb: str, body: bytes) -> tuple[int, Object]:
            user = api.tokens.get((self.headers.get("Authorization") or "").removeprefix("Bearer "))
            if user is None:
                return 401, _status(401, "Unauthorized", "Unauthorized")
            match = _PATH.fullmatch(self.path)
            if match is None:
                return 404, _status(404, "NotFound", "the server could not find the requested resource")
            resource, namespace, name = match["resource"], match["namespace"], match["name"]
            if not _may(api.allowed, user, verb, resource, namespace, name):
                return 403, _status(403, "Forbidden", f'User "{user}" cannot {verb} resource "{resource}"')
            found = api.objects.get((resource, namespace, name))
            if found is None:
                return 404, _status(404, "NotFound", f'{resource} "{name}" not found')
            if verb == "get":
                return 200, found
            return self._changed(found, (resource, namespace, name), body)

        def _changed(self, found: Object, key: tuple[str, str, str], body: bytes) -> tuple[int, Object]:
            assert self.headers["Content-Type"] == "application/merge-patch+json"
            if api.before_change is not None:
                api.before_change()
            patch = json.loads(body)
            wanted = patch.get("metadata", {}).pop("resourceVersion", None)
            if wanted is not None and wanted != found["metadata"]["resourceVersion"]:
                return 409, _status(409, "Conflict", "the object has been modified; please apply your changes")
            merge(found, patch)
            api.touch(*key)
            return 200, found

        def _send(self, status: int, document: Object) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Tests look at `asked`."""

    return Handler


def merge(document: Object, patch: Mapping[str, Any]) -> None:
    """RFC 7386."""
    for key, value in patch.items():
        if value is None:
            document.pop(key, None)
        elif isinstance(value, dict):
            merge(document.setdefault(key, {}), value)
        else:
            document[key] = value


def _status(code: int, reason: str, message: str) -> Object:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }


def _may(
    allowed: set[tuple[str, str, str, str, str]] | None, user: str, verb: str, resource: str, namespace: str, name: str
) -> bool:
    if allowed is None:
        return True
    tries = ((user, verb, resource, ns, one) for ns in (namespace, "*") for one in (name, "*"))
    return any(one in allowed for one in tries)


def rbac_of(objects: Iterable[Object]) -> set[tuple[str, str, str, str, str]]:
    """(user, verb, resource, namespace, name) of rendered roles and bindings; `*` for any namespace, any name."""
    objects = list(objects)
    roles = {
        (one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]): one.get("rules") or []
        for one in objects
        if one["kind"] in {"Role", "ClusterRole"}
    }
    allowed = set()
    for binding in (one for one in objects if one["kind"] in {"RoleBinding", "ClusterRoleBinding"}):
        reference, namespace = binding["roleRef"], binding["metadata"].get("namespace")
        rules = roles[reference["kind"], namespace if reference["kind"] == "Role" else None, reference["name"]]
        for subject in binding["subjects"]:
            user = f"system:serviceaccount:{subject['namespace']}:{subject['name']}"
            for rule in rules:
                for resource in rule["resources"]:
                    for verb in rule["verbs"]:
                        for name in rule.get("resourceNames") or ["*"]:
                            allowed.add((user, verb, resource, namespace or "*", name))
    return allowed
