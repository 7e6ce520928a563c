"""Programs of a rendered chart, run as its pods would run them: their own words, files and rights, on this machine."""

import base64
import signal
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.e2e.installation import Installation
from tests.e2e.kubernetes.helm import Object, Rendering
from tests.e2e.process import Process, free_port
from tests.servers.kubernetes_admission import Admission
from tests.servers.kubernetes_api import KubernetesApiServer, rbac_of

# Where a pod has its service account's token is fixed, and this machine's own folder is not ours to change.
_POD = (
    "import functools, pathlib, sys\n"
    "from gateway.client.kubernetes import KubernetesApi\n"
    "from gateway.cli.main import main\n"
    "folder = pathlib.Path(sys.argv[1])\n"
    "in_cluster = KubernetesApi.in_cluster.__func__\n"
    "KubernetesApi.in_cluster = classmethod(functools.partial(in_cluster, folder=folder))\n"
    "sys.exit(main(sys.argv[2:]))\n"
)


class Cluster:
    """A rendered chart, and the API server that has its roles and bindings."""

    def __init__(
        self, rendering: Rendering, folder: Path, installation: Installation, api: KubernetesApiServer
    ) -> None:
        self.rendering = rendering
        self.folder = folder
        self.installation = installation
        self.api = api
        api.allowed = rbac_of(rendering.objects)
        for secret in rendering.of_kind("Secret"):
            metadata = secret["metadata"]
            api.put("secrets", metadata["namespace"], metadata["name"], data=dict(secret.get("data") or {}))

    def command(self, template: Object, *, rewritten: Mapping[str, str] | None = None) -> list[str | Path]:
        """What a pod's only container runs, as its own service account; paths and ports are put elsewhere."""
        spec = template["spec"]
        assert spec["automountServiceAccountToken"]
        (container,) = spec["containers"]
        words = [self._rewritten(word, rewritten or {}) for word in container["args"]]
        folder = self.api.pod_folder("identity", spec["serviceAccountName"])
        return [self.installation.python, "-c", _POD, folder, *words]

    def mount(self, template: Object, files: Mapping[str, Mapping[str, bytes]]) -> dict[str, str]:
        """Lay out a pod's volumes below `folder`; where each mount path is then. `files`: of Secrets by their names."""
        (container,) = template["spec"]["containers"]
        volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
        places = {}
        for mount in container["volumeMounts"]:
            place = self.folder / mount["mountPath"].strip("/").replace("/", "-")
            places[mount["mountPath"]] = str(place)
            for name, content in self._files(volumes[mount["name"]], files).items():
                lay_out(place, name, content)
        return places

    def _files(self, volume: Object, files: Mapping[str, Mapping[str, bytes]]) -> Mapping[str, bytes]:
        if "configMap" in volume:
            (found,) = [
                one
                for one in self.rendering.of_kind("ConfigMap")
                if one["metadata"]["name"] == volume["configMap"]["name"]
            ]
            return {name: text.encode() for name, text in found["data"].items()}
        if "secret" not in volume:
            return {"token": b"t", "ca.crt": self.api.ca.read_bytes()}
        secret = volume["secret"]
        content = files[secret["secretName"]]
        return {item["path"]: content[item["key"]] for item in secret.get("items") or []} or content

    @staticmethod
    def _rewritten(word: str, rewritten: Mapping[str, str]) -> str:
        for old, new in rewritten.items():
            word = word.replace(old, new)
        return word


def lay_out(folder: Path, name: str, content: bytes) -> None:
    """A file as the kubelet mounts it: a link to a link to a folder, 0440."""
    data = folder / "..2026_01_01"
    data.mkdir(parents=True, exist_ok=True)
    file = data / name
    if file.exists():
        file.unlink()
    file.write_bytes(content)
    file.chmod(0o440)
    for link, target in ((folder / "..data", data.name), (folder / name, f"..data/{name}")):
        if not link.is_symlink():
            link.symlink_to(target)


def rewrite(folder: Path, replaced: Mapping[str, str]) -> None:
    """Put other paths and addresses into the mounted files of a configuration."""
    for file in folder.rglob("*.yaml"):
        if file.is_symlink():
            continue
        text = file.read_text()
        for old, new in replaced.items():
            text = text.replace(old, new)
        file.chmod(0o640)
        file.write_text(text)


def secret_data(secret: Object) -> dict[str, bytes]:
    return {name: base64.b64decode(text) for name, text in (secret.get("data") or {}).items()}


class Webhook(Process):
    """The rendered webhook, running; `admission` asks it as the API server would, by the rendered configuration."""

    def __init__(self, cluster: Cluster, files: Mapping[str, Mapping[str, bytes]]) -> None:
        rendering = cluster.rendering
        template = rendering.component("Deployment", "webhook")["spec"]["template"]
        places = cluster.mount(template, files)
        self.port = free_port()
        self.tls = Path(places["/run/secrets/sts-gateway-webhook"])
        rewrite(cluster.folder, {**places, "0.0.0.0:9443": f"127.0.0.1:{self.port}"})
        self.configuration = yaml.safe_load((Path(places["/etc/sts-gateway-webhook"]) / "webhook.yaml").read_text())
        super().__init__(
            "webhook",
            cluster.command(template, rewritten=places),
            folder=cluster.folder / "log",
            environment=cluster.installation.environment(**cluster.api.environment),
        )
        self.until(lambda: "listening on" in self.err, "it listens")
        service = rendering.component("Service", "webhook")
        (port,) = service["spec"]["ports"]

        def address_of(namespace: str, name: str, number: int) -> tuple[str, int]:
            wanted = (service["metadata"]["namespace"], service["metadata"]["name"], port["port"])
            assert (namespace, name, number) == wanted
            return "127.0.0.1", self.port

        self.admission = Admission(configuration=rendering.one("MutatingWebhookConfiguration"), address_of=address_of)

    def stop(self) -> int:
        """End it at once: the first signal alone would leave whoever sends reviews the time to notice."""
        if self.alive:
            self.send(signal.SIGTERM)
            self.until(lambda: "draining" in self.err, "it drains")
            self.send(signal.SIGTERM)
        return self.ended()
