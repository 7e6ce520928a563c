"""`sts-gateway revoke`: which request it sends, and how it tells what came of it."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.cli.main import main
from gateway.client.api import GatewayApi, GatewayRefusal
from gateway.client.connection import GatewayUnreachable
from gateway.domain.authentication import EndedSignIn, RevocationRequest, Revoked
from gateway.domain.revocation import Revocation, RevocationKind
from tests.unit.domain.test_revocation import KEPT, NOW

URL = ("revoke", "--url", "https://sts.example.com")


class Asked:
    """The requests that would have been sent, and what is answered."""

    def __init__(self) -> None:
        self.requests: list[RevocationRequest] = []
        self.keys: list[str] = []
        self.fault: Exception | None = None
        self.sign_ins: tuple[EndedSignIn, ...] = ()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    asked = Asked()

    def revoke(api: GatewayApi, request: RevocationRequest) -> Revoked:
        asked.requests.append(request)
        asked.keys.append(api.credentials().access_key_id)
        if asked.fault is not None:
            raise asked.fault
        made = Revocation(kind=request.kind, value=request.value, issued_before=NOW, until=NOW + KEPT)
        return Revoked(revocation=made, sign_ins=asked.sign_ins)

    monkeypatch.setattr(GatewayApi, "revoke", revoke)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOPERATOR")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return asked


@pytest.mark.parametrize(
    ("option", "kind"),
    [
        ("--session", RevocationKind.SESSION),
        ("--access-key", RevocationKind.ACCESS_KEY),
        ("--subject", RevocationKind.SUBJECT),
        ("--role", RevocationKind.ROLE),
    ],
)
def test_one_thing_is_revoked(
    asked: Asked, capsys: pytest.CaptureFixture[str], option: str, kind: RevocationKind
) -> None:
    assert main([*URL, option, "x/y"]) == 0

    assert asked.requests == [RevocationRequest(kind=kind, value="x/y")]
    assert asked.keys == ["AKIAOPERATOR"]
    assert "x/y" in capsys.readouterr().out


def test_the_sign_ins_that_it_ended_are_told_a_line_each(asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    by_browser = EndedSignIn(
        id="7QX2M4ZB5KDWTA3C",
        provider="corp",
        user_name="alice",
        begun=NOW,
        address="192.0.2.7",
        client="Mozilla\x1b[31m",
        programs=(),
    )
    asked.sign_ins = (by_browser, replace(by_browser, id="B" * 16, programs=("aws-cli", "botocore")))

    assert main([*URL, "--subject", "corp/uuid-alice"]) == 0

    _, first, second = capsys.readouterr().out.splitlines()
    assert first == ("sign-in 7QX2M4ZB5KDWTA3C: alice of corp, 2026-03-01T12:00:00Z, from 192.0.2.7, Mozilla\\x1b[31m")
    assert second.endswith("from 192.0.2.7, aws-cli, botocore")


@pytest.mark.parametrize("words", [(), ("--session", "a", "--role", "b")], ids=["nothing", "two things"])
def test_exactly_one_thing_is_named(asked: Asked, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*URL, *words])

    assert ended.value.code == 2
    assert asked.requests == []


FAULTS: dict[str, Any] = {
    "refused": GatewayRefusal(status=403, code="AccessDenied", fault="f", message="no, ask", of_request=False),
    "not reached": GatewayUnreachable("no, ask"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_refusal_is_one_line(asked: Asked, capsys: pytest.CaptureFixture[str], fault: Exception) -> None:
    asked.fault = fault

    assert main([*URL, "--role", "lake/Analyst"]) == 1

    assert capsys.readouterr().err == "sts-gateway revoke: no, ask\n"


def test_a_key_that_the_gateway_does_not_know_is_told_with_the_mend(
    asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "InvalidClientTokenId"
    asked.fault = GatewayRefusal(status=403, code=code, fault="f", message="It is invalid.", of_request=False)

    assert main([*URL, "--session", "x"]) == 1

    told = capsys.readouterr().err
    assert told.startswith("sts-gateway revoke: It is invalid. Sign with a key under `users`, or a session, of this")


@pytest.mark.parametrize("url", ["http://sts.example.com", "ftp://x", "https://sts.example.com/path", "sts"])
def test_an_address_that_nobody_should_trust_is_bad_usage(
    asked: Asked, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    assert main(["revoke", "--url", url, "--role", "a/b"]) == 2

    assert "https" in capsys.readouterr().err
    assert asked.requests == []


def test_without_credentials_it_says_where_to_put_them(
    asked: Asked, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("HOME", "/nonexistent")

    assert main([*URL, "--role", "a/b"]) == 2

    assert "AWS_ACCESS_KEY_ID" in capsys.readouterr().err
    assert asked.requests == []
