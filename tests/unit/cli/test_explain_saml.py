"""`sts-gateway explain` of a saved SAML answer: what came of each attribute, and why it was refused."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.main import main
from gateway.domain.assertion import UnverifiedAssertion
from tests.fakes.saml_identity_provider import SamlIdentityProvider, encoded
from tests.fakes.saml_world import AWS, SamlWorld

MAPPINGS = """
    - {provider: corp, groups: [analysts], claims: {team: blue}, roles: [lake/Analyst],
       session_tags: {cost: "{claims.costCenter}"}}
    """
ATTRIBUTES = {"team": "blue", "costCenter": "7", "shoeSize": "42", f"{AWS}SessionDuration": "7200"}


class Explained:
    """Runs the command with an answer in a file."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.world = SamlWorld(folder, mappings=MAPPINGS)
        self.folder = folder
        self.capsys = capsys

    def __call__(self, content: str | bytes, *words: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        file = self.folder / "answer"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        config = str(self.folder / "gateway.yaml")
        code = main(["explain", "--config", config, "--provider", "corp", "--identity", str(file), *words])
        return code, *self.capsys.readouterr()

    def answer(self, **changes: Any) -> UnverifiedAssertion:
        """Of 2026-03-01: long expired."""
        return self.world.assertion(**{"attributes": ATTRIBUTES, **changes})


@pytest.fixture
def explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Explained:
    return Explained(tmp_path, capsys)


def test_each_attribute_is_told_with_what_came_of_it(explained: Explained) -> None:
    code, out, err = explained(explained.answer())

    assert (code, err) == (0, "")
    assert "alice of corp (sub alice), groups: analysts" in out
    assert "The signature holds" in out
    assert "It has expired since" in out
    assert "It answers no request: AssumeRoleWithSAML takes it" in out
    assert "attribute uid = alice: the user name" in out
    assert "attribute memberOf = analysts: the groups" in out
    assert "attribute team = blue: mappings[0] asks for it" in out
    assert "attribute costCenter = 7: the session tag cost of mappings[0]" in out
    assert "attribute shoeSize = 42: nothing asks for it" in out
    assert f"attribute {AWS}SessionDuration = 7200: 7200 seconds where nobody asks for others" in out
    assert "granted: lake/Analyst by mappings[0]" in out


def test_the_xml_itself_is_read_too(explained: Explained) -> None:
    code, out, _ = explained(base64.b64decode(explained.answer()))

    assert code == 0
    assert "The signature holds" in out


def test_json_says_that_the_signature_was_checked(explained: Explained) -> None:
    _, out, _ = explained(explained.answer(), "--format", "json")

    assert json.loads(out)["signatureChecked"] is True


def test_an_answer_to_a_browsers_request_is_told_so(explained: Explained) -> None:
    code, out, _ = explained(explained.answer(in_response_to="_asked"))

    assert code == 0
    assert "AssumeRoleWithSAML refuses it" in out


def test_an_absent_attribute_is_told(explained: Explained) -> None:
    facts = replace(explained.world.facts(), attributes={"uid": "alice"})
    assertion = encoded(explained.world.saml.response(facts))

    _, out, _ = explained(assertion)

    assert "attribute memberOf is absent: no groups" in out


def test_a_refused_answer_is_told_with_its_cause_and_what_it_says_all_the_same(explained: Explained) -> None:
    code, out, err = explained(explained.answer(audiences=(("https://other.example",),)))

    assert code == 1
    assert "attribute uid = alice: the user name" in out
    assert "refused before any mapping is asked: " in err
    assert "udience" in err
    assert "granted" not in out


def test_an_answer_of_another_key_is_refused(explained: Explained) -> None:
    forged = encoded(SamlIdentityProvider(label="evil").response(explained.world.facts()))

    code, _, err = explained(forged)

    assert code == 1
    assert "no key of the identity provider" in err


@pytest.mark.parametrize("content", [b"\xff\xfe", b"not an answer", b""], ids=["bytes", "text", "nothing"])
def test_a_file_that_holds_no_answer_is_told(explained: Explained, content: bytes) -> None:
    code, out, err = explained(content)

    assert code in {1, 2}
    assert out == ""
    assert len(err.splitlines()) == 1
