"""A gateway that serves on while its configuration, keyring and audit log change under it."""

import json
import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from tests.e2e.installation import Installation
from tests.e2e.openid_provider import OpenIdProvider, StartProvider
from tests.e2e.process import until
from tests.e2e.server import Gateway, StartGateway, error_of


def rewritten(gateway: Gateway, old: str, new: str) -> None:
    text = gateway.configuration.read_text()
    assert old in text
    changed = gateway.configuration.with_suffix(".new")
    changed.write_text(text.replace(old, new))
    changed.replace(gateway.configuration)


def test_a_changed_mapping_counts_without_a_restart(gateway_of_its_own: Gateway, provider: OpenIdProvider) -> None:
    gateway = gateway_of_its_own
    assert gateway.assume(provider.id_token()).status_code == 200

    rewritten(gateway, "groups: [analysts]", "groups: [others]")
    until(lambda: gateway.assume(provider.id_token()).status_code == 403, "the mapping has changed")

    rewritten(gateway, "groups: [others]", "groups: [analysts]")
    until(lambda: gateway.assume(provider.id_token()).status_code == 200, "the mapping is back")


def test_a_broken_file_is_told_and_the_last_good_one_stays(
    gateway_of_its_own: Gateway, provider: OpenIdProvider
) -> None:
    gateway = gateway_of_its_own

    rewritten(gateway, "groups: [analysts]", "gruops: [analysts]")
    gateway.send(signal.SIGHUP)

    until(lambda: "the last good one stays in force" in gateway.err, "it is told")
    assert "did you mean 'groups'?" in gateway.err
    assert gateway.assume(provider.id_token()).status_code == 200
    assert gateway.readiness() == 200


def test_a_hangup_opens_the_audit_log_anew(gateway_of_its_own: Gateway, provider: OpenIdProvider) -> None:
    gateway = gateway_of_its_own
    path = gateway.folder / gateway.audit_path
    gateway.assume(provider.id_token())
    path.rename(path.with_suffix(".1"))

    gateway.send(signal.SIGHUP)
    until(path.exists, "a new file is begun")

    gateway.assume(provider.id_token())
    assert len(path.read_text().splitlines()) == 1
    assert json.loads(path.read_text())["eventName"] == "AssumeRoleWithWebIdentity"


def test_a_rotated_keyring_counts_and_breaks_no_session(
    gateway_of_its_own: Gateway, provider: OpenIdProvider, installed: Installation
) -> None:
    gateway = gateway_of_its_own
    first = gateway.assume(provider.id_token())
    keyring = gateway.folder / "keyring.json"

    made = installed.run("keys", "rotate", "--keyring", keyring, "--seals-after", "0s")

    assert made.returncode == 0, made.stderr
    for key in json.loads(keyring.read_text())["keys"]:
        gateway.remember("keyring's secret", key["secret"])

    def key_of(answer: str) -> str:
        found = re.search(r"<SessionToken>(.{14})", answer)
        assert found is not None
        return found[1]

    until(lambda: key_of(gateway.assume(provider.id_token()).text) != key_of(first.text), "the new key seals")


def test_nobody_notices_a_reload_under_load(start_provider: StartProvider, start_gateway: StartGateway) -> None:
    provider = start_provider()
    gateway = start_gateway(provider)
    token, ended = provider.id_token(), Event()

    def ask() -> list[tuple[int, str]]:
        wrong = []
        while not ended.is_set():
            answer = gateway.assume(token)
            if answer.status_code != 200:
                wrong.append(error_of(answer))
        return wrong

    with ThreadPoolExecutor() as clients:
        asking = [clients.submit(ask) for _ in range(4)]
        for number in range(5):
            gateway.send(signal.SIGHUP)
            until(lambda number=number: gateway.err.count("is in force") > number, "it is read")  # type: ignore[misc]
        ended.set()

        assert [one.result() for one in asking] == [[], [], [], []]


def test_a_worker_in_a_dead_one_s_place_grants_nothing_that_was_taken_away(
    start_gateway: StartGateway, provider: OpenIdProvider, tmp_path: Path
) -> None:
    state = f"state: sqlite:////{str(tmp_path).lstrip('/')}/state.db"
    gateway = start_gateway(provider, settings=state, words=["--workers", "2"])
    assert gateway.assume(provider.id_token()).status_code == 200
    rewritten(gateway, "groups: [analysts]", "groups: [others]")
    until(lambda: gateway.err.count("the configuration was read anew") == 2, "both workers have read it")
    rewritten(gateway, "groups: [others]", "gruops: [others]")  # and nobody can read this one
    until(lambda: gateway.err.count("the last good one stays in force") == 2, "both workers have told")

    for pid in re.findall(r'"message":"worker started","pid":(\d+)', gateway.err):
        os.kill(int(pid), signal.SIGKILL)
    until(lambda: gateway.err.count("worker ready") >= 4, "two others have taken their places")

    answers = {gateway.assume(provider.id_token()).status_code for _ in range(20)}
    assert answers == {403}
