"""`sts-gateway import minio`: what MinIO's client prints becomes a configuration that the check finds in order."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.main import main
from gateway.exchange.simulate import SimulatedRequest, simulate
from gateway.settings.compiled import catalog_of
from gateway.settings.configuration import Configuration
from gateway.settings.load import load
from tests.unit.roles.made import NOW

PEOPLE, GROUPS = "ou=people,dc=example,dc=com", "ou=groups,dc=example,dc=com"
READ = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::lake/*"]}
ADMINISTER = {"Effect": "Allow", "Action": ["admin:*"]}
OPENID = {
    "type": "openid",
    "name": "_",
    "info": [
        {"key": "client_id", "value": "minio", "isCfg": True, "isEnv": False},
        {"key": "claim_name", "value": "grants", "isCfg": True, "isEnv": False},
    ],
}


def document(*statements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements), **more}


def info(name: str, policy: dict[str, Any]) -> dict[str, Any]:
    """As `mc admin policy info` prints it."""
    return {
        "PolicyName": name,
        "Policy": policy,
        "CreateDate": "2024-05-01T10:00:00Z",
        "UpdateDate": "2024-05-01T10:00:00Z",
    }


def entities(**mappings: Any) -> dict[str, Any]:
    """As `mc idp ldap policy entities --json` prints it."""
    return {"status": "success", "result": {"timestamp": "2024-05-01T10:00:00Z", **mappings}}


def of_group(name: str, *policies: str) -> dict[str, Any]:
    return {"group": f"cn={name},{GROUPS}", "policies": list(policies)}


class Imports:
    """Runs the command on files of the test's own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.policies = folder / "policies"
        self.policies.mkdir()
        self.out = self.err = ""

    def run(self, policies: dict[str, Any], *attachments: Any) -> int:
        for name, policy in policies.items():
            text = policy if isinstance(policy, str) else json.dumps(policy)
            (self.policies / f"{name}.json").write_text(text)
        file = self.folder / "attachments.json"
        file.write_text("\n".join(one if isinstance(one, str) else json.dumps(one, indent=1) for one in attachments))
        code = main(["import", "minio", "--policies", str(self.policies), "--attachments", str(file)])
        self.out, self.err = self._capsys.readouterr()
        return code

    def configuration(self) -> Configuration:
        """What was written, with the skeletons of `gateway` and `providers` uncommented, as the check reads it."""
        path = self.folder / "imported.yaml"
        path.write_text(completed(self.out))
        (self.folder / "ldap-password").write_text("secret")
        assert main(["check", "--config", str(path)]) == 0
        self._capsys.readouterr()
        return load(path)

    @property
    def comments(self) -> list[str]:
        return [line.strip().removeprefix("# ") for line in self.out.splitlines() if line.strip().startswith("# ")]


def completed(text: str) -> str:
    lines, skeleton = [], False
    for line in text.splitlines():
        skeleton = line in {"#gateway:", "#providers:"} or (skeleton and line.startswith("#"))
        lines.append(line[1:] if skeleton else line)
    return "\n".join(lines)


@pytest.fixture
def imports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Imports:
    return Imports(tmp_path, capsys)


def test_policies_attached_together_become_one_role_of_the_group(imports: Imports) -> None:
    policies = {name: info(name, document(READ)) for name in ("read", "write")}

    assert imports.run(policies, entities(groupMappings=[of_group("analysts", "write", "read")])) == 0

    made = imports.configuration()
    assert [role.name for role in made.roles] == ["minio/read+write"]
    assert set(made.policies) == {"read", "write"}
    (mapping,) = made.mappings
    assert (mapping.provider, mapping.groups) == ("ldap", frozenset({f"cn=analysts,{GROUPS}"}))


def test_groups_with_the_same_policies_share_a_role_however_the_export_tells_of_them(imports: Imports) -> None:
    told = entities(
        userMappings=[
            {"user": f"uid=bob,{PEOPLE}", "policies": ["read"], "memberOfMappings": [of_group("ops", "read")]}
        ],
        groupMappings=[of_group("analysts", "read")],
        policyMappings=[{"policy": "read", "users": None, "groups": [f"CN=Analysts, {GROUPS}"]}],
    )

    assert imports.run({"read": info("read", document(READ))}, told) == 0

    made = imports.configuration()
    (role,) = made.roles
    assert {group for one in made.mappings for group in one.groups} == {f"cn=ops,{GROUPS}", f"cn=analysts,{GROUPS}"}
    assert role.trust_policy is not None
    assert role.trust_policy["Statement"][0]["Condition"] == {
        "StringEqualsIgnoreCase": {"ldap:user": [f"uid=bob,{PEOPLE}"]}
    }


