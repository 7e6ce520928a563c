"""Policy documents of the configuration: each fault stands at its own line of the YAML."""

import pytest

from gateway.domain.errors import MalformedPolicyDocument
from gateway.settings import policy_check
from tests.unit.settings.written import Written, marked_line

ALLOW = "{Effect: Allow, Action: '*', Resource: '*'}"

ROWS = {
    "no effect": (
        {
            "policies": f"""
            read-lake:
              Version: "2012-10-17"
              Statement:
                - {ALLOW}
                - Action: "*"  # HERE
                  Resource: "*"
            """
        },
        "policies.read-lake.Statement[1]",
    ),
    "unknown operator": (
        {
            "policies": """
            read-lake:
              Version: "2012-10-17"
              Statement:
                - Effect: Allow
                  Action: "*"
                  Resource: "*"
                  Condition:
                    StringEqual: {aws:username: x}  # HERE
            """
        },
        "policies.read-lake.Statement[0].Condition.StringEqual",
    ),
    "one statement without a list": (
        {
            "policies": """
            read-lake:
              Version: "2012-10-17"
              Statement:
                Effect: Permit  # HERE
                Action: "*"
                Resource: "*"
            """
        },
        "policies.read-lake.Statement",
    ),
    "version": (
        {"policies": f"read-lake:\n  Version: 2013-01-01  # HERE\n  Statement: [{ALLOW}]"},
        "policies.read-lake.Version",
    ),
    "inline policy of a role": (
        {"roles": "data-platform/Analyst:\n  policies:\n    - Version: 2012-10-17\n      Statement: 7  # HERE"},
        "roles.data-platform/Analyst.policies[0].Statement",
    ),
    "inline boundary": (
        {"roles": "data-platform/Analyst:\n  permissions_boundary:\n    Version: 2012-10-17\n    Statement: 7  # HERE"},
        "roles.data-platform/Analyst.permissions_boundary.Statement",
    ),
    "inline policy of a user": (
        {"users": "data-platform/ci:\n  policies:\n    - Version: 2012-10-17\n      Statement: 7  # HERE"},
        "users.data-platform/ci.policies[0].Statement",
    ),
    "trust policy without principal": (
        {
            "roles": """
            data-platform/Analyst:
              trust_policy:
                Version: "2012-10-17"
                Statement:
                  - {Effect: Allow, Action: "sts:AssumeRole"}  # HERE
            """
        },
        "roles.data-platform/Analyst.trust_policy.Statement[0]",
    ),
}


@pytest.mark.parametrize(("sections", "key"), ROWS.values(), ids=ROWS.keys())
def test_a_fault_of_a_document_stands_at_its_own_line(written: Written, sections: dict[str, str], key: str) -> None:
    text = written.text(**sections)

    error = written.refused_text(text)

    assert [fault.line for fault in error.faults] == [marked_line(text)]
    assert error.faults[0].key.startswith(key)
    assert error.faults[0].message


def test_every_document_tells_its_fault(written: Written) -> None:
    error = written.refused(
        policies="read-lake: {Version: '2012-10-17'}\nother: {Statement: 7}",
        roles="data-platform/Analyst: {trust_policy: {}, policies: [{Version: x}]}",
        users="data-platform/ci: {policies: [{Statement: []}]}",
    )

    assert len({fault.key.split(".Statement")[0].split(".Version")[0] for fault in error.faults}) == 5


def test_each_element_of_a_document_tells_its_fault(written: Written) -> None:
    statements = """
            - {Effect: Alow, Action: s3GetObject, Resource: "arn:aws:s3:::lake", Condition: {StringEqual: {a: b}}}
            - {Effect: Allow, NotAction: s3GetObject, Resource: "*", Colour: red}
            - {Effect: Allow, Action: "*"}
            - 7
            - {Effect: Allow, Action: "*", Resource: "*"}
    """
    error = written.refused(policies=f'read-lake:\n  Version: "2012-10-17"\n  Statement:\n{statements}')

    assert [fault.key.removeprefix("policies.read-lake.Statement") for fault in error.faults] == [
        "[0].Effect",
        "[0].Action",
        "[0].Condition.StringEqual",
        "[1].Colour",
        "[1].NotAction",
        "[2]",
        "[3]",
    ]


def test_the_faults_of_one_document_that_are_told_are_bounded(written: Written) -> None:
    statements = ", ".join("{Effect: Alow, Action: '*', Resource: '*'}" for _ in range(100))
    error = written.refused(policies=f"read-lake: {{Version: '2012-10-17', Statement: [{statements}]}}")

    assert len(error.faults) == 20


