"""The grammar: what a document may say, and where the fault is of one that says something else."""

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.errors import MalformedPolicyDocument
from gateway.policy.document import PolicyKind, canonical, parse_policy
from tests.unit.policy.documents import documents
from tests.unit.policy.made import ACCOUNT, OIDC, ROLE, SCALE, SESSION, USER, document, policy, stated, trusting

IDENTITY, SESSION_KIND, BOUNDARY, TRUST, RESOURCE = PolicyKind


def refused(source: Any, kind: PolicyKind = IDENTITY) -> MalformedPolicyDocument:
    with pytest.raises(MalformedPolicyDocument) as caught:
        parse_policy(source, kind, name="p")
    return caught.value


def test_a_statement_is_named_after_its_place_and_its_policy() -> None:
    made = policy(stated(), stated(Effect="Deny", Sid="Out"), name="read-lake")

    assert [one.statement_id for one in made.statements] == ["read-lake.Statement[0]", "read-lake.Statement[1]"]
    assert [one.allows for one in made.statements] == [True, False]
    assert [one.effect for one in made.statements] == ["Allow", "Deny"]
    assert [one.sid for one in made.statements] == [None, "Out"]


def test_a_statement_tells_its_condition_keys_as_written() -> None:
    (made,) = policy(
        stated(Condition={"StringEquals": {"aws:UserName": "a", "k": "b"}, "Null": {"x": "true"}})
    ).statements

    assert made.condition_keys == {"aws:UserName", "k", "x"}


def test_one_statement_needs_no_list() -> None:
    made = parse_policy({"Version": "2012-10-17", "Statement": stated()}, IDENTITY, name="p")

    assert made == policy(stated())


def test_a_document_without_a_version_is_an_old_one() -> None:
    assert parse_policy({"Statement": stated()}, IDENTITY, name="p").version == "2008-10-17"