@pytest.mark.parametrize(
    "export",
    [
        document(READ),
        info("read", document(READ)),
        {"status": "success", "policy": "read", "policyInfo": info("read", document(READ)), "isGroup": False},
        {"status": "success", "policy": "read", "policyJSON": document(READ), "isGroup": False},
    ],
    ids=["bare", "info", "info --json", "older info --json"],
)
def test_every_form_of_a_policys_export_is_read(imports: Imports, export: dict[str, Any]) -> None:
    assert imports.run({"read": export}, entities(groupMappings=[of_group("analysts", "read")])) == 0
    assert imports.configuration().policies["read"]["Statement"][0]["Action"] == ["s3:GetObject"]


def test_minios_own_administration_is_left_out_and_told(imports: Imports) -> None:
    mixed = {"Effect": "Allow", "Action": ["s3:ListBucket", "admin:ServerInfo", "kms:KeyStatus"], "Resource": "*"}
    policies = {
        "console": info("console", document(ADMINISTER, READ, mixed)),
        "admin": info("admin", document(ADMINISTER)),
    }

    assert imports.run(policies, entities(groupMappings=[of_group("ops", "console", "admin")])) == 0

    made = imports.configuration()
    assert [one["Action"] for one in made.policies["console"]["Statement"]] == [["s3:GetObject"], ["s3:ListBucket"]]
    assert "admin" not in made.policies
    assert [role.name for role in made.roles] == ["minio/console"]
    assert [line.partition(": admin:*")[0] for line in imports.comments if line.startswith("console:")] == [
        "console: Statement[0] is left out",
        "console: Statement[2] loses admin:ServerInfo, kms:KeyStatus",
    ]
    assert "admin: nothing is left of it, so it is not written" in imports.comments


def test_who_has_nothing_but_minios_administration_is_told_and_gets_nothing(imports: Imports) -> None:
    told = entities(groupMappings=[of_group("ops", "admin")])

    assert imports.run({"admin": info("admin", document(ADMINISTER))}, told) == 1

    assert imports.configuration().roles == ()
    assert f"left out: group cn=ops,{GROUPS}: of admin nothing means anything here" in imports.err


WIDER = {
    "every action": ({"Action": ["*"], "Resource": ["*"]}, {"Action": ["s3:*"], "Resource": ["*"]}),
    "every service's action": (
        {"Action": ["*:Get*", "s3:PutObject"], "Resource": ["*"]},
        {"Action": ["s3:Get*", "s3:PutObject"], "Resource": ["*"]},
    ),
    "all but an action": (
        {"NotAction": ["s3:DeleteObject"], "Resource": ["*", "arn:aws:s3:::x"]},
        {"NotAction": ["s3:DeleteObject"], "Resource": ["arn:aws:s3:::*", "arn:aws:s3:::x"]},
    ),
}


@pytest.mark.parametrize(("written", "moved"), WIDER.values(), ids=WIDER)
def test_an_allow_of_everything_stays_within_s3(imports: Imports, written: Any, moved: Any) -> None:
    told = entities(groupMappings=[of_group("ops", "wide")])

    assert imports.run({"wide": info("wide", document({"Effect": "Allow", **written}))}, told) == 0

    made = imports.configuration()
    assert made.policies["wide"]["Statement"] == [{"Effect": "Allow", **moved}]
    assert any("and here every service's" in line for line in imports.comments)
    catalog = catalog_of(made)
    for action, resource in (("gateway:Revoke", "arn:aws:iam::111122223333:role/*"), ("sts:AssumeRole", "*")):
        request = SimulatedRequest(role=catalog.roles[0], action=action, resource=resource, context={})
        assert not simulate(catalog, request, NOW).allowed


def test_a_deny_of_everything_stays_as_wide_as_it_is(imports: Imports) -> None:
    deny = {"Effect": "Deny", "NotAction": ["s3:GetObject"], "NotResource": ["arn:aws:s3:::x"]}

    assert imports.run({"wide": info("wide", document(READ, deny))}, entities()) == 0

    assert imports.configuration().policies["wide"]["Statement"][1] == deny


