"""`sts-gateway explain`: what it says, to which stream, and its exit codes."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.explain import NOTICE
from gateway.cli.main import main

CONFIG = """\
gateway: {public_url: https://sts.example.com, keyring: ./keyring.json}
accounts: {lake: "111122223333"}
providers:
  workforce: {type: oidc, issuer: "https://login.example.com", audiences: [sts.amazonaws.com]}
  browser: {type: oidc, issuer: "https://browser.example.com", client_id: gateway}
roles: {lake/Admin: {}, lake/Analyst: {}, lake/Other: {}}
mappings:
  - {provider: workforce, groups: [analysts], roles: [lake/Analyst], session_tags: {team: "{claims.team}"}}
  - {provider: workforce, groups: [admins], claims: {sub: "a*"}, roles: [lake/Admin]}
  - {provider: browser, roles: [lake/Other]}
"""
ALICE: dict[str, Any] = {"sub": "alice", "groups": ["analysts", "devs"], "team": "blue"}
FILLED = "Taken for granted, since the claims lack them: iss, aud, iat, exp."


class Explained:
    """Runs the command with claims in a file."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.config = folder / "gateway.yaml"
        self.config.write_text(CONFIG)
        self.file = folder / "claims.json"
        self.capsys = capsys

    def __call__(self, claims: Any, *words: str, provider: str = "workforce") -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        self.file.write_text(claims if isinstance(claims, str) else json.dumps(claims))
        return self.run("--provider", provider, "--identity", str(self.file), *words)

    def run(self, *words: str) -> tuple[int, str, str]:
        code = main(["explain", "--config", str(self.config), *words])
        return code, *self.capsys.readouterr()

    def json(self, claims: Any, *words: str, provider: str = "workforce") -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self(claims, "--format", "json", *words, provider=provider)[1])
        return told


@pytest.fixture
def explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Explained:
    return Explained(tmp_path, capsys)


def test_a_granted_role_is_told_with_its_mapping_and_tags(explained: Explained) -> None:
    code, out, err = explained(ALICE, "--role", "lake/Analyst")

    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "alice of workforce (sub alice), groups: analysts, devs",
        NOTICE,
        FILLED,
        "",
        "granted: lake/Analyst by mappings[0]",
        "  session tag team = blue",
    ]


def test_a_refused_role_is_told_with_the_nearest_mapping_and_one_line_of_error(explained: Explained) -> None:
    code, out, err = explained(ALICE, "--role", "lake/Admin")

    assert code == 1
    assert out.splitlines()[-2:] == [
        "refused: lake/Admin: no mapping gives lake/Admin to this identity of workforce",
        "  mappings[1] needs group admins; known groups: analysts, devs",
    ]
    assert err == (
        "sts-gateway explain: lake/Admin is refused: mappings[1] needs group admins; known groups: analysts, devs\n"
    )


def test_without_a_role_one_granted_role_is_enough(explained: Explained) -> None:
    code, out, err = explained(ALICE)

    assert (code, err) == (0, "")
    assert [line for line in out.splitlines() if line.startswith(("granted", "refused"))] == [
        "granted: lake/Analyst by mappings[0]",
        "refused: lake/Admin: no mapping gives lake/Admin to this identity of workforce",
        "refused: lake/Other: no mapping gives lake/Other to this identity of workforce",
    ]


def test_where_nothing_is_granted_the_nearest_of_all_is_told(explained: Explained) -> None:
    code, _, err = explained({"sub": "bob", "groups": ["admins"]})

    assert code == 1
    assert err == ("sts-gateway explain: lake/Admin is refused: mappings[1] needs claim sub to match a*; it is bob\n")


def test_json_tells_every_statement(explained: Explained) -> None:
    told = explained.json(ALICE, "--role", "lake/Admin")

    assert told["signatureChecked"] is False
    assert told["notes"] == [NOTICE, FILLED]
    assert told["roles"] == [
        {
            "role": "lake/Admin",
            "roleArn": "arn:aws:iam::111122223333:role/Admin",
            "allowed": False,
            "allowedBy": [],
            "cause": "no mapping gives lake/Admin to this identity of workforce",
            "tags": {},
            "transitiveTagKeys": [],
            "sourceIdentity": None,
            "statements": [
                {
                    "id": "mappings[1]",
                    "sid": None,
                    "effect": "Allow",
                    "matches": False,
                    "missing": ["needs group admins; known groups: analysts, devs"],
                }
            ],
        }
    ]


def test_claims_come_from_standard_input_too(explained: Explained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(ALICE).encode())))

    assert explained.run("--provider", "workforce", "--identity", "-")[0] == 0


def test_complete_claims_need_nothing_taken_for_granted(explained: Explained) -> None:
    claims = {**ALICE, "iss": "https://login.example.com", "aud": ["sts.amazonaws.com"], "iat": 1, "exp": 3600}

    assert explained.json(claims)["notes"] == [
        NOTICE,
        "The claims' exp has passed; they are judged as if it had not.",
    ]


