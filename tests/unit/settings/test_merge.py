"""A folder of files as one configuration."""

from pathlib import Path

import pytest

from gateway.settings.faults import ConfigurationError, UnreadableConfiguration
from gateway.settings.load import load
from tests.unit.settings.written import provider_files

GATEWAY = "gateway: {public_url: https://h, keyring: k}\n"
ACCOUNTS = 'accounts: {a: "111122223333"}\n'
PROVIDER = 'providers: {p: {type: oidc, issuer: "https://i", audiences: [x]}}\n'


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / f"{name}.yaml").write_text(text)
    return path


def faults_of(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(path, environment={})
    return [fault.render("error").removeprefix(f"{path}/") for fault in caught.value.faults]


def test_sections_are_joined_and_mappings_follow_each_other_in_the_order_of_file_names(tmp_path: Path) -> None:
    path = folder(
        tmp_path,
        b="roles: {a/Two: {}}\nmappings: [{provider: p, groups: [g2], roles: [a/Two]}]\n",
        a=GATEWAY
        + ACCOUNTS
        + PROVIDER
        + "roles: {a/One: {}}\nmappings: [{provider: p, groups: [g1], roles: [a/Two]}]\n",
        c='gateway: {region: eu-west-1}\naccounts: {b: "444455556666"}\n',
    )

    configuration = load(path, environment={})

    assert [role.name for role in configuration.roles] == ["a/One", "a/Two"]
    assert [(one.mapping_id, set(one.groups)) for one in configuration.mappings] == [
        ("mappings[0]", {"g1"}),
        ("mappings[1]", {"g2"}),
    ]
    assert configuration.gateway.region == "eu-west-1"
    assert dict(configuration.accounts) == {"a": "111122223333", "b": "444455556666"}
    assert [source.name for source in configuration.sources] == ["a.yaml", "b.yaml", "c.yaml"]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (
            "roles: {a/One: {}}\n",
            "roles:\n  a/One: {}\n",
            "z.yaml:2: error: roles.a/One: set twice; first at {folder}/b.yaml:1: remove one of them",
        ),
        (
            "gateway: {region: x}\n",
            "gateway: {region: x}\n",
            "z.yaml:1: error: gateway.region: set twice; first at {folder}/b.yaml:1: remove one of them",
        ),
        (
            "gateway: {audit: {path: x}}\n",
            "gateway: {audit: {on_failure: drop}}\n",
            "z.yaml:1: error: gateway.audit: set twice; first at {folder}/b.yaml:1: remove one of them",
        ),
        (
            "mappings: []\n",
            "mappings: {}\n",
            "z.yaml:1: error: mappings: set twice; first at {folder}/b.yaml:1: remove one of them",
        ),
    ],
)
def test_a_key_set_in_two_files_is_told_with_both_places(tmp_path: Path, first: str, second: str, told: str) -> None:
    path = folder(tmp_path, a=GATEWAY + ACCOUNTS, b=first, z=second)

    assert told.replace("{folder}", str(path)) in faults_of(path)


def test_faults_of_several_files_are_told_at_once_each_with_its_file(tmp_path: Path) -> None:
    path = folder(tmp_path, a=GATEWAY, b="roles: {x/One: {}}\n", c="mappings: [", d="- list\n")

    told = faults_of(path)

    assert [one.split(":")[0] for one in told] == ["b.yaml", "c.yaml", "d.yaml"]
    assert "must be sections" in told[2]


def test_relative_paths_count_from_the_file_they_stand_in(tmp_path: Path) -> None:
    path = folder(tmp_path, a=GATEWAY)

    assert load(path, environment={}).gateway.keyring == path / "k"


def test_a_section_may_stand_without_a_value(tmp_path: Path) -> None:
    path = folder(tmp_path, a=GATEWAY + "accounts:\nproviders:\nroles:\npolicies:\nmappings:\nusers:\nservices:\n")

    assert load(path, environment={}).roles == ()


def test_hidden_files_are_left_out_and_other_endings_are_warned_of(tmp_path: Path) -> None:
    path = folder(tmp_path, a=GATEWAY)
    (path / ".a.yaml.swp.yaml").write_text("[")
    (path / "roles.yml").write_text("roles: {}")

    warnings = load(path, environment={}).warnings

    assert [(warning.file.name, warning.line) for warning in warnings] == [("roles.yml", 0)]
    assert "only *.yaml counts" in warnings[0].message


def test_files_that_settings_name_are_not_warned_of(tmp_path: Path) -> None:
    policy = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
    path = folder(
        tmp_path,
        a=GATEWAY.replace("keyring: k", "keyring: ./keyring.json"),
        b="providers: {p: {type: oidc, issuer: 'https://i', audiences: [a], jwks_file: ./keys.json}}\n",
        c="policies: {none: '${file:./policy.json}'}\n",
    )
    (path / "policy.json").write_text(policy)
    provider_files(path, keys="keys.json")
    for name in ("keyring.json", "claims.json"):
        (path / name).touch()

    assert [warning.file.name for warning in load(path, environment={}).warnings] == ["claims.json"]


def test_a_folder_without_yaml_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableConfiguration, match=r"without any \*\.yaml"):
        load(tmp_path)


def test_a_folder_of_too_many_files_is_unreadable(tmp_path: Path) -> None:
    for number in range(1001):
        (tmp_path / f"{number}.yaml").touch()

    with pytest.raises(UnreadableConfiguration, match="more than 1000"):
        load(tmp_path)


def test_the_files_of_a_mounted_config_map_are_read_through_their_links(tmp_path: Path) -> None:
    target = tmp_path / "..2026"
    target.mkdir()
    (target / "a.yaml").write_text(GATEWAY)
    (tmp_path / "a.yaml").symlink_to(target / "a.yaml")

    assert load(tmp_path, environment={}).gateway.public_url == "https://h"
