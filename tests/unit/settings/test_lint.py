"""Warnings: what is valid and dangerous, and what this version does not act on."""

from pathlib import Path

import pytest

from tests.unit.settings.written import Written, marked_line


def warned(written: Written, **sections: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.key, one.message) for one in written.load(environment=None, **sections).warnings]


def claims(sub: str, provider: str = "workforce") -> dict[str, str]:
    return {"mappings": f"- provider: {provider}\n  roles: [data-platform/Analyst]\n  claims:\n    sub: {sub}  # HERE"}


@pytest.mark.parametrize(
    ("mapping", "everybody"),
    [
        ("{provider: workforce, roles: [data-platform/Analyst]}", True),
        ("{provider: workforce, roles: [data-platform/Analyst], require: {amr: [mfa]}}", True),
        ("{provider: workforce, roles: [data-platform/Analyst], claims: {sub: '*'}}", True),
        ("{provider: workforce, roles: [data-platform/Analyst], claims: {sub: ['**', '*']}}", True),
        ("{provider: workforce, roles: [data-platform/Analyst], claims: {sub: '?*'}}", False),
        ("{provider: workforce, roles: [data-platform/Analyst], groups: [g]}", False),
        ("{provider: workforce, roles: [data-platform/Analyst], group_pattern: 'x-{role}'}", False),
    ],
)
def test_a_mapping_that_lets_in_everybody_is_told(written: Written, mapping: str, everybody: bool) -> None:
    told = [message for _, key, message in warned(written, mappings=f"- {mapping}") if key == "mappings[0]"]

    assert any("everybody of its provider" in message for message in told) is everybody


@pytest.mark.parametrize(
    ("sub", "told"),
    [
        ('"repo:org*"', True),
        ('"repo:org/app*"', True),
        ('"system:serviceaccount:etl*"', True),
        ('["repo:org/app:ref:refs/heads/main", "repo:other*"]', True),
        ('"repo:org/*"', False),
        ('"system:serviceaccount:etl:*"', False),
        ('"repo:org/app:ref:refs/heads/release-*"', False),
        ('"project_path:group/app:ref_type:branch:ref:rel*"', False),
        ('"repo:org/app:environment:production"', False),
        ('"*:admin"', False),
    ],
)
def test_a_glob_that_covers_names_beginning_alike_is_told(written: Written, sub: str, told: bool) -> None:
    sections = claims(sub)
    line = marked_line(written.text(**sections))

    crossing = [one for one in warned(written, **sections) if "only begin alike" in one[2]]

    assert [(at, key) for at, key, _ in crossing] == ([(line, "mappings[0].claims.sub")] if told else [])


@pytest.mark.parametrize(
    ("issuer", "condition", "told"),
    [
        ("https://token.actions.githubusercontent.com", "groups: [g]", True),
        ("https://token.actions.githubusercontent.com", "claims: {ref: refs/heads/main}", True),
        ("https://token.actions.githubusercontent.com", "claims: {sub: '*'}", True),
        ("https://token.actions.githubusercontent.com", "claims: {sub: 'repo:*'}", True),
        ("https://token.actions.githubusercontent.com", "claims: {sub: ['repo:org/*', '*/app:*']}", True),
        ("https://token.actions.githubusercontent.com", "claims: {sub: 'repo:org/*'}", False),
        ("https://token.actions.githubusercontent.com", "claims: {repository_owner_id: '42'}", False),
        ("https://gitlab.com", "claims: {ref: main}", True),
        ("https://gitlab.com", "claims: {namespace_path: org}", False),
        ("https://app.terraform.io", "claims: {aud: x}", True),
        ("https://app.terraform.io", "claims: {terraform_organization_name: org}", False),
        ("https://login.microsoftonline.com/common/v2.0", "groups: [g]", True),
        ("https://login.microsoftonline.com/common/v2.0", "claims: {tid: 0-1-2}", False),
        ("https://login.microsoftonline.com/0-1-2/v2.0", "groups: [g]", False),
        ("https://gitlab.example.com", "groups: [g]", False),
    ],
)
def test_a_shared_issuer_without_a_condition_on_whose_token_it_is_is_told(
    written: Written, issuer: str, condition: str, told: bool
) -> None:
    warnings = warned(
        written,
        providers=f'workforce: {{type: oidc, issuer: "{issuer}", audiences: [a]}}',
        mappings=f"- {{provider: workforce, roles: [data-platform/Analyst], {condition}}}",
    )

    shared = [one for one in warnings if "signs tokens for everybody" in one[2]]
    assert [key for _, key, _ in shared] == (["mappings[0].claims"] if told else [])


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("provider: workforce, groups: [b], roles: [data-platform/Analyst], session_tags: {Dep: '{claims.d}'}", True),
        ("provider: workforce, group_pattern: '{role}', roles: ['{account}/Analyst'], session_tags: {dep: x}", True),
        ("provider: workforce, groups: [b], roles: [data-platform/Analyst], session_tags: {dep: '{username}'}", False),
        ("provider: workforce, groups: [b], roles: [web-shop/Admin], session_tags: {dep: x}", False),
        ("provider: cluster, groups: [b], roles: [data-platform/Analyst], session_tags: {dep: x}", False),
    ],
)
def test_one_tag_with_two_values_for_one_role_is_told(written: Written, second: str, told: bool) -> None:
    first = "{provider: workforce, groups: [a], roles: [data-platform/Analyst], session_tags: {dep: '{username}'}}"

    warnings = warned(written, mappings=f"- {first}\n- {{{second}}}")

    unlike = [message for _, _, message in warnings if "whoever both mappings let in is refused" in message]
    assert len(unlike) == int(told)