def test_a_provider_for_browsers_alone_takes_tokens_for_its_client(explained: Explained) -> None:
    told = explained.json({"sub": "alice"}, provider="browser")

    assert [role["role"] for role in told["roles"] if role["allowed"]] == ["lake/Other"]


def test_an_unverified_email_is_told(explained: Explained) -> None:
    claims = {**ALICE, "email": "alice@example.com"}

    note = "The e-mail address does not count: it is one only with email_verified true."
    assert note in explained.json(claims)["notes"]
    assert note not in explained.json({**claims, "email_verified": True})["notes"]


def test_what_the_token_asks_for_is_told(explained: Explained) -> None:
    claims = {
        **ALICE,
        "https://aws.amazon.com/tags": {"principal_tags": {"Project": ["x"]}, "transitive_tag_keys": ["Project"]},
        "https://aws.amazon.com/source_identity": "alice@corp",
    }

    assert explained(claims, "--role", "lake/Analyst")[1].splitlines()[-4:] == [
        "  session tag team = blue",
        "  session tag Project = x",
        "  transitive tags: Project",
        "  source identity: alice@corp",
    ]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": (
        {"iss": "https://login.example.com/"},
        (
            "iss is not the provider's issuer; iss is 'https://login.example.com/', "
            "the provider's issuer 'https://login.example.com'"
        ),
    ),
    "an issuer that is no text": (
        {"iss": {}},
        "iss is not the provider's issuer; iss is '{}', the provider's issuer 'https://login.example.com'",
    ),
    "another audience": (
        {"aud": "other"},
        "aud has none of the provider's audiences; aud is 'other', its audiences 'sts.amazonaws.com'",
    ),
    "other audiences": (
        {"aud": ["other", "more"]},
        "aud has none of the provider's audiences; aud is 'other, more', its audiences 'sts.amazonaws.com'",
    ),
    "a subject that is no text": ({"sub": 7}, "sub is not a text of 1 to 255 printable characters"),
}


@pytest.mark.parametrize(("changed", "cause"), REFUSED.values(), ids=REFUSED)
def test_claims_that_no_token_could_pass_with_are_refused(
    explained: Explained, changed: dict[str, Any], cause: str
) -> None:
    told = f"sts-gateway explain: a token with these claims is refused before any mapping is asked: {cause}\n"

    assert explained({**ALICE, **changed}) == (1, "", told)


def test_claims_cannot_forge_lines_or_move_the_cursor(explained: Explained) -> None:
    _, out, err = explained({"sub": "x", "groups": ["a\ngranted: lake/Admin by mappings[1]", "\x1b[2J"]})

    assert "granted:" not in {line[:8] for line in out.splitlines()}
    assert r"a\ngranted: lake/Admin" in out
    assert r"\x1b[2J" in err
    assert "\x1b" not in out + err


BAD: dict[str, tuple[list[str], str, str]] = {
    "an unknown provider": (["--provider", "workforc"], "{}", "unknown provider 'workforc'; did you mean 'workforce'?"),
    "an unknown role": (["--role", "lake/Analist"], "{}", "unknown role 'lake/Analist'; did you mean 'lake/Analyst'?"),
    "claims that are no JSON": ([], "eyJh.eyJz.sig", "is not JSON"),
    "a claim twice": ([], '{"sub": "a", "sub": "b"}', "holds one name twice in an object"),
    "a list": ([], "[]", "is not a JSON object"),
    "too much": ([], " " * 1_000_001, "is larger than 1000000 bytes"),
    "no such file": (["--identity", "/nowhere/claims.json"], "{}", "cannot be read: No such file or directory"),
}


@pytest.mark.parametrize(("words", "claims", "told"), BAD.values(), ids=BAD)
def test_what_cannot_be_asked_is_bad_usage(explained: Explained, words: list[str], claims: str, told: str) -> None:
    code, out, err = explained(claims, *words)

    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_a_configuration_without_roles_grants_nothing(explained: Explained) -> None:
    explained.config.write_text(CONFIG[: CONFIG.index("roles:")])

    code, _, err = explained(ALICE)

    assert (code, err) == (
        1,
        "sts-gateway explain: no role is configured; add one under `roles` and a mapping that gives it\n",
    )


def test_only_the_nearest_roles_are_told_on_a_terminal(explained: Explained) -> None:
    roles = "".join(f"  lake/R{number}: {{}}\n" for number in range(9))
    explained.config.write_text(
        CONFIG.replace("roles: {lake/", f"roles:\n{roles}  lake/")
        .replace(": {}, lake/", ": {}\n  lake/")
        .replace("lake/Other: {}}", "lake/Other: {}")
    )

    _, out, _ = explained({"sub": "bob"})

    assert out.count("refused: ") == 5
    assert out.splitlines()[-1] == "7 more roles are refused; --role tells of one, --format json of all"
