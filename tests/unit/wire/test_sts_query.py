import contextlib
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import (
    GatewayError,
    InvalidArn,
    InvalidParameter,
    InvalidTags,
    MethodRefused,
    MissingAction,
    UnknownAction,
    UnreadableQuery,
    UnsupportedMedia,
    ValidationFailed,
)
from gateway.wire.sts_operations import GET_CALLER_IDENTITY, OPERATIONS
from gateway.wire.sts_query import operation_of, read
from gateway.wire.sts_requests import web_identity_request, web_identity_token_request
from tests.unit.wire.made import CALLER_IDENTITY, FORM, READ_ONLY, ROLE, TOKEN, WEB_IDENTITY, posted

BODY = urlencode(CALLER_IDENTITY).encode()


@pytest.mark.parametrize(
    ("method", "query", "body"),
    [("GET", BODY, b""), ("POST", b"", BODY), ("POST", BODY, b""), ("POST", *BODY.split(b"&"))],
    ids=["GET", "form", "query of a POST, as MinIO's clients", "both, no name in both"],
)
def test_parameters_are_read_from_query_and_form(method: str, query: bytes, body: bytes) -> None:
    parameters = read(method, query, body, FORM if body else None)
    assert parameters.values == CALLER_IDENTITY
    assert operation_of(parameters) is GET_CALLER_IDENTITY


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "post", ""])
def test_other_methods_are_refused_with_the_allowed_ones(method: str) -> None:
    with pytest.raises(MethodRefused) as refused:
        read(method, BODY, b"", None)
    assert refused.value.allowed == ("GET", "POST")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-8",
        'application/x-www-form-urlencoded;charset="UTF-8"',
        "Application/X-WWW-Form-Urlencoded ; Charset=utf8",
        "application/x-www-form-urlencoded; ",
    ],
)
def test_a_form_in_utf8_is_read(content_type: str) -> None:
    assert read("POST", b"", BODY, content_type).values == CALLER_IDENTITY


MEDIA = {
    "no content type": (None, None, "not a form"),
    "an empty content type": ("", None, "not a form"),
    "JSON": ("application/json", None, "not a form"),
    "AWS's JSON": ("application/x-amz-json-1.1", None, "not a form"),
    "multipart": ("multipart/form-data; boundary=x", None, "not a form"),
    "text": ("text/plain", None, "not a form"),
    "a longer name": ("application/x-www-form-urlencoded2", None, "not a form"),
    "a list": ("application/x-www-form-urlencoded, application/json", None, "not a form"),
    "Latin-1": ("application/x-www-form-urlencoded; charset=iso-8859-1", None, "not UTF-8"),
    "UTF-16": ("application/x-www-form-urlencoded; charset=utf-16", None, "not UTF-8"),
    "two charsets": ("application/x-www-form-urlencoded; charset=utf-8; charset=utf-7", None, "not UTF-8"),
    "gzip": (FORM, "gzip", "compressed"),
    "deflate after identity": (FORM, "identity, deflate", "compressed"),
}


@pytest.mark.parametrize(("content_type", "encoding", "fault"), MEDIA.values(), ids=MEDIA)
def test_a_body_that_is_no_plain_form_is_refused(content_type: str | None, encoding: str | None, fault: str) -> None:
    with pytest.raises(UnsupportedMedia, match=fault):
        read("POST", b"", BODY, content_type, content_encoding=encoding)


def test_the_identity_encoding_is_no_compression() -> None:
    assert read("POST", b"", BODY, FORM, content_encoding="Identity").values == CALLER_IDENTITY


def test_without_a_body_its_type_does_not_matter() -> None:
    assert read("POST", BODY, b"", "application/json").values == CALLER_IDENTITY


def test_a_get_with_a_body_is_refused() -> None:
    with pytest.raises(UnreadableQuery, match="GET request of STS has no body"):
        read("GET", BODY, b"RoleArn=x", FORM)


