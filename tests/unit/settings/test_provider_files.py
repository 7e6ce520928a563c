"""What providers' files of authorities and keys hold is looked at before anything serves."""

import os
from pathlib import Path

import pytest

from gateway.settings.parse import parse
from gateway.settings.provider_files import provider_file_faults
from gateway.settings.tree import Section
from tests.unit.settings.written import provider_files


def told(folder: Path, kind: str, key: str, file: str) -> list[tuple[int, str, str]]:
    root = parse(f"providers:\n  p:\n    type: {kind}\n    {key}: {folder}/{file}\n", folder / "c.yaml", [])
    assert isinstance(root, Section)
    return [(fault.line, fault.key, fault.message) for fault in provider_file_faults(root)]


@pytest.mark.parametrize(
    ("kind", "key", "message"),
    [
        ("oidc", "ca_file", "no PEM certificate is in {file}; name the file of your CA's certificates"),
        ("ldap", "ca_file", "no PEM certificate is in {file}; name the file of your CA's certificates"),
        (
            "oidc",
            "jwks_file",
            "jwks_file {file}: the key set has no list `keys`; save what the issuer's jwks_uri answers",
        ),
    ],
)
def test_a_file_with_something_else_in_it_is_a_fault_at_its_line(
    tmp_path: Path, kind: str, key: str, message: str
) -> None:
    (tmp_path / "file").write_text("{}")

    assert told(tmp_path, kind, key, "file") == [(4, f"providers.p.{key}", message.format(file=tmp_path / "file"))]


@pytest.mark.parametrize(
    ("kind", "key", "file"),
    [("oidc", "ca_file", "ca.pem"), ("ldap", "ca_file", "ca.pem"), ("oidc", "jwks_file", "jwks.json")],
)
def test_what_can_be_used_is_no_fault(tmp_path: Path, kind: str, key: str, file: str) -> None:
    provider_files(tmp_path)

    assert told(tmp_path, kind, key, file) == []


@pytest.mark.timeout(20)
def test_what_is_no_file_is_left_to_the_check_of_paths(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert told(tmp_path, "oidc", "jwks_file", "pipe") == []
    assert told(tmp_path, "oidc", "jwks_file", "nowhere") == []