def test_a_document_of_json_text_is_judged_too(written: Written) -> None:
    (written.folder / "p.json").write_text('{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}')

    error = written.refused(policies="read-lake: ${file:p.json}  # HERE")

    assert len(error.faults) == 1
    assert error.faults[0].key.startswith("policies.read-lake")
    assert error.faults[0].line == marked_line(written.path.read_text())


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 2),
        ("Statement", 3),
        ("Statement[1]", 5),
        ("Statement[1].Condition.StringLike.token.example.com:sub", 7),
        ("Statement[1].Condition.StringLike.token.example.com:sub[1]", 9),
        ("Statement[1].Condition.StringLike.absent", 6),
        ("Statement[7]", 3),
        ("absent", 2),
    ],
)
def test_the_path_of_a_fault_is_followed_as_far_as_it_leads(
    written: Written, monkeypatch: pytest.MonkeyPatch, path: str, line: int
) -> None:
    def refuse(source: object, kind: object, *, name: str) -> None:
        raise MalformedPolicyDocument(path, "is wrong")

    monkeypatch.setattr(policy_check, "parse_policy", refuse)
    text = (
        "policies:\n"
        "  p:\n"
        "    Statement:\n"
        f"      - {ALLOW}\n"
        "      - Effect: Allow\n"
        "        Condition: {StringLike: {\n"
        "            token.example.com:sub: [\n"
        "              a,\n"
        "              b]}}\n"
    )

    (fault,) = (one for one in written.refused_text(text).faults if one.message == "is wrong")

    assert (fault.line, fault.key) == (line, f"policies.p.{path}" if path else "policies.p")


SEVERAL = {
    "values of one list": (
        "{Effect: Allow, Action: [getobject, 's3:', 's3:GetObject'], Resource: [x, 'arn:aws']}",
        [".Action[0]", ".Action[1]", ".Resource[0]", ".Resource[1]"],
    ),
    "operators of one condition": (
        "{Effect: Allow, Action: '*', Resource: '*', Condition: {StringEqual: {a: b}, NumericEqals: {a: 1}}}",
        [".Condition.StringEqual", ".Condition.NumericEqals"],
    ),
    "keys of one operator": (
        "{Effect: Allow, Action: '*', Resource: '*', Condition: {IpAddress: {a.b: x, 'aws:SourceIp': [y, z], a: w}}}",
        [".Condition.IpAddress.a.b", ".Condition.IpAddress.aws:SourceIp[0]", ".Condition.IpAddress.a"],
    ),
    "what is missing": ("{Sid: a}", ["", "", ""]),
    "an element and its opposite": (
        "{Effect: Allow, Action: '*', NotAction: '*', Resource: '*', NotResource: '*'}",
        ["", ""],
    ),
    "misspelt elements, and none of those that were meant": (
        "{Efect: Allow, Acton: '*', NotResorce: '*'}",
        [".Efect", ".Acton", ".NotResorce"],
    ),
    "a condition that is none": (
        "{Effect: Alow, Action: '*', Resource: '*', Condition: [1]}",
        [".Effect", ".Condition"],
    ),
}


@pytest.mark.parametrize(("statement", "keys"), SEVERAL.values(), ids=SEVERAL.keys())
def test_all_faults_of_one_statement_are_told_once(written: Written, statement: str, keys: list[str]) -> None:
    error = written.refused(policies=f"read-lake: {{Version: '2012-10-17', Statement: [{statement}]}}")

    assert [fault.key.removeprefix("policies.read-lake.Statement[0]") for fault in error.faults] == keys
    assert len({(fault.key, fault.message) for fault in error.faults}) == len(keys)


def test_the_faults_behind_those_of_the_document_itself_are_told(written: Written) -> None:
    error = written.refused(
        policies="read-lake: {Vrsion: '2012-10-17', Id: x, Statement: {Effect: Alow, Action: '*', Resource: '*'}}"
    )

    assert [fault.key.removeprefix("policies.read-lake.") for fault in error.faults] == [
        "Vrsion",
        "Id",
        "Statement[0].Effect",
    ]


def test_all_faults_of_json_text_are_told(written: Written) -> None:
    statement = '{"Effect": "Alow", "Action": "x", "Action": "y", "Resource": 5}'
    (written.folder / "p.json").write_text(f'{{"Version": "2012-10-17", "Statement": [{statement}, {{}}]}}')

    error = written.refused(policies="read-lake: ${file:p.json}")

    assert [fault.key.removeprefix("policies.read-lake.Statement") for fault in error.faults] == [
        "[0]",
        "[0].Effect",
        "[0].Action",
        "[0].Resource",
        "[1]",
        "[1]",
        "[1]",
    ]