UNREADABLE = {
    "repeated in the form": (b"", BODY + b"&Action=GetCallerIdentity", "parameter Action is given twice"),
    "repeated in the query": (BODY + b"&Version=2011-06-15", b"", "parameter Version is given twice"),
    "in query and form": (b"RoleArn=a", b"RoleArn=a", "RoleArn stands in the query and in the form"),
    "an unknown one in both": (b"hunter2=a", b"hunter2=a", "One parameter stands in the query and in the form"),
    "broken escapes in the query": (b"Action=%", b"", "hexadecimal"),
    "broken escapes in the form": (b"", b"Action=%", "hexadecimal"),
    "not UTF-8": (b"", b"Action=\xff", "not UTF-8"),
    "action": (b"", b"action=GetCallerIdentity", "Action is written so"),
    "VERSION beside Version": (b"VERSION=1", BODY, "Version is written so"),
    "rolearn": (b"", b"rolearn=x", "RoleArn is written so"),
    "policy": (b"", b"policy=x", "Policy is written so"),
    "a plain one as a list": (b"", b"RoleArn.member.1=x", "RoleArn is written so, and once"),
    "a list in lower case": (b"", b"policyarns.member.1.arn=x", r"PolicyArns\.member\.N\.arn"),
    "an empty list in lower case": (b"", b"policyarns=", r"PolicyArns\.member\.N\.arn"),
    "a list's column in upper case": (b"", b"PolicyArns.member.1.Arn=x", r"PolicyArns\.member\.N\.arn"),
    "a list's Member": (b"", b"PolicyArns.Member.1.arn=x", r"PolicyArns\.member\.N\.arn"),
    "a list without numbers": (b"", b"PolicyArns.member.arn=x", r"PolicyArns\.member\.N\.arn"),
    "a list of entries": (b"", b"PolicyArns.entry.1.arn=x", r"PolicyArns\.member\.N\.arn"),
    "a flat list": (b"", b"PolicyArns.1.arn=x", r"PolicyArns\.member\.N\.arn"),
    "a list from zero": (b"", b"PolicyArns.member.0.arn=x", "N counted from 1"),
    "a list with a leading zero": (b"", b"PolicyArns.member.01.arn=x", "N counted from 1"),
    "a list with a sign": (b"", b"PolicyArns.member.-1.arn=x", "N counted from 1"),
    "a list with an Arabic digit": (b"", "PolicyArns.member.\u0661.arn=x".encode(), "N counted from 1"),
    "the letter N": (b"", b"PolicyArns.member.N.arn=x", "N counted from 1"),
    "a row without its column": (b"", b"PolicyArns.member.1=x", r"PolicyArns\.member\.N\.arn"),
    "a row with more": (b"", b"PolicyArns.member.1.arn.x=x", r"PolicyArns\.member\.N\.arn"),
    "a signature's parameter in lower case": (b"x-amz-signature=x", b"", "written X-Amz-Signature"),
    "the token's parameter in another case": (b"X-Amz-Security-token=x", b"", "written X-Amz-Security-Token"),
    "a signature's parameter twice": (b"X-Amz-Date=1&X-Amz-Date=1", b"", "X-Amz-Date is given twice"),
    "a signature's parameter in the form": (b"", b"X-Amz-Signature=x", "X-Amz- parameters"),
    "a signature's parameter in the form, lower case": (b"", b"x-amz-foo=x", "X-Amz- parameters"),
}


