"""What a container is given so that its SDK finds its credentials, and when it is left alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.webhook.json_patch import Additions
from gateway.webhook.pod import Container

ENDPOINT: Final = "AWS_ENDPOINT_URL_STS"
IGNORE_ENDPOINTS: Final = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
REGIONS: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
REGIONAL: Final = "AWS_STS_REGIONAL_ENDPOINTS"
STATIC_KEY: Final = "AWS_ACCESS_KEY_ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An environment variable."""

    name: str
    value: str

    def rendered(self) -> dict[str, str]:
        return {"name": self.name, "value": self.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A volume at a path, for reading alone."""

    volume: str
    path: str

    def rendered(self) -> dict[str, Any]:
        return {"name": self.volume, "mountPath": self.path, "readOnly": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """One way to credentials. Of `pair` (what to use, and the file that proves it) one without the other is useless.

    `endpoint`: the gateway as STS; `stronger`: variables that SDKs look at before this pair.
    """

    pair: tuple[Variable, Variable]
    endpoint: str
    region: str
    regional: bool
    mount: Mount
    stronger: tuple[str, ...]
    warnings: list[str] = field(default_factory=list)

    def wire(self, container: Container, additions: Additions) -> bool:
        """Add what the container lacks; whether it uses the volume then. Its own variables are never changed."""
        if not self._may_be_wired(container):
            return False
        for variable in self._missing(container):
            additions.append((*container.way, "env"), variable.rendered())
        if self.mount.path not in container.mounts:
            additions.append((*container.way, "volumeMounts"), self.mount.rendered())
        self._tell_what_wins(container)
        return True

    def _may_be_wired(self, container: Container) -> bool:
        which, proof = self.pair
        present = container.sets(which.name, proof.name)
        if len(present) == 1:
            (absent,) = {which.name, proof.name} - set(present)
            self._warn(container, f"sets {present[0]} without {absent} and is left alone: set both or neither")
            return False
        if present and container.env[proof.name] != proof.value:
            self._warn(container, f"has its own {which.name} and {proof.name}, and is left alone")
            return False
        if container.mounts.get(self.mount.path, self.mount.volume) != self.mount.volume:
            self._warn(container, f"mounts another volume at {self.mount.path} and is left alone")
            return False
        return True

    def _missing(self, container: Container) -> Iterator[Variable]:
        if not container.sets(*(variable.name for variable in self.pair)):
            yield from self.pair
        # One region without the other is the container's own choice: clients look at the one or the other.
        if not container.sets(*REGIONS):
            yield from (Variable(name=name, value=self.region) for name in REGIONS)
        if self.regional and REGIONAL not in container.env:
            yield Variable(name=REGIONAL, value="regional")
        # Without it an SDK would send the pod's token to AWS.
        if ENDPOINT not in container.env:
            yield Variable(name=ENDPOINT, value=self.endpoint)

    def _tell_what_wins(self, container: Container) -> None:
        for name in container.sets(*self.stronger):
            self._warn(container, f"sets {name}, which SDKs use before what the gateway gives")
        if container.env.get(ENDPOINT, self.endpoint) != self.endpoint:
            self._warn(container, f"sets {ENDPOINT} to another address, which gets its tokens")
        if (container.env.get(IGNORE_ENDPOINTS) or "").lower() == "true":
            self._warn(container, f"sets {IGNORE_ENDPOINTS}: its SDK sends its tokens to AWS")

    def _warn(self, container: Container, message: str) -> None:
        self.warnings.append(f"container {container.name} {message}")


def projected_token(name: str, *, path: str, audience: str, token_life: int) -> dict[str, Any]:
    """A volume with a service account token that the kubelet keeps fresh."""
    token = {"audience": audience, "expirationSeconds": token_life, "path": path}
    # 0644, as it would be by default; with fsGroup the kubelet makes it 0640 and gives it to that group.
    return {"name": name, "projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": token}]}}


def is_projected_token(volume: Mapping[str, Any]) -> bool:
    """Whether a volume that has a name of ours is what we would have made."""
    projected = volume.get("projected")
    sources = projected.get("sources") if isinstance(projected, dict) else None
    listed = sources if isinstance(sources, list) else []
    return any(isinstance(source, dict) and "serviceAccountToken" in source for source in listed)