@pytest.mark.parametrize("network", ["0.0.0.0/0", '"::/0"'])
def test_proxies_everywhere_are_told(written: Written, network: str) -> None:
    warnings = warned(written, gateway=f"public_url: https://h\nkeyring: k\ntrusted_proxies: [10.0.0.0/8, {network}]")

    assert [key for _, key, _ in warnings] == ["gateway.trusted_proxies[1]"]
    assert "believes the X-Forwarded-* headers of everybody" in warnings[0][2]


@pytest.mark.parametrize("line", ["browser_session: {idle: 5m}", "throttle: {per_user: 3/1h}"])
def test_what_is_served_is_not_warned_of(written: Written, line: str) -> None:
    assert warned(written, gateway=f"public_url: https://h\nkeyring: k\n{line}") == []


@pytest.mark.parametrize(
    "address",
    [
        "'memory:'",
        "sqlite:////var/lib/state.db",
        "redis://redis:6379/0",
        "rediss://:password@redis",
        "redis+sentinel://a:26379,b:26379/master",
    ],
)
def test_a_state_that_is_kept_well_is_not_warned_of(written: Written, address: str) -> None:
    assert warned(written, gateway=f"public_url: https://h\nkeyring: k\nstate: {address}") == []


def test_sqlite_on_a_network_file_system_is_told(
    written: Written, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text("23 1 8:1 / / rw - ext4 /dev/sda rw\n24 23 0:40 / /srv/shared rw - nfs4 nas:/shared rw\n")
    monkeypatch.setattr("gateway.state.file_system.MOUNTS", mounts)

    warnings = warned(written, gateway="public_url: https://h\nkeyring: k\nstate: sqlite:////srv/shared/state.db")

    assert [key for _, key, _ in warnings] == ["gateway.state"]
    assert "network file system (nfs4), where SQLite loses writes" in warnings[0][2]


GITHUB = "Principal: {Federated: 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com'}"
ADMIN = "Principal: {AWS: 'arn:aws:iam::111122223333:user/ci'}"
SUBJECT = "'token.actions.githubusercontent.com:sub': 'repo:org/*'"


@pytest.mark.parametrize(
    ("principal", "condition", "told"),
    [
        (ADMIN, "", None),
        ("Principal: '*'", "", "everybody as Principal"),
        ("Principal: {AWS: ['arn:aws:iam::111122223333:root', '*']}", "", "everybody as Principal"),
        (ADMIN, "Condition: {StringEquals: {'sts:ExternalId': x}}", None),
        (ADMIN, "Condition: {StringNotEquals: {'sts:ExternalId': x}}", "hold too where their key is absent"),
        (ADMIN, "Condition: {StringEqualsIfExists: {'sts:ExternalId': x}}", "hold too where their key is absent"),
        (ADMIN, "Condition: {'ForAllValues:StringEquals': {'aws:TagKeys': x}}", "hold too where their key is absent"),
        (ADMIN, "Condition: {StringNotLike: {a: x}, StringLike: {b: y}}", None),
        (GITHUB, "", "signs tokens for everybody"),
        (GITHUB, "Condition: {StringEquals: {'token.actions.githubusercontent.com:aud': x}}", "for everybody"),
        (GITHUB, f"Condition: {{StringLike: {{{SUBJECT}}}}}", None),
        (GITHUB, f"Condition: {{StringNotLike: {{{SUBJECT}}}}}", "signs tokens for everybody"),
        (GITHUB, f"Condition: {{StringLike: {{{SUBJECT.replace('org/*', '*')}}}}}", "signs tokens for everybody"),
        (GITHUB, f"Condition: {{StringLike: {{{SUBJECT.replace('org/*', 'org*')}}}}}", "only begin alike"),
    ],
)
def test_a_trust_statement_that_lets_in_more_than_it_says_is_told(
    written: Written, principal: str, condition: str, told: str | None
) -> None:
    action = "'sts:AssumeRoleWithWebIdentity'" if principal == GITHUB else "'sts:AssumeRole'"
    parts = ", ".join(part for part in ("Effect: Allow", f"Action: {action}", principal, condition) if part)
    sections = {
        "roles": "data-platform/Analyst:\n  trust_policy:\n    Version: 2012-10-17\n    Statement:\n"
        f"      - {{{parts}}}  # HERE"
    }

    warnings = warned(written, **sections)

    line = marked_line(written.text(**sections))
    assert {(at, key) for at, key, _ in warnings} == (
        {(line, "roles.data-platform/Analyst.trust_policy.Statement[0]")} if told else set()
    )
    assert told is None or any(told in message for _, _, message in warnings)


def test_a_deny_of_everybody_is_no_danger(written: Written) -> None:
    trust = "{Version: 2012-10-17, Statement: {Effect: Deny, Principal: '*', Action: 'sts:AssumeRole'}}"

    assert warned(written, roles=f"data-platform/Analyst: {{trust_policy: {trust}}}") == []
