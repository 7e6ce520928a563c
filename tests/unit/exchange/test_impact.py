"""What a change of configuration gives and takes."""

import re
from pathlib import Path

import pytest

from gateway.cli.diff import _side
from gateway.exchange.impact import Change, impact
from tests.fakes.gateway_world import SECTIONS, GatewayWorld

TRUSTED = """
        lake/Analyst:
          policies: [read-lake]
          max_session_duration: 4h
          tags: {team: blue, cost: low}
          trust_policy:
            Version: "2012-10-17"
            Statement: [{Effect: EFFECT, Principal: {AWS: "arn:aws:iam::111122223333:user/ci"}, Action: "sts:AssumeRole"}]
        lake/Engineer: {path: /team/, policies: [all-s3], permissions_boundary: read-lake, max_session_duration: 30m}
        """


def changes(tmp_path: Path, old: dict[str, str] | None = None, **sections: str) -> list[tuple[str, str, str]]:
    world = GatewayWorld(tmp_path, **(old or {}))
    found: tuple[Change, ...] = impact(_side(world.configuration), _side(world.load(**{**(old or {}), **sections})))
    return [(one.change, one.who, re.sub("SHA-256 [0-9a-f]{12}", "SHA-256 ", one.what)) for one in found]


def replaced(section: str, *pairs: tuple[str, str]) -> dict[str, str]:
    text = SECTIONS[section]
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return {section: text}


ANALYST = "may assume lake/Analyst where session tag department={claims.department}"
LAKE = "arn:aws:s3:::lake or arn:aws:s3:::lake/*"
BACK = {
    "providers": "workforce: {type: oidc, issuer: 'https://login.example.com', audiences: [sts.amazonaws.com], jwks_file: ./jwks.json}"
}

