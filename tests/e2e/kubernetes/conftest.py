"""A chart, an API server that stands in for a cluster's, and the chart's webhook behind it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.installation import Installation
from tests.e2e.kubernetes.cluster import Cluster, Webhook, secret_data
from tests.e2e.kubernetes.helm import rendered
from tests.servers.kubernetes_api import KubernetesApiServer


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubernetesApiServer]:
    with KubernetesApiServer(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture(scope="module")
def webhook(
    api: KubernetesApiServer, installed: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Webhook]:
    """The webhook of everything-values.yaml, with the certificate that the chart made for it."""
    rendering = rendered("everything")
    cluster = Cluster(rendering, tmp_path_factory.mktemp("webhook"), installed, api)
    tls = rendering.one("Secret", "-tls")
    with Webhook(cluster, {tls["metadata"]["name"]: secret_data(tls)}) as running:
        running.admission.namespace_labels = {"data": {"sts": "on"}, "identity": {"sts": "on"}}
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pod"