@pytest.mark.parametrize(("query", "body", "fault"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_two_readers_could_take_differently_is_refused(query: bytes, body: bytes, fault: str) -> None:
    with pytest.raises(UnreadableQuery, match=fault) as refused:
        read("POST", query, body, FORM)
    assert "hunter2" not in str(refused.value)


def test_the_parameters_of_a_presigned_url_are_left_to_the_signature() -> None:
    signature = {"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Signature": "0" * 64, "X-Amz-Further": "1"}
    parameters = read("GET", urlencode(CALLER_IDENTITY | signature).encode(), b"", None)
    assert parameters.values == CALLER_IDENTITY


def test_parameters_are_not_printed() -> None:
    assert TOKEN not in repr(posted(WEB_IDENTITY))
    assert TOKEN not in repr(web_identity_request(posted(WEB_IDENTITY)))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_action_is_found_by_its_name(operation: object) -> None:
    name = operation.name  # type: ignore[attr-defined]
    assert operation_of(posted({"Action": name, "Version": "2011-06-15"})) is operation


def test_which_actions_are_signed_and_which_carry_a_secret() -> None:
    told = {name: (operation.signed, operation.carries_secret) for name, operation in OPERATIONS.items()}
    assert told == {
        "AssumeRole": (True, False),
        "AssumeRoleWithLDAPIdentity": (False, True),
        "AssumeRoleWithSAML": (False, True),
        "AssumeRoleWithWebIdentity": (False, True),
        "DecodeAuthorizationMessage": (True, False),
        "GetAccessKeyInfo": (True, False),
        "GetCallerIdentity": (True, False),
        "GetFederationToken": (True, False),
        "GetSessionToken": (True, False),
        "GetWebIdentityToken": (True, False),
    }


@pytest.mark.parametrize("action", [None, ""], ids=["none", "empty"])
def test_a_request_without_an_action_is_told_so(action: str | None) -> None:
    parameters = posted(CALLER_IDENTITY, Action=action)
    assert parameters.action is None
    with pytest.raises(MissingAction):
        operation_of(parameters)


ACTIONS = {
    "no action of STS": ({"Action": "ListBuckets"}, "Could not find operation ListBuckets for version 2011-06-15"),
    "an action that the gateway has not": (
        {"Action": "AssumeRoot"},
        "Could not find operation AssumeRoot for version 2011-06-15; it is an action of STS that this gateway has not",
    ),
    "another case": (
        {"Action": "getcalleridentity"},
        "Could not find operation getcalleridentity for version 2011-06-15; the action is written GetCallerIdentity",
    ),
    "no version": (
        {"Version": None},
        "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED; send Version=2011-06-15",
    ),
    "an empty version": (
        {"Version": ""},
        "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED; send Version=2011-06-15",
    ),
    "another version": (
        {"Version": "2010-05-08"},
        "Could not find operation GetCallerIdentity for version 2010-05-08; send Version=2011-06-15",
    ),
    "a long one": ({"Action": "A" * 500}, f"Could not find operation {'A' * 128} for version 2011-06-15"),
    "a form that is joined by semicolons": (
        {"Action": "GetCallerIdentity;LDAPPassword=canary"},
        "Could not find operation GetCallerIdentity for version 2011-06-15",
    ),
    "a version with more in it": (
        {"Action": "GetCallerIdentity", "Version": "2011-06-15;LDAPPassword=canary"},
        "Could not find operation GetCallerIdentity for version 2011-06-15; send Version=2011-06-15",
    ),
    "no name at all": ({"Action": "\n{}"}, "Could not find operation (unreadable) for version 2011-06-15"),
}


@pytest.mark.parametrize(("changed", "told"), ACTIONS.values(), ids=ACTIONS)
def test_another_action_or_version_is_unknown(changed: dict[str, str | None], told: str) -> None:
    with pytest.raises(UnknownAction) as refused:
        operation_of(posted(CALLER_IDENTITY, **changed))
    assert str(refused.value) == told


def test_what_carries_a_secret_is_refused_as_get() -> None:
    parameters = read("GET", urlencode(WEB_IDENTITY).encode(), b"", None)
    with pytest.raises(MethodRefused, match="send it as POST") as refused:
        operation_of(parameters)
    assert refused.value.allowed == ("POST",)
    assert TOKEN not in str(refused.value)


def test_every_parameter_of_web_identity_is_read() -> None:
    policy = '{"Version": "2012-10-17", "Statement": []}'
    arns = {"PolicyArns.member.2.arn": READ_ONLY + "2", "PolicyArns.member.1.arn": READ_ONLY}
    further = {"DurationSeconds": "900", "Policy": policy, "ProviderId": "www.amazon.com"} | arns
    request = web_identity_request(posted(WEB_IDENTITY | further))
    assert request.token == TOKEN
    assert request.provider_id == "www.amazon.com"
    session = request.session
    assert (session.role_arn, session.session_name, session.duration, session.policy) == (ROLE, "ada", 900, policy)
    assert session.policy_arns == (READ_ONLY, READ_ONLY + "2")


def test_what_is_left_out_is_none() -> None:
    session = web_identity_request(posted(WEB_IDENTITY)).session
    assert (session.duration, session.policy, session.policy_arns) == (None, None, ())


def test_an_empty_list_as_the_sdks_write_it_is_empty() -> None:
    assert web_identity_request(posted(WEB_IDENTITY, PolicyArns="")).session.policy_arns == ()


def test_role_and_session_name_may_be_left_out_together() -> None:
    session = web_identity_request(posted(WEB_IDENTITY, RoleArn=None, RoleSessionName=None)).session
    assert (session.role_arn, session.session_name) == (None, None)


def test_a_session_name_without_a_role_is_read() -> None:
    assert web_identity_request(posted(WEB_IDENTITY, RoleArn=None)).session.session_name == "ada"


def test_without_a_role_the_life_of_a_token_may_be_sent() -> None:
    asked = posted(WEB_IDENTITY, RoleArn=None, DurationSeconds="604800")
    assert web_identity_request(asked).session.duration == 604_800


def test_parameters_that_the_action_does_not_know_are_ignored() -> None:
    further = {"TokenRevokeType": "x", "ExternalId": "x", "Policies": "x"}
    assert web_identity_request(posted(WEB_IDENTITY | further)) == web_identity_request(posted(WEB_IDENTITY))


NAME_PATTERN = r"Member must satisfy regular expression pattern: [\w+=,.@-]*"
ARN_PATTERN = (
    r"Member must satisfy regular expression pattern: "
    r"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+"
)
POLICY_PATTERN = r"Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+"
NULL = "Member must not be null"
INTEGER = "Member must be an integer"


def longest(length: int) -> str:
    return f"Member must have length less than or equal to {length}"


def shortest(length: int) -> str:
    return f"Member must have length greater than or equal to {length}"


def most(value: int) -> str:
    return f"Member must have value less than or equal to {value}"


def least(value: int) -> str:
    return f"Member must have value greater than or equal to {value}"


NAME, DURATION, ROLE_AT, POLICY = "roleSessionName", "durationSeconds", "roleArn", "policy"
TOGETHER = "Member and policy together must have length less than or equal to 2048"

# What is changed; then the value as told, the member, and the constraint.
FAULTS: dict[str, tuple[dict[str, str | None], str, str, str]] = {
    "a name outside the pattern": ({"RoleSessionName": "Session1:2"}, "Value 'Session1:2'", NAME, NAME_PATTERN),
    "a name with a Cyrillic letter": ({"RoleSessionName": "\u0430da"}, "Value '\u0430da'", NAME, NAME_PATTERN),
    "a name with a line feed at its end": ({"RoleSessionName": "ada\n"}, "Value 'ada\n'", NAME, NAME_PATTERN),
    "a name with NUL": ({"RoleSessionName": "ada\x00"}, "Value 'ada\x00'", NAME, NAME_PATTERN),
    "a name of 65 characters": ({"RoleSessionName": "a" * 65}, f"Value '{'a' * 65}'", NAME, longest(64)),
    "a name of one character": ({"RoleSessionName": "a"}, "Value 'a'", NAME, shortest(2)),
    "an empty name": ({"RoleSessionName": ""}, "Value ''", NAME, shortest(2)),
    "no name for a role": ({"RoleSessionName": None}, "Value null", NAME, NULL),
    "no token": ({"WebIdentityToken": None}, "Value null", "webIdentityToken", NULL),
    "a short token, not told back": ({"WebIdentityToken": "abc"}, "Value", "webIdentityToken", shortest(4)),
    "a long token, not told back": ({"WebIdentityToken": "a" * 20_001}, "Value", "webIdentityToken", longest(20_000)),
    "a short role": ({"RoleArn": "arn"}, "Value 'arn'", ROLE_AT, shortest(20)),
    "a role with NUL": ({"RoleArn": ROLE + "\x00"}, f"Value '{ROLE}\x00'", ROLE_AT, ARN_PATTERN),
    "a long role, told in part": ({"RoleArn": "a" * 2049}, f"Value '{'a' * 512}...'", ROLE_AT, longest(2048)),
    "a short duration": ({"DurationSeconds": "899"}, "Value '899'", DURATION, least(900)),
    "a negative duration": ({"DurationSeconds": "-900"}, "Value '-900'", DURATION, least(900)),
    "a long duration": ({"DurationSeconds": "43201"}, "Value '43201'", DURATION, most(43_200)),
    "a duration of over a year, without a role": (
        {"RoleArn": None, "DurationSeconds": "31536001"},
        "Value '31536001'",
        DURATION,
        most(31_536_000),
    ),
    "a duration in words": ({"DurationSeconds": "1h"}, "Value '1h'", DURATION, INTEGER),
    "an empty duration": ({"DurationSeconds": ""}, "Value ''", DURATION, INTEGER),
    "Arabic digits": ({"DurationSeconds": "\u0669\u0660\u0660"}, "Value '\u0669\u0660\u0660'", DURATION, INTEGER),
    "a duration with a blank": ({"DurationSeconds": " 900"}, "Value ' 900'", DURATION, INTEGER),
    "a duration with a line feed": ({"DurationSeconds": "900\n"}, "Value '900\n'", DURATION, INTEGER),
    "5,000 digits": ({"DurationSeconds": "9" * 5_000}, f"Value '{'9' * 512}...'", DURATION, INTEGER),
    "a policy beyond Latin-1": ({"Policy": "\u20ac"}, "Value '\u20ac'", POLICY, POLICY_PATTERN),
    "a long policy": ({"Policy": "x" * 2049}, f"Value '{'x' * 512}...'", POLICY, longest(2048)),
    "a short provider": ({"ProviderId": "abc"}, "Value 'abc'", "providerId", shortest(4)),
    "a short policy ARN": (
        {"PolicyArns.member.1.arn": "arn"},
        "Value 'arn'",
        "policyArns.1.member.arn",
        shortest(20),
    ),
    "a hole in the list": (
        {"PolicyArns.member.1.arn": READ_ONLY, "PolicyArns.member.3.arn": READ_ONLY},
        "Value null",
        "policyArns.2.member",
        NULL,
    ),
    "a list that begins at 2": ({"PolicyArns.member.2.arn": READ_ONLY}, "Value null", "policyArns.1.member", NULL),
    "eleven policy ARNs": (
        {f"PolicyArns.member.{number}.arn": READ_ONLY for number in range(1, 12)},
        "Value '[11 members]'",
        "policyArns",
        longest(10),
    ),
    "a list as one text": (
        {"PolicyArns": READ_ONLY},
        f"Value '{READ_ONLY}'",
        "policyArns",
        "Member must be sent as PolicyArns.member.N.arn",
    ),
    "policy and ARNs together too long": (
        {"Policy": "x" * 2010, "PolicyArns.member.1.arn": READ_ONLY},
        f"Value '[{READ_ONLY}]'",
        "policyArns",
        TOGETHER,
    ),
    "ARNs together too long": (
        {"PolicyArns.member.1.arn": "a" * 1024, "PolicyArns.member.2.arn": "a" * 1025},
        f"Value '[{'a' * 511}...'",
        "policyArns",
        TOGETHER,
    ),
}


@pytest.mark.parametrize(("changed", "value", "member", "constraint"), FAULTS.values(), ids=FAULTS)
def test_a_value_outside_its_shape_is_told_as_aws_tells_it(
    changed: dict[str, str | None], value: str, member: str, constraint: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        web_identity_request(posted(WEB_IDENTITY, **changed))
    told = f"1 validation error detected: {value} at '{member}' failed to satisfy constraint: {constraint}"
    assert str(refused.value) == told


def test_one_value_may_break_several_constraints_the_pattern_first() -> None:
    with pytest.raises(ValidationFailed) as refused:
        web_identity_request(posted(WEB_IDENTITY, Policy=""))
    assert str(refused.value) == (
        f"2 validation errors detected: Value '' at 'policy' failed to satisfy constraint: {POLICY_PATTERN}; "
        f"Value '' at 'policy' failed to satisfy constraint: {shortest(1)}"
    )


def test_all_violations_are_told_at_once() -> None:
    wrong = {"RoleSessionName": ":", "RoleArn": "arn", "DurationSeconds": "0", "WebIdentityToken": "abc"}
    with pytest.raises(ValidationFailed) as refused:
        web_identity_request(posted(WEB_IDENTITY, **wrong))
    assert [violation.member for violation in refused.value.violations] == [
        "roleArn",
        "roleSessionName",
        "roleSessionName",
        "durationSeconds",
        "webIdentityToken",
    ]
    assert str(refused.value).startswith("5 validation errors detected: Value 'arn' at 'roleArn'")


BOUNDS = {
    "the longest session name": {"RoleSessionName": "a" * 64},
    "every character of a session name": {"RoleSessionName": "aZ09_+=,.@-"},
    "the longest token": {"WebIdentityToken": "a" * 20_000},
    "the longest duration": {"DurationSeconds": "43200"},
    "the longest policy": {"Policy": "x" * 2048},
    "ten policy ARNs": {f"PolicyArns.member.{number}.arn": READ_ONLY for number in range(1, 11)},
    "the longest policy with an ARN": {"Policy": "x" * (2048 - len(READ_ONLY)), "PolicyArns.member.1.arn": READ_ONLY},
}


@pytest.mark.parametrize("changed", BOUNDS.values(), ids=BOUNDS)
def test_values_at_their_bounds_are_read(changed: dict[str, str | None]) -> None:
    web_identity_request(posted(WEB_IDENTITY, **changed))


@pytest.mark.parametrize(
    ("arn", "told"),
    [
        ("nothing-valid-in-here", "nothing-valid-in-here is invalid"),
        ("arn::b:::something/test-role", "arn::b:::something/test-role is invalid"),
        ("arn:a::::something/test-role", "arn:a::::something/test-role is invalid"),
        ("arn:a:a::aaaaaaaaaa:", "arn:a:a::aaaaaaaaaa: is invalid"),
        ("arn:aws:iam::111122223333:saml-provider/adfs", "Request ARN is invalid"),
    ],
)
def test_an_arn_that_names_no_role_is_invalid(arn: str, told: str) -> None:
    with pytest.raises(InvalidArn) as refused:
        web_identity_request(posted(WEB_IDENTITY, RoleArn=arn))
    assert str(refused.value) == told


def test_shapes_are_checked_before_the_role_arn_is_understood() -> None:
    wrong = {"RoleArn": "arn:a:b:::something/test-role", "RoleSessionName": "Session1:2"}
    with pytest.raises(ValidationFailed, match="1 validation error detected"):
        web_identity_request(posted(WEB_IDENTITY, **wrong))


TOKEN_REQUEST = {
    "Action": "GetWebIdentityToken",
    "Version": "2011-06-15",
    "Audience.member.1": "https://api.example.com",
    "SigningAlgorithm": "ES384",
}


def test_a_token_request_is_read() -> None:
    more = {
        "Audience.member.2": "other",
        "DurationSeconds": "60",
        "Tags.member.1.Key": "job",
        "Tags.member.1.Value": "7",
        "SubjectMode": "AWSIdentity",
    }
    asked = web_identity_token_request(posted(TOKEN_REQUEST, **more))
    assert (asked.audiences, asked.algorithm) == (("https://api.example.com", "other"), "ES384")
    assert (asked.duration, asked.tags) == (60, {"job": "7"})


TOKEN_FAULTS: dict[str, tuple[dict[str, str | None], type[GatewayError], str]] = {
    "no audience": ({"Audience.member.1": None}, ValidationFailed, "Value null at 'audience'"),
    "an empty audience": ({"Audience.member.1": ""}, ValidationFailed, "'audience.1.member'"),
    "an audience too long": ({"Audience.member.1": "a" * 1_001}, ValidationFailed, "less than or equal to 1000"),
    "eleven audiences": ({f"Audience.member.{at}": "a" for at in range(1, 12)}, ValidationFailed, "equal to 10"),
    "no algorithm": ({"SigningAlgorithm": None}, ValidationFailed, "Value null at 'signingAlgorithm'"),
    "an algorithm of another length": ({"SigningAlgorithm": "none"}, ValidationFailed, "greater than or equal to 5"),
    "a shared secret's algorithm": (
        {"SigningAlgorithm": "HS256"},
        ValidationFailed,
        r"Value 'HS256' at 'signingAlgorithm' failed .*: Member must satisfy enum value set: \[ES384, RS256\]",
    ),
    "an algorithm in another case": ({"SigningAlgorithm": "rs256"}, ValidationFailed, "enum value set"),
    "too short": ({"DurationSeconds": "59"}, ValidationFailed, "greater than or equal to 60"),
    "too long": ({"DurationSeconds": "3601"}, ValidationFailed, "less than or equal to 3600"),
    "a reserved tag": ({"Tags.member.1.Key": "aws:x", "Tags.member.1.Value": "y"}, InvalidTags, "reserved"),
    "another subject": ({"SubjectMode": "OriginIdentity"}, InvalidParameter, "SubjectMode is AWSIdentity"),
    "a scope": ({"Scope": "read"}, InvalidParameter, "without Scope"),
}


@pytest.mark.parametrize(("changed", "error", "told"), TOKEN_FAULTS.values(), ids=TOKEN_FAULTS)
def test_a_token_request_outside_its_shape_is_told(
    changed: dict[str, str | None], error: type[GatewayError], told: str
) -> None:
    with pytest.raises(error, match=told):
        web_identity_token_request(posted(TOKEN_REQUEST, **changed))


NAMES = st.sampled_from(
    [
        *WEB_IDENTITY,
        "PolicyArns.member.1.arn",
        "PolicyArns.member.2.arn",
        "PolicyArns",
        "DurationSeconds",
        "Policy",
        "x",
    ]
)


@given(
    st.sampled_from(["GET", "POST"]),
    st.binary(max_size=30) | st.just(b""),
    st.binary(max_size=60)
    | st.dictionaries(NAMES, st.text("ab:1\x00\u20ac", max_size=30)).map(urlencode).map(str.encode),
    st.sampled_from([None, FORM]) | st.text(max_size=20),
)
def test_any_request_is_read_or_refused_as_an_error_of_the_gateway(
    method: str, query: bytes, body: bytes, content_type: str | None
) -> None:
    with contextlib.suppress(GatewayError):
        parameters = read(method, query, body, content_type)
        with contextlib.suppress(GatewayError):
            operation_of(parameters)
        web_identity_request(parameters)


@given(st.dictionaries(NAMES, st.text("ab:1\x00\u20ac\ud7ff", max_size=3_000)))
def test_what_is_read_is_what_was_sent(fields: dict[str, str]) -> None:
    assert read("POST", b"", urlencode(fields).encode(), FORM).values == fields