CASES: dict[str, tuple[dict[str, str], list[tuple[str, str, str]]]] = {
    "a group for another": (
        replaced("mappings", ("groups: [analysts]", "groups: [finance]")),
        [("loses", "group analysts of workforce", ANALYST), ("gains", "group finance of workforce", ANALYST)],
    ),
    "one more group": (
        replaced("mappings", ("groups: [analysts]", "groups: [finance, analysts]")),
        [("gains", "group finance of workforce", ANALYST)],
    ),
    "one more claim": (
        {"mappings": f"{SECTIONS['mappings']}- {{provider: workforce, claims: {{sub: ['a/*', b]}}, roles: [lake/Engineer]}}"},
        [
            ("gains", "everybody of workforce", "may assume lake/Engineer where claim sub matches a/*"),
            ("gains", "everybody of workforce", "may assume lake/Engineer where claim sub matches b"),
        ],
    ),
    "a service for one account alone": (
        {"services": "store: {type: s3, hosts: [s3.example.com], proxy_token: secret-proxy-token, principals: [lake]}"},
        [
            ("gains", "callers of account 111122223333", "served by service store"),
            ("loses", "callers of every account", "served by service store"),
        ],
    ),
    "a service's hosts, region and sharing": (
        {
            "services": "store: {type: s3, hosts: [s4.example.com], proxy_token: secret-proxy-token, region: eu-west-1, "
            "share_signing_key: true}"
        },
        [
            ("loses", "service store", "requests of s3, signed for any region, requests to s3.example.com"),
            (
                "gains",
                "service store",
                "requests of s3, signed for eu-west-1, requests to s4.example.com, signing keys that servers of other entries may hold",
            ),
        ],
    ),
    "no service": (
        {"services": ""},
        [
            ("loses", "callers of every account", "served by service store"),
            ("loses", "service store", "requests of s3, signed for any region, requests to s3.example.com"),
        ],
    ),
    "a service's token and proxy": (
        {"services": "store: {type: s3, hosts: [s3.example.com], proxy_token: another-proxy-token, proxy: nginx}"},
        [],
    ),
    "a tag": (
        replaced("mappings", ("{claims.department}", "x")),
        [
            ("loses", "group analysts of workforce", ANALYST),
            ("gains", "group analysts of workforce", "may assume lake/Analyst where session tag department=x"),
        ],
    ),
    "an action for another": (
        replaced("policies", ('"s3:ListBucket"', '"s3:PutObject"')),
        [
            ("loses", "role lake/Analyst", f"s3:ListBucket on {LAKE}"),
            ("gains", "role lake/Analyst", f"s3:PutObject on {LAKE}"),
            ("loses", "role lake/Engineer", f"s3:ListBucket on {LAKE} within its permissions boundary"),
            ("gains", "role lake/Engineer", f"s3:PutObject on {LAKE} within its permissions boundary"),
            ("loses", "user lake/ci", f"s3:ListBucket on {LAKE}"),
            ("gains", "user lake/ci", f"s3:PutObject on {LAKE}"),
        ],
    ),
    "a condition": (
        replaced("policies", ('Action: "s3:*", Resource: "*"', 'Action: "s3:*", Resource: "*", Condition: {Bool: {"aws:SecureTransport": true}}')),
        [
            ("loses", "role lake/Engineer", "s3:* on *"),
            ("gains", "role lake/Engineer", "s3:* on * where aws:SecureTransport Bool true"),
        ],
    ),
    "a Deny": (
        replaced("policies", ('[{Effect: Allow, Action: "s3:*"', '[{Effect: Deny, Action: "s3:Put*", Resource: "*"}, {Effect: Allow, Action: "s3:*"')),
        [("loses", "role lake/Engineer", "s3:Put* on * (a Deny begins)")],
    ),
    "a boundary": (
        replaced("roles", (", permissions_boundary: read-lake", "")),
        [
            ("loses", "role lake/Engineer", f"s3:GetObject, s3:ListBucket on {LAKE} within its permissions boundary"),
            ("gains", "role lake/Engineer", "whatever its policies allow (no permissions boundary)"),
        ],
    ),
    "a duration": (
        replaced("roles", ("30m", "12h")),
        [
            ("loses", "role lake/Engineer", "sessions of at most 30m"),
            ("gains", "role lake/Engineer", "sessions of at most 12h"),
        ],
    ),
    "a role's tag": (
        replaced("roles", ("cost: low", "cost: high")),
        [("loses", "role lake/Analyst", "tag cost=low"), ("gains", "role lake/Analyst", "tag cost=high")],
    ),
    "the case of a role's tag": (
        replaced("roles", ("cost: low", "cost: LOW")),
        [("loses", "role lake/Analyst", "tag cost=low"), ("gains", "role lake/Analyst", "tag cost=LOW")],
    ),
    "the case of a path": (
        replaced("roles", ("path: /team/, ", "path: /Team/, ")),
        [
            ("loses", "role lake/Engineer", "ARN arn:aws:iam::111122223333:role/team/Engineer"),
            ("gains", "role lake/Engineer", "ARN arn:aws:iam::111122223333:role/Team/Engineer"),
        ],
    ),
    "the case of an issuer": (
        {"providers": BACK["providers"].replace("login.example.com", "login.example.com/Lake")},
        [
            ("loses", "people of workforce", "tokens of https://login.example.com for sts.amazonaws.com"),
            ("gains", "people of workforce", "tokens of https://login.example.com/Lake for sts.amazonaws.com"),
        ],
    ),
    "keys of its discovery": (
        {"providers": BACK["providers"].replace(", jwks_file: ./jwks.json", "")},
        [("loses", "people of workforce", "keys of jwks.json (SHA-256 ...)")],
    ),
    "a path": (
        replaced("roles", ("path: /team/, ", "")),
        [
            ("loses", "role lake/Engineer", "ARN arn:aws:iam::111122223333:role/team/Engineer"),
            ("gains", "role lake/Engineer", "ARN arn:aws:iam::111122223333:role/Engineer"),
        ],
    ),
    "a user's key": (
        replaced("users", ("EXAMPLE22", "EXAMPLE77")),
        [
            ("loses", "user lake/ci", "access key AKIAEXAMPLEEXAMPLE22"),
            ("gains", "user lake/ci", "access key AKIAEXAMPLEEXAMPLE77"),
        ],
    ),
    "an audience": (
        {"providers": "workforce: {type: oidc, issuer: 'https://login.example.com', audiences: [x], jwks_file: ./jwks.json}"},
        [
            ("loses", "people of workforce", "tokens of https://login.example.com for sts.amazonaws.com"),
            ("gains", "people of workforce", "tokens of https://login.example.com for x"),
        ],
    ),
    "what a provider's groups and algorithms are": (
        {
            "providers": "workforce: {type: oidc, issuer: 'https://login.example.com', audiences: [sts.amazonaws.com], "
            "claims: {groups: roles}, algorithms: [RS256], client_id: gateway, authorized_parties: [ci], "
            "jwks_file: ./jwks.json}"
        },
        [
            ("loses", "people of workforce", "signatures by ES256, RS256, usernames by the claim sub, groups by groups"),
            (
                "gains",
                "people of workforce",
                "browser sign-in as gateway, signatures by RS256, tokens for several given to ci, usernames by the claim sub, groups by roles",
            ),
        ],
    ),
    "a trust policy": (
        {"roles": TRUSTED.replace("EFFECT", "Allow")},
        [
            ("gains", "AWS arn:aws:iam::111122223333:user/ci", "may assume lake/Analyst where Action sts:AssumeRole"),
            ("gains", "user lake/ci", "may assume lake/Analyst"),
        ],
    ),
    "a trust policy that denies": (
        {"roles": TRUSTED.replace("EFFECT", "Deny")},
        [("loses", "AWS arn:aws:iam::111122223333:user/ci", "may assume lake/Analyst where Action sts:AssumeRole (a Deny begins)")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sections", "expected"), CASES.values(), ids=CASES)
def test_a_change_is_told_to_whom_it_gives_and_from_whom_it_takes(
    tmp_path: Path, sections: dict[str, str], expected: list[tuple[str, str, str]]
) -> None:
    assert changes(tmp_path, **sections) == expected


@pytest.mark.parametrize(("sections", "expected"), CASES.values(), ids=CASES)
def test_the_change_back_gives_what_was_taken(
    tmp_path: Path, sections: dict[str, str], expected: list[tuple[str, str, str]]
) -> None:
    back = changes(tmp_path, old=sections, **{name: SECTIONS.get(name, BACK.get(name, "")) for name in sections})

    opposite = {"gains": "loses", "loses": "gains"}
    assert sorted((change, who, what.replace("a Deny ends", "a Deny begins")) for change, who, what in back) == sorted(
        (opposite[change], who, what) for change, who, what in expected
    )


SAME: dict[str, dict[str, str]] = {
    "nothing": {},
    "mappings in another order, one of them in two": {
        "mappings": """
        - {provider: workforce, groups: [engineers], roles: [lake/Engineer]}
        - {provider: workforce, groups: [analysts], roles: [lake/Analyst], session_tags: {department: "{claims.department}"}}
        """
    },
    "a statement in two, in other words": {
        "policies": """
        read-lake:
          Version: "2012-10-17"
          Statement:
            - {Effect: Allow, Action: "S3:getobject", Resource: ["arn:aws:s3:::lake/*", "arn:aws:s3:::lake"]}
            - {Effect: Allow, Action: ["s3:ListBucket"], Resource: ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"]}
        all-s3: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}
        """
    },
}


CHAINED = """
        lake/Analyst:
          trust_policy:
            Version: "2012-10-17"
            Statement: [STATEMENTS]
        lake/Engineer: {}
        """
CI = (
    '{Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:role/Engineer"}, Action: "sts:AssumeRole", Condition: '
)
TRUSTING = (
    CI + '{StringEquals: {"sts:ExternalId": [x, y]}}}',
    CI + '{IpAddress: {"aws:SourceIp": "192.0.2.0/24"}, Bool: {"aws:SecureTransport": "true"}}}',
    '{Effect: Deny, Principal: "*", Action: "sts:AssumeRole", Condition: {Null: {"aws:SourceIp": "true"}}}',
)


def test_the_order_of_a_trust_policys_statements_is_no_change(tmp_path: Path) -> None:
    old, new = (CHAINED.replace("STATEMENTS", ", ".join(order)) for order in (TRUSTING, TRUSTING[::-1]))

    assert changes(tmp_path, {"roles": old, "mappings": "[]", "users": "{}"}, roles=new) == []


def test_another_deny_in_the_place_of_one_changes_the_ways_too(tmp_path: Path) -> None:
    old = CHAINED.replace("STATEMENTS", ", ".join(TRUSTING))
    new = old.replace('Null: {"aws:SourceIp": "true"}', 'StringEquals: {"sts:ExternalId": y}')

    found = changes(tmp_path, {"roles": old, "mappings": "[]", "users": "{}"}, roles=new)

    assert [change for change, who, _ in found if who == "role lake/Engineer"] == ["loses", "gains"]


@pytest.mark.parametrize("sections", SAME.values(), ids=SAME)
def test_order_and_style_are_no_change(tmp_path: Path, sections: dict[str, str]) -> None:
    assert changes(tmp_path, **sections) == []


def test_other_keys_in_a_file_of_the_same_name_are_told_and_its_folder_is_not(tmp_path: Path) -> None:
    world, sides = GatewayWorld(tmp_path), []
    for folder, blank in (("a", ""), ("b", ""), ("c", "\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "jwks.json").write_text((tmp_path / "jwks.json").read_text() + blank)
        sides.append(_side(world.load(providers=BACK["providers"].replace("./jwks.json", f"./{folder}/jwks.json"))))

    assert impact(sides[0], sides[1]) == ()
    assert [one.change for one in impact(sides[0], sides[2])] == ["loses", "gains"]


def test_variables_that_begin_to_count_in_a_trust_policy_are_told(tmp_path: Path) -> None:
    condition = 'Action: "sts:AssumeRole", Condition: {StringEquals: {"aws:PrincipalTag/a": "${aws:PrincipalTag/b}"}}'
    new = TRUSTED.replace("EFFECT", "Allow").replace('Action: "sts:AssumeRole"', condition)
    old = new.replace("2012-10-17", "2008-10-17")

    found = changes(tmp_path, {"roles": old}, roles=new)

    literal = "(${ is plain text)"
    assert [(change, literal in what) for change, who, what in found if who.startswith("AWS")] == [
        ("loses", True),
        ("gains", False),
    ]


DIRECTORY = (
    "corp: {type: ldap, servers: ['ldaps://dc1.corp.example'], bind_dn: 'cn=g', bind_password: x, "
    "users: {base: 'ou=people,dc=corp', filter: FILTER}, groups: {base: 'ou=groups,dc=corp', nested: NESTED}}"
)


def test_whom_a_directory_finds_is_told(tmp_path: Path) -> None:
    old, new = (
        DIRECTORY.replace("FILTER", found).replace("NESTED", nested)
        for found, nested in (("'(&(uid={username})(ou=staff))'", "none"), ("'(uid={username})'", "walk"))
    )
    sections = {"mappings": "- {provider: corp, groups: [analysts], roles: [lake/Analyst]}", "providers": old}

    groups = "groups by (member={dn}) under ou=groups,dc=corp, called by cn, nested:"
    assert changes(tmp_path, sections, providers=new) == [
        (
            "loses",
            "people of corp",
            f"{groups} none, people by (&(uid={{username}})(ou=staff)), called by uid",
        ),
        (
            "gains",
            "people of corp",
            f"{groups} walk to a depth of 20, people by (uid={{username}}), called by uid",
        ),
    ]


def test_a_sign_in_that_begins_at_a_saml_provider_is_told(tmp_path: Path) -> None:
    saml = "adfs: {type: saml, metadata: 'https://idp.example/metadata', allow_idp_initiated: STARTS}"
    old = {"mappings": "- {provider: adfs, groups: [analysts], roles: [lake/Analyst]}"}

    assert changes(
        tmp_path, {**old, "providers": saml.replace("STARTS", "false")}, providers=saml.replace("STARTS", "true")
    ) == [("gains", "people of adfs", "sign-ins that begin at the provider")]
