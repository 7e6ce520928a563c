"""Requests that only a signer of its own kind makes: the straight line leaves them to the whole way."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.sigv4.canonical import canonical_request
from gateway.sigv4.dates import basic
from gateway.sigv4.request import HttpRequest
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.signing_key import signing_key
from gateway.sigv4.string_to_sign import signature_of
from tests.fakes.gateway_world import sha256
from tests.unit.doors.authz.both_ways import BothWays


@pytest.fixture
def both(tmp_path: Path) -> BothWays:
    return BothWays(tmp_path)


def signed_by_hand(both: BothWays, credentials: Any, **given: Any) -> HttpRequest:
    """What a signer makes that signs anything: `names` and their `values` as they are, a scope of its own choice."""
    now = basic(both.world.clock.now())
    path = given.get("path", "/lake/a")
    scope = CredentialScope(date=given.get("date", now[:8]), region="us-east-1", service=given.get("service", "s3"))
    headers = {
        "host": "s3.example.com",
        "x-amz-content-sha256": sha256(b""),
        "x-amz-date": now,
        "x-amz-security-token": credentials.session_token,
        **given.get("headers", {}),
    }
    names = [name for name in sorted(headers) if name not in given.get("unsigned", ())]
    block = "".join(f"{name}:{headers[name]}\n" for name in names)
    canonical = canonical_request("GET", path.encode(), b"", block.encode(), ";".join(names), sha256(b""))
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope.text}\n{sha256(canonical)}"
    signature = signature_of(text, signing_key(credentials.secret_access_key, scope))
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key_id}/{scope.text}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    every = {**headers, "authorization": authorization}.items()
    return HttpRequest(
        method="GET",
        raw_path=path.encode(),
        raw_query=b"",
        headers=tuple((name.encode(), value.encode()) for name, value in every),
    )


BY_HAND: Mapping[str, dict[str, Any]] = {
    "a scope of another day": {"date": "20260228"},
    "a scope of another service": {"service": "sts"},
    "blanks that are signed as they are": {"headers": {"x-amz-meta-a": "one  two"}},
    "no host among the signed": {"unsigned": ("host",)},
    "the proxy's word among the signed": {"headers": {"x-gateway-content-length": "7"}},
    "a quote in the path, signed as it is": {"path": '/lake/a"b'},
}


@pytest.mark.parametrize("case", BY_HAND)
async def test_what_only_a_strange_signer_makes_is_judged_by_the_whole_way(both: BothWays, case: str) -> None:
    credentials = await both.session()
    assert await both.envoy(signed_by_hand(both, credentials))

    assert not await both.envoy(signed_by_hand(both, credentials, **BY_HAND[case]))