ACCEPTED: dict[str, tuple[PolicyKind, dict[str, Any]]] = {
    "an action with wildcards": (IDENTITY, stated(Action=["s3:Get*", "*:*", "s3:?etObject", "execute-api:Invoke"])),
    "other actions": (IDENTITY, stated(Action=None, NotAction="iam:*")),
    "other resources": (IDENTITY, stated(Resource=None, NotResource=["arn:aws:s3:::lake", "*"])),
    "an empty Sid": (IDENTITY, stated(Sid="")),
    "an empty condition": (IDENTITY, stated(Condition={})),
    "a session policy": (SESSION_KIND, stated()),
    "a boundary": (BOUNDARY, stated()),
    "everybody": (TRUST, trusting()),
    "all of AWS": (TRUST, trusting(Principal={"AWS": "*"})),
    "an account": (TRUST, trusting(Principal={"AWS": [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"]})),
    "users, roles and sessions": (TRUST, trusting(Principal={"AWS": [USER, ROLE, SESSION]})),
    "a role with a path": (TRUST, trusting(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/a/b/C"})),
    "a federated user": (TRUST, trusting(Principal={"AWS": f"arn:aws:sts::{ACCOUNT}:federated-user/a.b@c"})),
    "unique ids": (TRUST, trusting(Principal={"AWS": ["AROAABCDEFGHIJKLMNOPQ", "AIDAABCDEFGHIJKLMNOPQ"]})),
    "providers": (
        TRUST,
        trusting(
            Principal={
                "Federated": [
                    OIDC,
                    f"arn:aws:iam::{ACCOUNT}:oidc-provider/127.0.0.1:8443/realms/x",
                    f"arn:aws:iam::{ACCOUNT}:saml-provider/adfs",
                    f"arn:aws:iam::{ACCOUNT}:ldap-provider/corp-ad",
                    "accounts.google.com",
                    "login.example.com/tenant/v2.0",
                ]
            }
        ),
    ),
    "any provider": (TRUST, trusting(Principal={"Federated": "*"})),
    "a service": (TRUST, trusting(Principal={"Service": "ec2.amazonaws.com"})),
    "all but an account": (TRUST, trusting(Principal=None, NotPrincipal={"AWS": ACCOUNT}, Effect="Deny")),
    "a canonical user": (RESOURCE, stated(Principal={"CanonicalUser": "0" * 64})),
    "a Sid with spaces": (RESOURCE, stated(Principal="*", Sid="Public read")),
}


@pytest.mark.parametrize(("kind", "statement"), ACCEPTED.values(), ids=ACCEPTED)
def test_the_grammar_accepts(kind: PolicyKind, statement: dict[str, Any]) -> None:
    made = policy(statement, kind=kind)

    assert parse_policy(canonical(made), kind, name="p") == made
    assert made.statements[0].written() == {name: value for name, value in statement.items() if value != {}}


@pytest.mark.parametrize("kind", [TRUST, RESOURCE])
def test_a_policy_of_a_resource_may_have_an_id(kind: PolicyKind) -> None:
    statement = trusting() if kind is TRUST else stated(Principal="*")

    assert parse_policy({"Id": "mine", "Statement": statement}, kind, name="p").document_id == "mine"


LONG_TEXT = "arn:aws:s3:::" + "a" * 10_000
FAULTS: dict[str, tuple[Any, str]] = {
    "no statement": ({"Version": "2012-10-17"}, ""),
    "an unknown key": ({**document(stated()), "Statements": []}, "Statements"),
    "a key in another case": ({"version": "2012-10-17", "Statement": stated()}, "version"),
    "another version": ({"Version": "2012-10-18", "Statement": stated()}, "Version"),
    "a version that is no text": ({"Version": 2012, "Statement": stated()}, "Version"),
    "an Id": ({**document(stated()), "Id": "x"}, "Id"),
    "statements that are text": ({"Statement": "Allow"}, "Statement"),
    "statements that are nothing": ({"Statement": None}, "Statement"),
    "no statements": ({"Statement": []}, "Statement"),
    "a statement that is text": (document(stated(), "Allow"), "Statement[1]"),
    "a list of lists": (document([stated()]), "Statement[0]"),
    "an unknown element": (document(stated(Actions="s3:*")), "Statement[0].Actions"),
    "an element in another case": (document(stated(), stated(effect="Allow")), "Statement[1].effect"),
    "a key that is no text": (document({**stated(), 7: "x"}), "Statement[0]"),
    "no effect": (document(stated(Effect=None)), "Statement[0]"),
    "another effect": (document(stated(Effect="allow")), "Statement[0].Effect"),
    "an effect in a list": (document(stated(Effect=["Allow"])), "Statement[0].Effect"),
    "a Sid with a space": (document(stated(Sid="a b")), "Statement[0].Sid"),
    "a Sid that is a number": (document(stated(Sid=1)), "Statement[0].Sid"),
    "a Sid twice": (document(stated(Sid="A"), stated(Sid="B"), stated(Sid="A")), "Statement[2].Sid"),
    "no action": (document(stated(Action=None)), "Statement[0]"),
    "both actions": (document(stated(NotAction="s3:*")), "Statement[0]"),
    "no actions": (document(stated(Action=[])), "Statement[0].Action"),
    "an action that is nothing": (document(stated(Action="")), "Statement[0].Action"),
    "an action that is a number": (document(stated(Action=["s3:*", 7])), "Statement[0].Action[1]"),
    "an action that is an object": (document(stated(Action={"s3": "*"})), "Statement[0].Action"),
    "an action in two lists": (document(stated(Action=[["s3:*"]])), "Statement[0].Action[0]"),
    "an action without a vendor": (document(stated(Action=["s3:*", "GetObject"])), "Statement[0].Action[1]"),
    "an action of half a wildcard": (document(stated(Action="Get*")), "Statement[0].Action"),
    "an empty vendor": (document(stated(Action=":GetObject")), "Statement[0].Action"),
    "a vendor with a wildcard": (document(stated(Action="s*:GetObject")), "Statement[0].Action"),
    "an action without a name": (document(stated(Action="s3:")), "Statement[0].Action"),
    "an action with a space": (document(stated(Action="s3:Get Object")), "Statement[0].Action"),
    "an action with a variable": (document(stated(Action="s3:${aws:username}")), "Statement[0].Action"),
    "an action with a line": (document(stated(Action="s3:Get\n")), "Statement[0].Action"),
    "other actions without a vendor": (document(stated(Action=None, NotAction="x")), "Statement[0].NotAction"),
    "no resource": (document(stated(Resource=None)), "Statement[0]"),
    "both resources": (document(stated(NotResource="*")), "Statement[0]"),
    "no resources": (document(stated(Resource=[])), "Statement[0].Resource"),
    "a resource that is no ARN": (document(stated(Resource=["*", "lake/*"])), "Statement[0].Resource[1]"),
    "a resource that is nothing": (document(stated(Resource="")), "Statement[0].Resource"),
    "a resource of five parts": (document(stated(Resource="arn:aws:s3::lake")), "Statement[0].Resource"),
    "a resource of any partition": (document(stated(Resource="arn:*:s3:::lake")), "Statement[0].Resource"),
    "a resource of any service": (document(stated(Resource="arn:aws:*:::lake")), "Statement[0].Resource"),
    "a resource of half a service": (document(stated(Resource="arn:aws:s*:::lake")), "Statement[0].Resource"),
    "a resource of a variable": (document(stated(Resource="${aws:arn}")), "Statement[0].Resource"),
    "a resource that is too long": (document(stated(Resource=LONG_TEXT)), "Statement[0].Resource"),
    "other resources that are no ARN": (document(stated(Resource=None, NotResource="x")), "Statement[0].NotResource"),
    "a principal": (document(stated(Principal="*")), "Statement[0].Principal"),
    "another principal": (document(stated(NotPrincipal={"AWS": ACCOUNT})), "Statement[0].NotPrincipal"),
    "a condition that is text": (document(stated(Condition="x")), "Statement[0].Condition"),
    "a condition that is a list": (document(stated(Condition=[])), "Statement[0].Condition"),
    "a condition that is nothing": (document(stated(Condition=None) | {"Condition": None}), "Statement[0].Condition"),
    "an unknown operator": (
        document(stated(), stated(Condition={"StringMatches": {"a": "b"}})),
        "Statement[1].Condition.StringMatches",
    ),
    "an operator without an object": (
        document(stated(), stated(Condition={"StringLike": "x"})),
        "Statement[1].Condition.StringLike",
    ),
    "an operator without keys": (document(stated(Condition={"StringLike": {}})), "Statement[0].Condition.StringLike"),
    "a key without a name": (
        document(stated(Condition={"StringLike": {"": "x"}})),
        "Statement[0].Condition.StringLike",
    ),
    "a key without values": (
        document(stated(Condition={"StringLike": {"a:b": []}})),
        "Statement[0].Condition.StringLike.a:b",
    ),
    "a key with nothing": (
        document(stated(Condition={"StringLike": {"a:b": None}})),
        "Statement[0].Condition.StringLike.a:b",
    ),
    "a key with an object": (
        document(stated(Condition={"StringLike": {"a:b": ["x", {}]}})),
        "Statement[0].Condition.StringLike.a:b[1]",
    ),
    "a number that is none": (
        document(stated(Condition={"NumericEquals": {"a:b": float("nan")}})),
        "Statement[0].Condition.NumericEquals.a:b",
    ),
    "a number of many digits": (
        document(stated(Condition={"NumericEquals": {"a:b": 10**5_000}})),
        "Statement[0].Condition.NumericEquals.a:b",
    ),
    "a lone surrogate": (document(stated(Sid="\ud800")), "Statement[0].Sid"),
    "a lone surrogate in a key": (
        document(stated(Condition={"StringEquals": {"\ud800": "x"}})),
        "Statement[0].Condition.StringEquals",
    ),
}


@pytest.mark.parametrize(("source", "path"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_path(source: Any, path: str) -> None:
    error = refused(source)

    assert error.path == path
    assert error.problem
    assert len(str(error)) < 300


TRUST_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "a resource": (trusting(Resource="*"), "Statement[0].Resource"),
    "other resources": (trusting(NotResource="*"), "Statement[0].NotResource"),
    "no principal": (trusting(Principal=None), "Statement[0]"),
    "both principals": (trusting(NotPrincipal={"AWS": ACCOUNT}), "Statement[0]"),
    "a principal that is an id": (trusting(Principal=ACCOUNT), "Statement[0].Principal"),
    "a principal that is a list": (trusting(Principal=["*"]), "Statement[0].Principal"),
    "nobody": (trusting(Principal={}), "Statement[0].Principal"),
    "no names": (trusting(Principal={"AWS": []}), "Statement[0].Principal.AWS"),
    "a kind in another case": (trusting(Principal={"aws": ACCOUNT}), "Statement[0].Principal.aws"),
    "an unknown kind": (trusting(Principal={"OIDC": OIDC}), "Statement[0].Principal.OIDC"),
    "a number": (trusting(Principal={"AWS": [ROLE, int(ACCOUNT)]}), "Statement[0].Principal.AWS[1]"),
    "eleven digits": (trusting(Principal={"AWS": ACCOUNT[1:]}), "Statement[0].Principal.AWS"),
    "any role": (trusting(Principal={"AWS": [USER, ROLE + "*"]}), "Statement[0].Principal.AWS[1]"),
    "a role with a question mark": (trusting(Principal={"AWS": ROLE + "?"}), "Statement[0].Principal.AWS"),
    "any account": (trusting(Principal={"AWS": "arn:aws:iam::*:root"}), "Statement[0].Principal.AWS"),
    "a group": (trusting(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:group/x"}), "Statement[0].Principal.AWS"),
    "a session without a name": (
        trusting(Principal={"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/x"}),
        "Statement[0].Principal.AWS",
    ),
    "an email address": (trusting(Principal={"AWS": "a@example.com"}), "Statement[0].Principal.AWS"),
    "a provider with a wildcard": (trusting(Principal={"Federated": OIDC + "/*"}), "Statement[0].Principal.Federated"),
    "a provider that is a URL": (trusting(Principal={"Federated": "https://x"}), "Statement[0].Principal.Federated"),
    "any service": (trusting(Principal={"Service": "*"}), "Statement[0].Principal.Service"),
    "a canonical user of letters": (trusting(Principal={"CanonicalUser": "x"}), "Statement[0].Principal.CanonicalUser"),
    "all but nobody": (trusting(Principal=None, NotPrincipal={}), "Statement[0].NotPrincipal"),
}


@pytest.mark.parametrize(("statement", "path"), TRUST_FAULTS.values(), ids=TRUST_FAULTS)
def test_a_fault_of_a_trust_policy_is_told_with_its_path(statement: dict[str, Any], path: str) -> None:
    assert refused(document(statement), TRUST).path == path


@pytest.mark.parametrize("kind", [IDENTITY, SESSION_KIND, BOUNDARY])
def test_only_policies_of_resources_name_principals(kind: PolicyKind) -> None:
    error = refused(document(stated(Principal="*")), kind)

    assert error.path == "Statement[0].Principal"
    assert f"policy of kind {kind}" in error.problem


def test_a_resource_policy_needs_both_sides() -> None:
    assert refused(document(stated()), RESOURCE).problem == "has no Principal"
    assert refused(document(trusting()), RESOURCE).problem == "has no Resource"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (document(stated(Acton="x")), "is no element of a policy; write Action"),
        (document(stated(action="x")), "is no element of a policy; write Action"),
        (document(stated(Action="GetObject")), "names an action without a vendor; write it as s3:GetObject"),
        (document(stated(Action=["s3:*", "*", "s3:Get Object"])), "is no action such as s3:GetObject or s3:Get*"),
        (document(stated(NotAction="s3:*")), "has Action and NotAction; keep one of them"),
    ],
)
def test_a_problem_names_the_mend(source: dict[str, Any], problem: str) -> None:
    assert refused(source).problem == problem


def text(source: dict[str, Any]) -> str:
    return json.dumps(source)


ONE = text(document(stated(Condition={"StringLike": {"k": "v"}})))
TEXT_FAULTS: dict[str, tuple[str | bytes, str, str]] = {
    "nothing": ("", "", "not valid JSON"),
    "no object": ("[]", "", "must be a JSON object"),
    "a number": ("7", "", "must be a JSON object"),
    "a text": ('"x"', "", "must be a JSON object"),
    "half": (ONE[:-1], "", "not valid JSON"),
    "more than one": (ONE + "{}", "", "not valid JSON"),
    "a comma at the end": (ONE[:-1] + ",}", "", "not valid JSON"),
    "a comment": (ONE + "//", "", "not valid JSON"),
    "a line in a text": (ONE.replace('"v"', '"\n"'), "", "not valid JSON"),
    "a byte order mark": ("\ufeff" + ONE, "", "not valid JSON"),
    "a byte order mark in bytes": (b"\xef\xbb\xbf" + ONE.encode(), "", "not valid JSON"),
    "other bytes": (ONE.replace("v", "é").encode("latin-1"), "", "not UTF-8"),
    "another encoding": (ONE.encode("utf-16"), "", "not UTF-8"),
    "NaN": (ONE.replace('"v"', "NaN"), "", "NaN"),
    "an infinity": (ONE.replace('"v"', "-Infinity"), "", "-Infinity"),
    "a lone surrogate": (ONE.replace('"v"', r'"\ud800"'), "Statement[0].Condition.StringLike.k", "surrogate"),
    "a long number": (ONE.replace('"v"', "1" * 5_000), "Statement[0].Condition.StringLike.k", "ordinary size"),
    "a number for a text": (ONE.replace('"*"', "7", 1), "Statement[0].Action", "must be text"),
    "a number for an effect": (ONE.replace('"Allow"', "1"), "Statement[0].Effect", "must be Allow or Deny"),
    "a version that is a number": (ONE.replace('"2012-10-17"', "2012"), "Version", "must be text"),
    "a version twice": (ONE.replace("{", '{"Version": "2008-10-17", ', 1), "", "has Version twice"),
    "an element twice": (ONE.replace('"Effect"', '"Action": "s3:*", "Effect"'), "Statement[0]", "has Action twice"),
    "an operator twice": (
        ONE.replace('"StringLike"', '"StringLike": {"a": "b"}, "StringLike"'),
        "Statement[0].Condition",
        "has StringLike twice",
    ),
    "a key twice": (ONE.replace('"k"', '"k": "w", "k"'), "Statement[0].Condition.StringLike", "has k twice"),
    "a key twice, once escaped": (
        ONE.replace('"k"', r'"\u006b": "w", "k"'),
        "Statement[0].Condition.StringLike",
        "has k twice",
    ),
    "10 MB": (ONE.replace('"v"', '"' + "v" * 10_000_000 + '"'), "", "longer than"),
    "10 MB of bytes": (b"{" * 10_000_000, "", "longer than"),
    "100,000 lists": ("[" * 100_000, "", "nested too deeply"),
    "100,000 objects": ('{"a":' * 100_000, "", "nested too deeply"),
    "10 lists": (ONE.replace('"v"', "[" * 10 + "]" * 10), "Statement[0].Condition.StringLike.k[0]", "must be text"),
}


@pytest.mark.parametrize(("source", "path", "problem"), TEXT_FAULTS.values(), ids=TEXT_FAULTS)
def test_json_text_is_read_strictly(source: str | bytes, path: str, problem: str) -> None:
    error = refused(source)

    assert (error.path, problem in error.problem) == (path, True), error.problem
    assert len(str(error)) < 300


def test_a_thousand_lists_are_refused() -> None:
    """By the decoder, or by what reads a condition's values: how deep the decoder goes is for each Python to say."""
    assert refused(ONE.replace('"v"', "[" * 1_000 + "]" * 1_000)).path in {"", "Statement[0].Condition.StringLike.k[0]"}


def test_numbers_of_json_text_keep_their_digits() -> None:
    source = ONE.replace("StringLike", "NumericEquals").replace('"v"', "1.50")

    (condition,) = parse_policy(source, IDENTITY, name="p").statements[0].conditions
    assert condition.values == ("1.50",)


def test_text_and_bytes_and_objects_are_one() -> None:
    plain = document(stated(Condition={"StringLike": {"k": "é"}}))

    texts = [text(plain), text(plain).encode(), json.dumps(plain, ensure_ascii=False).encode()]
    assert {parse_policy(one, IDENTITY, name="p") for one in texts} == {policy(*plain["Statement"])}


def test_the_canonical_text_is_short_and_one_for_all_forms() -> None:
    forms = [
        '{"Statement": {"Resource": ["*"], "Action": ["s3:Get*", "s3:Put*"], "Effect": "Allow"}}',
        '{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:Put*"],"Resource":"*"}]}',
    ]

    assert {canonical(parse_policy(one, IDENTITY, name="p")) for one in forms} == {forms[1]}


def test_policies_that_say_something_else_are_unequal() -> None:
    base = stated(Condition={"StringLike": {"k": "v"}})
    others = [
        policy(base, name="q"),
        policy(base, version="2008-10-17"),
        policy({**base, "Effect": "Deny"}),
        policy({**base, "Action": "s3:*"}),
        policy({**base, "Resource": "arn:aws:s3:::*"}),
        policy({**base, "Condition": {"StringLike": {"k": "w"}}}),
        policy(base, base),
        parse_policy(document(base), BOUNDARY, name="p"),
    ]

    assert policy(base) == policy(base)
    assert all(one != policy(base) for one in others)


def test_ten_thousand_statements_are_read_in_linear_time() -> None:
    source = document(*(stated(Action=f"s3:Get{number}", Sid=f"s{number}") for number in range(10_000)))
    started = time.process_time()
    made = parse_policy(source, IDENTITY, name="p")

    assert len(made.statements) == 10_000
    # Some tenths of a second; comparing each statement with each other would take minutes.
    assert time.process_time() - started < 8


@settings(max_examples=200 * SCALE, deadline=None)
@given(st.sampled_from(PolicyKind).flatmap(lambda kind: st.tuples(st.just(kind), documents(kind))))
def test_the_canonical_text_says_the_same(made: tuple[PolicyKind, dict[str, Any]]) -> None:
    kind, plain = made
    first = parse_policy(plain, kind, name="p")

    assert parse_policy(canonical(first), kind, name="p") == first
    assert canonical(parse_policy(canonical(first), kind, name="p")) == canonical(first)
    assert parse_policy(json.dumps(plain), kind, name="p") == first


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Allow", "*", "s3:*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=4)
            | st.sampled_from(["Version", "Statement", "Effect", "Action", "Resource", "Condition", "StringLike"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300 * SCALE, deadline=None)
@given(json_values, st.sampled_from(PolicyKind))
def test_whatever_is_no_policy_is_refused_as_malformed(value: Any, kind: PolicyKind) -> None:
    with contextlib.suppress(MalformedPolicyDocument):
        assert parse_policy(json.dumps(value), kind, name="p").statements
