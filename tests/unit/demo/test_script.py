"""The whole demo in this process: it succeeds, shows no secret, and fails where a step does not do what it says."""

import io
import os
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any

import botocore.auth
import httpx
import pytest

from gateway.demo import aws_client, script
from gateway.demo.aws_client import Credentials, SeenRequests, UnknownBotocore, dated_by, own_environment
from gateway.demo.browser import sign_in
from gateway.demo.clock import DemoClock
from gateway.demo.narration import Narrator
from gateway.demo.script import Stage, StepFailed, play, tell
from gateway.demo.setting import ENGINEER
from gateway.demo.world import World, running

pytestmark = pytest.mark.slow

TITLES = 7


@pytest.fixture
def world() -> Iterator[World]:
    with running() as world:
        yield world


@pytest.fixture
def told() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def narrator(told: io.StringIO) -> Narrator:
    return Narrator(told, colour=False)


def test_every_step_does_what_it_says(world: World, narrator: Narrator, told: io.StringIO) -> None:
    assert tell(world, narrator)

    text = told.getvalue()
    assert re.findall(r"^(\d+)\. ", text, re.MULTILINE) == [str(number) for number in range(1, TITLES + 1)]
    assert text.count("\n   ok ") == TITLES
    assert "FAILED" not in text
    assert re.search(
        r"403 AccessDenied: User: \S+ is not authorized to perform: s3:PutObject on resource: \S+/2026-q1.csv$",
        text,
        re.MULTILINE,
    )
    assert "cause=no identity policy allows s3:PutObject on arn:aws:s3:::lake/reports/2026-q1.csv" in text
    assert "403 ExpiredToken" in text
    assert "400 ExpiredToken" in text


def test_of_a_secret_no_more_than_four_characters_are_told(world: World, narrator: Narrator, told: io.StringIO) -> None:
    with own_environment(), dated_by(world.clock), httpx.Client(trust_env=False) as http:
        credentials = play(Stage(world=world, narrator=narrator, http=http, seen=SeenRequests()))

    text = told.getvalue()
    for secret in (credentials.secret_access_key, credentials.session_token):
        assert f"{secret[:4]}..." in text
        assert secret[:5] not in text
    # Whatever else is long and looks random: the challenge and request ids are public.
    public = [r"code_challenge=\S{43}", r"requestID=\S{36}"]
    rest = re.sub("|".join(public), "", text)
    assert re.findall(r"[A-Za-z0-9_+/-]*(?=[A-Za-z]*\d)[A-Za-z0-9_+-]{22,}", rest) == []


def test_a_session_that_does_not_end_fails_the_last_step(
    world: World, narrator: Narrator, told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DemoClock, "move", lambda _self, by: None)

    assert not tell(world, narrator)
    assert f"FAILED   step {TITLES}: allowed, where ExpiredToken was to come" in told.getvalue()


def test_a_client_whose_dates_stay_behind_fails_the_last_step(
    world: World, narrator: Narrator, told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "dated_by", lambda _clock: nullcontext())

    assert not tell(world, narrator)
    assert f"FAILED   step {TITLES}: " in told.getvalue()


def test_an_upload_that_is_allowed_fails_its_step(
    world: World, narrator: Narrator, told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "REPORT", "scratch/research/notes.txt")
    monkeypatch.setattr(script, "_expect", lambda _holds, _otherwise: None)

    assert not tell(world, narrator)
    assert "FAILED   step 5: allowed, where AccessDenied was to come" in told.getvalue()


def skipped(*_: object) -> None:
    """A step or a check that lets everything pass."""


def test_a_client_that_signs_with_another_date_fails_the_last_step(
    world: World, narrator: Narrator, told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "dated_by", lambda _clock: nullcontext())
    monkeypatch.setattr(script, "_refused", skipped)

    assert not tell(world, narrator)
    assert f"FAILED   step {TITLES}: the client signed with 2" in told.getvalue()


def test_a_report_that_changed_fails_its_step(
    world: World, narrator: Narrator, told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "REPORT", "scratch/research/notes.txt")
    monkeypatch.setattr(script, "_read", skipped)
    monkeypatch.setattr(script, "_refused", lambda _stage, _code, _status, call: call())

    assert not tell(world, narrator)
    assert "FAILED   step 4: the report was overwritten nevertheless" in told.getvalue()