WHOLE = "arn:aws:s3:::lake/*"
BUCKETS = {
    "a Deny covers the bucket": (
        "Deny",
        "Resource",
        "s3:*",
        [WHOLE, "arn:aws:s3:::lake"],
        "names arn:aws:s3:::lake too",
    ),
    "an exception does": ("Allow", "NotResource", "s3:*", [WHOLE, "arn:aws:s3:::lake"], "names arn:aws:s3:::lake too"),
    "an Allow does not": ("Allow", "Resource", "s3:ListBucket", [WHOLE], "add arn:aws:s3:::lake"),
    "nor does a Deny's exception": ("Deny", "NotResource", "s3:*", [WHOLE], "add arn:aws:s3:::lake"),
    "objects alone are no matter": ("Allow", "Resource", "s3:GetObject", [WHOLE], None),
}


@pytest.mark.parametrize(("effect", "element", "action", "resources", "told"), BUCKETS.values(), ids=BUCKETS)
def test_what_minio_takes_for_the_bucket_never_allows_more_here(
    imports: Imports, effect: str, element: str, action: str, resources: list[str], told: str | None
) -> None:
    """In MinIO `lake/*` is the bucket lake, too."""
    statement = {"Effect": effect, "Action": [action], element: [WHOLE]}

    assert imports.run({"p": document(statement)}, entities()) == 0

    assert imports.configuration().policies["p"]["Statement"][0][element] == resources
    notes = [line for line in imports.comments if line.startswith("p: Statement[0]")]
    assert (notes == []) if told is None else (told in notes[0])


