"""How a gateway starts and ends: it refuses what it cannot use, and a signal cuts nobody off."""

import signal
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from types_boto3_sts.type_defs import CredentialsTypeDef

from tests.e2e.aws import remember, sts_client
from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.openid_provider import OpenIdProvider, StartProvider
from tests.e2e.process import free_port, until
from tests.e2e.server import ANALYST, Gateway, StartGateway


def test_the_configuration_passes_the_check_of_the_same_command(gateway: Gateway, installed: Installation) -> None:
    told = installed.run("check", "--config", gateway.configuration, environment=gateway.environment)

    assert told.returncode == 0, told.stdout + told.stderr


def test_the_audit_log_is_for_its_owner_alone(gateway: Gateway, provider: OpenIdProvider) -> None:
    gateway.assume(provider.id_token())

    assert stat.S_IMODE((gateway.folder / gateway.audit_path).stat().st_mode) == 0o600


def test_sigterm_ends_it_in_order_and_what_runs_is_finished(
    start_provider: StartProvider, start_gateway: StartGateway
) -> None:
    provider = start_provider()
    gateway = start_gateway(provider)
    assert gateway.assume(provider.id_token()).status_code == 200
    # A key that the gateway does not know, and a provider that says nothing when asked for it: a request has to wait.
    provider.rotate()
    token = provider.id_token()
    provider.send(signal.SIGSTOP)
    with ThreadPoolExecutor() as others:
        waiting = others.submit(gateway.assume, token)
        until(lambda: _connections_to(gateway.port), "the request is there")
        time.sleep(0.2)

        gateway.send(signal.SIGTERM)
        until(lambda: gateway.readiness() == 503, "it says that it ends")
        assert not waiting.done()
        provider.send(signal.SIGCONT)

        assert waiting.result().status_code == 200
    assert gateway.ended() == 0
    assert gateway.readiness() is None


def test_whoever_asks_while_it_ends_is_still_answered(gateway_of_its_own: Gateway, provider: OpenIdProvider) -> None:
    token = provider.id_token()

    gateway_of_its_own.send(signal.SIGTERM)
    until(lambda: gateway_of_its_own.readiness() == 503, "it says that it ends")

    answer = gateway_of_its_own.assume(token)
    assert answer.status_code == 200
    assert answer.headers["connection"] == "close"


def test_an_interrupt_from_the_terminal_ends_it_at_once(gateway_of_its_own: Gateway) -> None:
    gateway_of_its_own.send(signal.SIGINT)

    assert gateway_of_its_own.ended() == 130


def test_a_session_outlives_a_restart(
    gateway_of_its_own: Gateway,
    start_gateway: StartGateway,
    provider: OpenIdProvider,
    canaries: Canaries,
    aws_environment: Callable[[Gateway], None],
) -> None:
    aws_environment(gateway_of_its_own)
    with sts_client() as sts:
        credentials = sts.assume_role_with_web_identity(
            RoleArn=ANALYST, RoleSessionName="alice", WebIdentityToken=provider.id_token()
        )["Credentials"]
    remember(canaries, credentials["SecretAccessKey"], credentials["SessionToken"])

    assert gateway_of_its_own.stop() == 0
    start_gateway(provider, like=gateway_of_its_own)

    with sts_client(credentials) as sts:
        assert sts.get_caller_identity()["Account"] == "111122223333"


def test_a_new_key_counts_without_a_restart_and_sessions_of_the_old_one_go_on(
    gateway_of_its_own: Gateway,
    installed: Installation,
    provider: OpenIdProvider,
    canaries: Canaries,
    aws_environment: Callable[[Gateway], None],
) -> None:
    aws_environment(gateway_of_its_own)

    def opened() -> CredentialsTypeDef:
        with sts_client() as sts:
            credentials = sts.assume_role_with_web_identity(
                RoleArn=ANALYST, RoleSessionName="alice", WebIdentityToken=token
            )["Credentials"]
        remember(canaries, credentials["SecretAccessKey"], credentials["SessionToken"])
        return credentials

    token = provider.id_token()
    old = opened()
    turned = installed.run(
        "keys", "rotate", "--seals-after", "0s", "--keyring", gateway_of_its_own.folder / "keyring.json"
    )
    assert turned.returncode == 0, turned.stderr

    def opened_by_another_key() -> CredentialsTypeDef | None:
        credentials = opened()
        return credentials if _key_id(credentials) != _key_id(old) else None

    new = until(opened_by_another_key, "sessions are sealed with the new key")

    for credentials in (old, new):
        with sts_client(credentials) as sts:
            assert sts.get_caller_identity()["Account"] == "111122223333"


def _key_id(credentials: CredentialsTypeDef) -> str:
    """What a session token says in front, for all to see: its version and the key that sealed it."""
    return credentials["SessionToken"][:12]


def _connections_to(port: int) -> int:
    """How many connections of this machine to a port of it are established (proc(5), /proc/net/tcp)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(remote.endswith(f":{port:04X}") and state == "01" for _, _, remote, state, *_ in rows)


def _serve(installed: Installation, gateway: Gateway, folder: Path, *words: str) -> tuple[int, str]:
    """Try to serve the shared gateway's configuration from another folder; exit code and what it said."""
    configuration = folder / "gateway.yaml"
    configuration.write_text(gateway.configuration.read_text())
    ended = installed.run("serve", "--config", configuration, *words, timeout=15, environment=gateway.environment)
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr


def test_without_a_keyring_it_does_not_start(installed: Installation, gateway: Gateway, tmp_path: Path) -> None:
    code, told = _serve(installed, gateway, tmp_path, "--port", str(free_port()))

    assert code == 2
    assert str(tmp_path / "keyring.json") in told


@pytest.mark.parametrize("mode", [0o644, 0o604], ids=oct)
def test_a_keyring_that_others_may_read_is_refused(
    installed: Installation, gateway: Gateway, tmp_path: Path, mode: int
) -> None:
    keyring = tmp_path / "keyring.json"
    keyring.write_bytes((gateway.folder / "keyring.json").read_bytes())
    keyring.chmod(mode)

    code, told = _serve(installed, gateway, tmp_path, "--port", str(free_port()))

    assert code == 2
    assert "chmod" in told


def test_a_port_that_is_taken_is_told_in_one_line(installed: Installation, gateway: Gateway, tmp_path: Path) -> None:
    keyring = tmp_path / "keyring.json"
    keyring.write_bytes((gateway.folder / "keyring.json").read_bytes())
    keyring.chmod(0o600)

    code, told = _serve(installed, gateway, tmp_path, "--port", str(gateway.port))

    assert code == 1
    assert f"cannot listen on 127.0.0.1:{gateway.port}" in told.splitlines()[-1]
    assert httpx.get(f"{gateway.url}/healthz").status_code == 200


def test_several_workers_need_a_state_that_they_share(
    installed: Installation, gateway: Gateway, tmp_path: Path
) -> None:
    code, told = _serve(installed, gateway, tmp_path, "--workers", "2")

    assert code == 2
    assert "gateway.state" in told