def test_another_content_fails_the_step_that_reads(
    world: World, narrator: Narrator, told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "REPORT", "README.txt")

    assert not tell(world, narrator)
    assert "FAILED   step 4: the report is not the one that lies there" in told.getvalue()


def test_a_token_of_somebody_else_fails_the_first_step(
    world: World, narrator: Narrator, told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "sign_in", lambda http, **asked: sign_in(http, **{**asked, "person": "ben"}))

    assert not tell(world, narrator)
    assert "FAILED   step 1: the ID token is of ben" in told.getvalue()


def test_a_session_of_another_length_fails_its_step(
    world: World, narrator: Narrator, told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "_SLOWEST_SECONDS", -1)

    assert not tell(world, narrator)
    assert "FAILED   step 2: the session lasts 0:1" in told.getvalue()


def test_a_request_without_its_audit_line_fails_its_step(
    world: World, narrator: Narrator, told: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(World, "audit_record", lambda _self, _request_id: None)

    assert not tell(world, narrator)
    assert "FAILED   step 2: the audit log has no line of the request" in told.getvalue()


def credentials_of_ben(stage: Stage) -> Credentials:
    ben, _ = script._came_back(stage, "ben")
    answer = aws_client.sts_client(stage.world.addresses.gateway, stage.seen).assume_role_with_web_identity(
        RoleArn=ENGINEER, RoleSessionName="ben", WebIdentityToken=ben.id_token
    )
    return Credentials.of(answer["Credentials"])


def test_another_caller_fails_the_step_that_asks(world: World, narrator: Narrator) -> None:
    with own_environment(), httpx.Client(trust_env=False) as http:
        stage = Stage(world=world, narrator=narrator, http=http, seen=SeenRequests())

        with pytest.raises(StepFailed, match="the caller is arn:aws:sts::111122223333:assumed-role/Engineer/ben"):
            script._identify(stage, credentials_of_ben(stage))


def test_a_refusal_of_another_kind_fails_its_step(world: World, narrator: Narrator) -> None:
    with own_environment(), httpx.Client(trust_env=False) as http:
        stage = Stage(world=world, narrator=narrator, http=http, seen=SeenRequests())
        stranger = replace(credentials_of_ben(stage), secret_access_key="s" * 40)
        client = aws_client.sts_client(world.addresses.gateway, stage.seen, stranger)

        with pytest.raises(StepFailed, match="refused by 403 SignatureDoesNotMatch, not by 403 ExpiredToken"):
            script._refused(stage, "ExpiredToken", 403, client.get_caller_identity)


def test_an_issuer_that_is_gone_fails_the_first_step(narrator: Narrator, told: io.StringIO) -> None:
    with running() as gone:
        pass

    assert not tell(gone, narrator)
    assert "FAILED   step 1: " in told.getvalue()


def test_the_clients_dates_are_the_worlds_inside_and_the_systems_again_after() -> None:
    signer: Any = botocore.auth
    real = signer.get_current_datetime
    clock = DemoClock()
    clock.move(timedelta(days=365))

    with dated_by(clock):
        inside = signer.get_current_datetime()

    assert abs(inside - clock.now().replace(tzinfo=None)) < timedelta(seconds=5)
    assert signer.get_current_datetime is real


def test_a_botocore_with_other_dates_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(botocore.auth, "get_current_datetime")

    with pytest.raises(UnknownBotocore, match="pip install --upgrade boto3"), dated_by(DemoClock()):
        pass


def test_nothing_of_the_users_aws_settings_reaches_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "https://sts.example.com")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com")
    before = dict(os.environ)

    with own_environment():
        assert {"AWS_PROFILE", "AWS_ENDPOINT_URL_STS", "HTTPS_PROXY"}.isdisjoint(os.environ)
        assert os.environ["AWS_CONFIG_FILE"] == os.devnull
        client = aws_client.sts_client("http://127.0.0.1:1", SeenRequests())
        assert client.meta.endpoint_url == "http://127.0.0.1:1"
        client.close()

    assert dict(os.environ) == before


def test_the_demo_runs_beside_a_users_own_settings(
    world: World, narrator: Narrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "absent")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAABSENT")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    assert tell(world, narrator)
