"""The straight line for usual checks under policies that nobody wrote by hand, and what it remembers of its callers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.exchange.live_policies import LivePolicies, PolicySets
from gateway.exchange.usual_caller import UsualCaller
from gateway.policy.document import Policy, PolicyKind, parse_policy
from gateway.sealing import key_file
from gateway.sealing.keyring import Keyring
from tests.fakes.gateway_world import START
from tests.unit.doors.authz.both_ways import BothWays

S3 = "arn:aws:s3:::"
ACTIONS = (
    "*",
    "*",
    "s3:*",
    "s3:*",
    "S3:getobject",
    "s3:Get*",
    "s3:PutObject",
    "s3:ListBucket",
    "s3:*Object",
    "*:DeleteObject",
)
RESOURCES = (
    "*", "*", "*", f"{S3}*", f"{S3}*", f"{S3}*", f"{S3}lake", f"{S3}lake/*", f"{S3}lake/a", f"{S3}lake/?", f"{S3}la*/a*", f"{S3}lake/*b", f"{S3}pool/a",
    f"{S3}lake/${{aws:username}}", f"{S3}lake/${{aws:PrincipalTag/team, 'a'}}", f"{S3}lake/${{*}}", "arn:aws:s3:us-east-1::lake/a",
)  # fmt: skip
CONDITIONS: tuple[Mapping[str, Any] | None, ...] = (
    *(None,) * 24,
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Null": {"s3:prefix": "true"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": "a"}},
    {"StringNotEqualsIfExists": {"s3:VersionId": "1"}},
)
STATEMENTS = st.builds(
    lambda effect, action, actions, resource, resources, condition: {
        "Effect": effect,
        action: list(actions),
        resource: list(resources),
        **({} if condition is None else {"Condition": condition}),
    },
    st.sampled_from([*["Allow"] * 7, "Deny"]),
    st.sampled_from(["Action", "Action", "Action", "NotAction"]),
    st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3),
    st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]),
    st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=3),
    st.sampled_from(CONDITIONS),
)


def policies(kind: PolicyKind) -> st.SearchStrategy[tuple[Policy, ...]]:
    """Up to two documents; those of several statements are looked up in an index by the whole way."""
    documents = st.builds(
        lambda version, statements: {"Version": version, "Statement": statements},
        st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17"]),
        st.lists(STATEMENTS, min_size=1, max_size=6),
    )
    return st.lists(documents, min_size=1, max_size=2).map(
        lambda several: tuple(parse_policy(one, kind, name=f"{kind}{n}") for n, one in enumerate(several))
    )


SETS = st.builds(
    PolicySets,
    identity=st.just(()) | policies(PolicyKind.IDENTITY) | policies(PolicyKind.IDENTITY),
    boundary=st.none() | st.none() | st.just(()) | policies(PolicyKind.BOUNDARY),
    session=st.none() | st.none() | policies(PolicyKind.SESSION),
)
ASKED = st.tuples(
    st.sampled_from(["GET", "HEAD", "PUT", "DELETE"]),
    st.sampled_from(["/lake", "/lake/", "/lake/a", "/lake/ab", "/lake/%2A", "/lake/%20a", "/pool/a", "/lake/x/b"]),
)


@pytest.fixture
def both(tmp_path: Path) -> BothWays:
    return BothWays(tmp_path)


def callers(both: BothWays) -> dict[Any, UsualCaller]:
    return both.straight.exchange._usual_authorization._callers


@given(sets=SETS, asked=st.lists(ASKED, min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
async def test_whatever_policies_there_are_both_ways_say_the_same(
    both: BothWays, sets: PolicySets, asked: list[tuple[str, str]]
) -> None:
    credentials = await both.session()
    callers(both).clear()

    with mock.patch.object(LivePolicies, "sets_of", return_value=sets):
        for method, path in asked:
            await both.envoy(both.asking.request(method, path, credentials=credentials))


async def test_what_is_remembered_of_a_caller_does_not_grow_with_what_it_asks(both: BothWays) -> None:
    credentials = await both.session()
    many = [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{S3}lake/*{one}*"} for one in "0123456789"]
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    identity = (parse_policy({"Statement": [everything, *many]}, PolicyKind.IDENTITY, name="many"),)

    with mock.patch.object(LivePolicies, "sets_of", return_value=PolicySets(identity=identity)):
        for number in range(300):
            key = "x" + "".join(str(bit) for bit in range(10) if number >> bit & 1)
            assert await both.envoy(both.asking.request(path=f"/lake/{key}", credentials=credentials))
        for number in range(50):
            assert not await both.envoy(both.asking.request(f"M{number}", credentials=credentials))

    (caller,) = callers(both).values()
    plans = [one for one in caller.plans.values() if one is not None]
    assert len(caller.plans) == len(plans) == 1
    assert len(plans[0].told) <= 256


async def test_whoever_signs_hundreds_of_headers_is_not_remembered(both: BothWays) -> None:
    credentials = await both.session()
    many = {f"x-amz-meta-{number:064}": "a" for number in range(30)}

    assert not await both.envoy(both.asking.request(credentials=credentials, headers=many))

    assert not callers(both)


async def test_a_caller_is_looked_at_anew_once_the_keyring_has_changed(both: BothWays) -> None:
    credentials = await both.session()
    assert await both.envoy(both.asking.request(credentials=credentials))
    path = both.world.folder / "keyring.json"
    before = key_file.read(path)
    path.unlink()
    key_file.create(path, Keyring([*before.keys, key_file.new_key(now=START, seals_from=START)], ()))
    for gateway in (both.straight, both.whole):
        gateway.follow_keyring()

    assert await both.envoy(both.asking.request(credentials=credentials))
