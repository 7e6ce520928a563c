"""The chart rendered by Helm's own engine, and what a rendering holds."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from tests.e2e.installation import ROOT
from tests.e2e.kubernetes.tools import helm_python

Object = dict[str, Any]
CHART = ROOT / "deploy" / "helm" / "sts-gateway"
VALUES = {file.name.removesuffix("-values.yaml"): yaml.safe_load(file.read_text()) for file in CHART.glob("ci/*.yaml")}
OLDEST, NEWEST = "1.30", "1.37"
"""Versions of Kubernetes whose schemas judge."""

_LOADED = helm_python.Chart.load(str(CHART))


class Refused(Exception):
    """The chart refuses the values."""


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """What one release would put into the cluster."""

    objects: tuple[Object, ...]
    notes: str
    text: str
    """All of it as Helm writes it, by file."""

    def of_kind(self, *kinds: str) -> list[Object]:
        return [one for one in self.objects if one["kind"] in kinds]

    def one(self, kind: str, ending: str = "") -> Object:
        """The one object of a kind whose name ends so."""
        found = [one for one in self.of_kind(kind) if one["metadata"]["name"].endswith(ending)]
        assert len(found) == 1, [one["metadata"]["name"] for one in found]
        return found[0]

    def component(self, kind: str, component: str) -> Object:
        found = [
            one for one in self.of_kind(kind) if one["metadata"]["labels"]["app.kubernetes.io/component"] == component
        ]
        assert len(found) == 1, [one["metadata"]["name"] for one in found]
        return found[0]

    @property
    def pods(self) -> Iterator[tuple[Object, Object]]:
        """Each object that makes pods, and its pods' template."""
        for one in self.objects:
            if one["kind"] in {"Deployment", "Job"}:
                yield one, one["spec"]["template"]
            elif one["kind"] == "CronJob":
                yield one, one["spec"]["jobTemplate"]["spec"]["template"]

    @property
    def containers(self) -> Iterator[tuple[Object, Object]]:
        for one, template in self.pods:
            for container in template["spec"]["containers"]:
                yield one, container


def render(values: Mapping[str, Any], *, name: str = "sts", namespace: str = "identity") -> Rendering:
    """Raises Refused: by the schema or by the templates."""
    merged = merge(_defaults(), values)
    try:
        problems = _LOADED.validate_schema(merged)
        files = _LOADED.render(dict(values), name=name, namespace=namespace)
    except helm_python.HelmError as error:
        raise Refused(str(error)) from None
    assert not problems, problems
    notes = {path: text for path, text in files.items() if path.endswith("NOTES.txt")}
    manifests = {path: text for path, text in sorted(files.items()) if path not in notes}
    objects = [one for text in manifests.values() for one in yaml.safe_load_all(text) if one]
    return Rendering(objects=tuple(objects), notes="".join(notes.values()), text=json.dumps(manifests, indent=1))


@cache
def rendered(name: str) -> Rendering:
    """With the values of ci/NAME-values.yaml."""
    return render(VALUES[name])


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Values as Helm coalesces them: sections are merged, all else replaced."""
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged


@cache
def _defaults() -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    return values


def with_values(name: str, **changed: Any) -> dict[str, Any]:
    """The values of ci/NAME-values.yaml with these merged over them."""
    return merge(VALUES[name], changed)


def key(one: Object) -> tuple[str, str | None, str]:
    return one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]
