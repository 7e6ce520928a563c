"""The webhook's certificate is renewed, its CA too, while pods are created; and the webhook ends without a refused pod."""

import base64
import copy
import signal
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest
from cryptography import x509

from tests.e2e.installation import Installation
from tests.e2e.kubernetes.cluster import Cluster, Webhook
from tests.e2e.kubernetes.helm import render, with_values
from tests.fakes.pods import pod
from tests.fakes.webhook_world import ROLE
from tests.servers.certificates import Authority, Pair
from tests.servers.kubernetes_api import KubernetesApiServer

HOST = "sts-sts-gateway-webhook.identity.svc"


class Renewed:
    """The Secret of the webhook's certificate, renewed in place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0

    def put(self, pair: Pair) -> str:
        """As the kubelet does: another folder, and one link turned. The serial number of what is there then."""
        self._number += 1
        version = self._folder / f"..version-{self._number}"
        version.mkdir(parents=True)
        (version / "tls.crt").write_bytes(pair.certificate.read_bytes())
        (version / "tls.key").write_bytes(pair.key.read_bytes())
        turned = self._folder / "..turned"
        turned.symlink_to(version.name)
        turned.replace(self._folder / "..data")
        return serial(pair.certificate.read_bytes())


def serial(pem: bytes) -> str:
    return str(x509.load_pem_x509_certificate(pem).serial_number)


def shown(webhook: Webhook) -> str:
    return serial(ssl.get_server_certificate(("127.0.0.1", webhook.port)).encode())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def running(api: KubernetesApiServer, authority: Authority, installed: Installation, folder: Path) -> Iterator[Webhook]:
    certificate = {"caBundle": authority.file.read_text()}
    rendering = render(with_values("existing", webhook={"certificate": certificate}))
    cluster = Cluster(rendering, folder, installed, api)
    api.put("serviceaccounts", "data", "etl", annotations={"eks.amazonaws.com/role-arn": ROLE})
    pair = authority.issue("first", HOST)
    files = {"tls.crt": pair.certificate.read_bytes(), "tls.key": pair.key.read_bytes()}
    with Webhook(cluster, {"my-webhook-tls": files}) as webhook:
        yield webhook


class Load:
    """Four clients that create pods as fast as they can; what failed, and how many were changed."""

    def __init__(self, webhook: Webhook) -> None:
        self.failed: list[str] = []
        self.changed = 0
        self._webhook = webhook
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._create) for _ in range(4)]

    def _create(self) -> None:
        while not self._ended.is_set():
            made = self._webhook.admission.create("data", pod())
            self.failed += made.failed_open
            self.changed += len(made.patches)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()


def waited_for(look: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_a_certificate_is_renewed_under_load_without_a_failed_review(running: Webhook, authority: Authority) -> None:
    secret = Renewed(running.tls)
    with Load(running) as load:
        for label in ("second", "third"):
            wanted = secret.put(authority.issue(label, HOST))
            assert waited_for(lambda wanted=wanted: shown(running) == wanted), running.told()
            time.sleep(0.2)
    print(f"{load.changed} pods were changed while the certificate was renewed twice")

    assert load.failed == []
    assert load.changed > 20


def test_a_new_ca_is_taken_with_both_in_the_bundle(running: Webhook, authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other", "other")
    configuration = copy.deepcopy(running.admission.configuration)
    both = authority.file.read_bytes() + other.file.read_bytes()
    configuration["webhooks"][0]["clientConfig"]["caBundle"] = base64.b64encode(both).decode()
    running.admission.configuration = configuration

    with Load(running) as load:
        wanted = Renewed(running.tls).put(other.issue("renewed", HOST))
        assert waited_for(lambda: shown(running) == wanted), running.told()

    assert load.failed == []


def test_a_pair_that_does_not_fit_is_told_and_the_last_good_one_goes_on(running: Webhook, authority: Authority) -> None:
    before = shown(running)
    first, second = authority.issue("one", HOST), authority.issue("two", HOST)
    Renewed(running.tls).put(Pair(first.certificate, second.key))

    assert waited_for(lambda: "the changed certificate is not taken" in running.err)
    assert shown(running) == before
    assert running.admission.create("data", pod()).failed_open == []


def test_a_webhook_that_ends_serves_newcomers_until_nobody_sends_any(running: Webhook) -> None:
    with Load(running) as load:
        time.sleep(0.3)
        running.send(signal.SIGTERM)
        time.sleep(3)  # of the five seconds in which proxies learn of it
    assert load.failed == []
    assert running.ended() == 0
    assert "draining" in running.err