def test_variables_and_condition_keys_are_told_one_by_one(imports: Imports) -> None:
    home = {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::home/${ldap:username}/*", "arn:aws:s3:::home/${aws:username}/*"],
        "Condition": {
            "StringLike": {"jwt:email": "*@example.com", "s3:ExistingObjectTag/team": "a", "s3:prefix": "a/*"}
        },
    }

    assert imports.run({"home": info("home", document(home))}, entities()) == 0

    told = [line.partition(": ")[2].partition(": ")[0] for line in imports.comments if line.startswith("home: ")]
    assert told == ["ldap:username", "aws:username", "jwt:email", "s3:ExistingObjectTag/team", "attached to nobody"]
    assert set(imports.configuration().policies) == {"home"}


def test_a_document_without_a_version_keeps_its_variables(imports: Imports) -> None:
    home = {"Statement": [{"Sid": "", **READ, "Resource": "arn:aws:s3:::home/${ldap:username}/*"}], "Version": ""}

    assert imports.run({"home": home}, entities()) == 0

    assert imports.configuration().policies["home"]["Version"] == "2012-10-17"
    assert "home: Version 2012-10-17 added: without it ${...} would be plain text" in imports.comments


def test_an_attached_policy_without_a_file_makes_no_role_of_the_others(imports: Imports) -> None:
    """It may be the one with the Deny."""
    told = entities(groupMappings=[of_group("ops", "read", "deny-secrets"), of_group("analysts", "read")])

    assert imports.run({"read": info("read", document(READ))}, told) == 1

    assert "no file holds the policy deny-secrets" in imports.err
    assert f"group cn=ops,{GROUPS}" in imports.err
    (mapping,) = imports.configuration().mappings
    assert mapping.groups == frozenset({f"cn=analysts,{GROUPS}"})


def test_users_of_minios_own_are_told_and_left_out(imports: Imports) -> None:
    told = entities(userMappings=[{"user": "backup", "policies": ["read"]}])

    assert imports.run({"read": info("read", document(READ))}, told) == 1
    assert "left out: user of MinIO's own backup: its secret key cannot be read out" in imports.err
    assert imports.configuration().roles == ()


def test_a_claim_that_names_policies_becomes_a_mapping_for_each(imports: Imports) -> None:
    assert imports.run({name: info(name, document(READ)) for name in ("read", "write")}, OPENID) == 0

    made = imports.configuration()
    assert {(one.provider, tuple(one.claims["grants"])) for one in made.mappings} == {
        ("openid", ("read", "read,*", "*,read", "*,read,*")),
        ("openid", ("write", "write,*", "*,write", "*,write,*")),
    }


def test_policies_of_the_provider_itself_are_for_everybody_with_a_token(imports: Imports) -> None:
    openid = {**OPENID, "info": [*OPENID["info"], {"key": "role_policy", "value": "read, write"}]}

    assert imports.run({name: info(name, document(READ)) for name in ("read", "write")}, openid) == 0

    made = imports.configuration()
    (mapping,) = made.mappings
    assert [role.name for role in made.roles] == ["minio/read+write"]
    assert dict(mapping.claims) == {"sub": ("*",)}
    assert any(line.startswith("role_policy: everybody") for line in imports.comments)


def test_several_exports_stand_in_one_file(imports: Imports) -> None:
    assert imports.run({"read": document(READ)}, entities(groupMappings=[of_group("analysts", "read")]), OPENID) == 0
    assert {one.provider for one in imports.configuration().mappings} == {"ldap", "openid"}


def test_nothing_that_minio_holds_reads_files_or_the_environment_of_the_gateway(imports: Imports) -> None:
    evil = {**READ, "Resource": ["arn:aws:s3:::${env:HOME}/*", "arn:aws:s3:::$${file:/etc/hostname}"]}
    told = entities(groupMappings=[of_group("${env:HOME}", "read")])

    assert imports.run({"read": document(evil)}, told) == 0

    made = imports.configuration()
    assert made.policies["read"]["Statement"][0]["Resource"] == evil["Resource"]
    assert made.mappings[0].groups == frozenset({f"cn=${{env:HOME}},{GROUPS}"})


def test_nothing_that_minio_holds_is_a_pattern_or_a_variable(imports: Imports) -> None:
    """A person called so would else be everybody, and a policy called so all policies of a claim."""
    told = entities(userMappings=[{"user": f"uid=${{ldap:username}},{PEOPLE}", "policies": ["r*"]}])

    assert imports.run({"r": info("r*", document(READ))}, told, OPENID) == 0

    made = imports.configuration()
    trust = made.roles[0].trust_policy
    assert trust is not None
    condition = trust["Statement"][0]["Condition"]["StringEqualsIgnoreCase"]
    assert condition == {"ldap:user": [f"uid=${{$}}{{ldap:username}},{PEOPLE}"]}
    assert made.mappings[0].claims["grants"] == ("r?", "r?,*", "*,r?", "*,r?,*")


def test_no_name_of_minio_ends_a_comment(imports: Imports) -> None:
    name = "read\nusers: {}\n"

    assert imports.run({"read": info(name, document(READ))}, entities()) == 0

    assert "users" not in {line.partition(":")[0] for line in imports.out.splitlines()}
    assert set(imports.configuration().policies) == {"read-users-"}


BROKEN = {
    "no JSON": ("{", "is not JSON"),
    "a list": ([], "more or less than one JSON object"),
    "no policy": ({"a": 1}, "holds no policy"),
    "a fault": (document({"Effect": "Maybe", "Action": "*", "Resource": "*"}), "Statement[0]"),
    "all but an action on all but a bucket": (
        document({"Effect": "Allow", "NotAction": ["s3:PutObject"], "NotResource": ["arn:aws:s3:::x"]}),
        "by NotAction and NotResource",
    ),
    "a principal": (document({**READ, "Principal": "*"}), "has 'Principal', which no policy here has"),
}


@pytest.mark.parametrize(("policy", "told"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_used_is_named_and_nothing_is_written(imports: Imports, policy: Any, told: str) -> None:
    assert imports.run({"bad": policy}, entities()) == 2
    assert imports.out == ""
    assert "bad.json" in imports.err
    assert told in imports.err
    assert imports.err.count("\n") == 1


NOT_ATTACHMENTS = {
    "an error": {"status": "error", "error": {"message": "Access denied"}},
    "something else": {"status": "success"},
    "a directory's settings": {"type": "ldap", "name": "_", "info": []},
    "no list": entities(groupMappings={"group": "a"}),
    "no name": entities(groupMappings=[{"policies": ["read"]}]),
    "no text": entities(groupMappings=[{"group": f"cn=a,{GROUPS}", "policies": [1]}]),
}


@pytest.mark.parametrize("attachments", NOT_ATTACHMENTS.values(), ids=NOT_ATTACHMENTS)
def test_attachments_that_cannot_be_used_are_refused(imports: Imports, attachments: Any) -> None:
    assert imports.run({"read": document(READ)}, attachments) == 2
    assert (imports.out, imports.err.count("\n")) == ("", 1)


def test_two_policies_of_one_name_are_refused(imports: Imports) -> None:
    assert imports.run({"a": info("read", document(READ)), "b": info("read", document(READ))}, entities()) == 2
    assert "two policies are called read" in imports.err


def test_a_folder_without_policies_is_bad_usage(imports: Imports) -> None:
    assert imports.run({}, entities()) == 2
    assert "holds no *.json" in imports.err
