"""Warnings of secrets: written out where everybody reads, no references although meant so, easily guessed."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gateway.settings.load import load
from tests.unit.settings.written import Written, marked_line

SECRET = "0123456789abcdefghij"
WRITTEN_OUT = "a secret is written out"
OIDC = 'type: oidc, issuer: "https://login.example.com", audiences: [a], client_id: x'


def told(written: Written, text: str) -> list[tuple[int, str, str]]:
    path = written.write(text)
    path.chmod(0o644)
    return [(one.line, one.key, one.message) for one in load(path, environment={"SECRET": SECRET}).warnings]


@pytest.fixture
def shared() -> Iterator[Written]:
    """In a folder that everybody on the machine may enter, and all above it."""
    with TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Written(Path(folder))


@pytest.mark.parametrize(
    ("sections", "key"),
    [
        ({"users": f"data-platform/ci:\n  access_keys:\n  - id: AKIAEXAMPLEEXAMPLE22\n    secret: {SECRET}  # HERE"},
         "users.data-platform/ci.access_keys[0].secret"),
        ({"providers": f"workforce: {{{OIDC}, client_secret: {SECRET}}}  # HERE"}, "providers.workforce.client_secret"),
        ({"gateway": f"public_url: https://h\nkeyring: k\nstate: redis://:{SECRET}@h  # HERE"}, "gateway.state"),
        ({"gateway": "public_url: https://h\nkeyring: k\nstate: redis+sentinel://h/n?sentinel_password=x  # HERE"},
         "gateway.state"),
    ],
)  # fmt: skip
def test_a_secret_that_is_written_out_in_a_file_for_everybody_is_told_without_itself(
    shared: Written, sections: dict[str, str], key: str
) -> None:
    text = shared.text(**{"users": "", "mappings": "", **sections})

    found = [one for one in told(shared, text) if WRITTEN_OUT in one[2]]

    assert [(line, at) for line, at, _ in found] == [(marked_line(text), key)]
    assert SECRET not in found[0][2]


@pytest.mark.parametrize("secret", ['"${env:SECRET}"', '"${file:./secret}"', '"x${env:SECRET}"'])
def test_a_secret_by_reference_is_no_danger(shared: Written, secret: str) -> None:
    (shared.folder / "secret").write_text(SECRET)
    users = f"data-platform/ci: {{access_keys: [{{id: AKIAEXAMPLEEXAMPLE22, secret: {secret}}}]}}"

    assert told(shared, shared.text(users=users)) == []


def test_the_path_of_a_private_key_and_an_address_without_password_are_no_secrets(shared: Written) -> None:
    for name in ("c.pem", "k.pem"):
        (shared.folder / name).touch()
    gateway = (
        "public_url: https://h\nkeyring: k\nstate: redis://user@h\ntls: {certificate: ./c.pem, private_key: ./k.pem}"
    )

    assert told(shared, shared.text(users="", gateway=gateway)) == []


@pytest.mark.parametrize(("mode", "folder"), [(0o640, 0o755), (0o644, 0o750)])
def test_a_file_that_others_cannot_read_may_hold_secrets(shared: Written, mode: int, folder: int) -> None:
    path = shared.write(shared.text())
    path.chmod(mode)
    shared.folder.chmod(folder)

    assert shared.load().warnings == ()


def test_below_a_home_of_ones_own_nobody_else_reads(shared: Written) -> None:
    folder = shared.folder / "home" / "gateway"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    folder.parent.chmod(0o700)
    below = Written(folder)

    assert told(below, below.text()) == []


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("${OIDC_SECRET}", True),
        ("${vault:secret/oidc}", True),
        ("${ENV:OIDC_SECRET}", True),
        ("$${env:OIDC_SECRET}", False),
        ("${env:SECRET}", False),
        ("$OIDC_SECRET", False),
    ],
)
def test_what_looks_like_a_reference_and_is_none_is_told(written: Written, value: str, meant: bool) -> None:
    text = written.text(providers=f'workforce: {{{OIDC}, client_secret: "{value}"}}  # HERE')

    found = [(line, key) for line, key, message in told(written, text) if "stands as it is" in message]

    assert found == ([(marked_line(text), "providers.workforce.client_secret")] if meant else [])


def test_variables_of_policies_are_no_references(written: Written) -> None:
    policy = (
        "{Version: '2012-10-17', Statement: {Effect: Allow, Action: '*', Resource: 'arn:aws:s3:::${aws:username}'}}"
    )
    roles = f"data-platform/Analyst: {{policies: [own, {policy}], permissions_boundary: own}}"

    assert told(written, written.text(policies=f"own: {policy}", roles=roles)) == []


@pytest.mark.parametrize(
    ("token", "guessed"), [("CHANGE-ME", True), ("0123456789abcde", True), ("0123456789abcdef", False)]
)
def test_a_token_of_a_proxy_that_can_be_guessed_is_told(written: Written, token: str, guessed: bool) -> None:
    text = written.text(
        services=f"lake: {{type: s3, hosts: [h], account: data-platform, proxy_token: {token}}}  # HERE"
    )

    found = [(line, key) for line, key, message in told(written, text) if "guessed" in message]

    assert found == ([(marked_line(text), "services.lake.proxy_token")] if guessed else [])
