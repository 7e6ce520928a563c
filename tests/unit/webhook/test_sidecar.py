"""The sidecar that is put into pods: the command line that there is, the ports it listens on, the files it is given."""

import argparse

import pytest

from gateway.cli import sidecar as command
from gateway.webhook.sidecar import ENDPOINT_URL, PORT, PROBE_PORT, native_sidecar
from tests.fakes.webhook_world import GATEWAY, ROLE, settings


def parsed(role_arn: str = ROLE) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    name, *words = native_sidecar(settings(), role_arn)["args"]
    assert name == "sidecar"
    return parser.parse_args(words)


def test_its_words_are_those_of_the_command() -> None:
    made = parsed()

    assert (made.gateway, made.role_arn, made.port, made.probe_port) == (GATEWAY, [ROLE], PORT, PROBE_PORT)
    assert made.listen is None  # loopback alone
    assert f":{PORT}/v1/credentials" in ENDPOINT_URL


@pytest.mark.parametrize("role_arn", ["--imds", "--listen=0.0.0.0", "-h"])
def test_no_annotation_is_an_option_of_the_command(role_arn: str) -> None:
    made = parsed(role_arn)

    assert made.role_arn == [role_arn]
    assert (made.imds, made.listen) == (False, None)


def test_every_file_it_is_told_of_is_mounted() -> None:
    container = native_sidecar(settings(), ROLE)
    mounted = [mount["mountPath"] for mount in container["volumeMounts"]]
    (authorization,) = [one["value"] for one in container["env"]]

    for path in (parsed().token_file, authorization):
        assert any(str(path).startswith(f"{folder}/") for folder in mounted)


def test_the_kubelet_asks_for_readiness_once_and_then_for_life_alone() -> None:
    container = native_sidecar(settings(), ROLE)

    assert container["startupProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert "readinessProbe" not in container
