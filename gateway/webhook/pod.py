"""A pod as the API server shows it before it is validated: what the webhook looks at, and nothing taken for granted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.webhook.json_patch import Way, found

INIT_CONTAINERS: Final = "initContainers"
CONTAINERS: Final = "containers"
_DEFAULT_ACCOUNT: Final = "default"
_MIRROR: Final = "kubernetes.io/config.mirror"


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container: where it stands in the pod, and what it says of its environment and its mounts."""

    way: Way
    name: str
    env: Mapping[str, str | None]
    mounts: Mapping[str, str]

    def sets(self, *names: str) -> list[str]:
        """Those of the variables that it sets."""
        return [name for name in names if name in self.env]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """`env` of a container: name to value, None for a value that comes from elsewhere; `mounts`: path to volume."""

    document: Mapping[str, Any]

    @property
    def service_account(self) -> str:
        spec = _section(self.document, "spec")
        return _text(spec, "serviceAccountName") or _text(spec, "serviceAccount") or _DEFAULT_ACCOUNT

    @property
    def annotations(self) -> Mapping[str, str]:
        annotations = _section(_section(self.document, "metadata"), "annotations")
        return {key: value for key, value in annotations.items() if isinstance(value, str)}

    @property
    def labels(self) -> Mapping[str, Any]:
        return _section(_section(self.document, "metadata"), "labels")

    @property
    def is_mirror(self) -> bool:
        """A kubelet's own pod, shown to the API server: nothing of it can be changed from here."""
        return _MIRROR in self.annotations

    @property
    def is_windows(self) -> bool:
        spec = _section(self.document, "spec")
        selector = _section(spec, "nodeSelector")
        return "windows" in {_text(_section(spec, "os"), "name"), _text(selector, "kubernetes.io/os")}

    @property
    def is_in_host_network(self) -> bool:
        return _section(self.document, "spec").get("hostNetwork") is True

    @property
    def containers(self) -> Iterator[Container]:
        """Init containers, native sidecars among them, and then the others."""
        for kind in (INIT_CONTAINERS, CONTAINERS):
            for at, container in enumerate(_sections(self.document, ("spec", kind))):
                yield _container(("spec", kind, at), container)

    def volume(self, name: str) -> Mapping[str, Any] | None:
        volumes = _sections(self.document, ("spec", "volumes"))
        return next((volume for volume in volumes if volume.get("name") == name), None)


def _container(way: Way, container: Mapping[str, Any]) -> Container:
    return Container(
        way=way,
        name=_text(container, "name") or "",
        env={str(one.get("name")): _text(one, "value") for one in _sections(container, ("env",))},
        mounts={
            str(one.get("mountPath", "")).rstrip("/"): str(one.get("name"))
            for one in _sections(container, ("volumeMounts",))
        },
    )


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = document.get(name)
    return section if isinstance(section, dict) else {}


def _sections(document: Mapping[str, Any], way: Way) -> Sequence[Mapping[str, Any]]:
    listed = found(document, way)
    # Of one that is no object the place still counts.
    return [one if isinstance(one, dict) else {} for one in listed] if isinstance(listed, list) else []


def _text(section: Mapping[str, Any], name: str) -> str | None:
    value = section.get(name)
    return value if isinstance(value, str) else None
