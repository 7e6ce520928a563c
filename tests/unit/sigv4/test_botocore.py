"""botocore as the judge: whatever it signs verifies, and what it signs is what we compute."""

import string
from urllib.parse import quote, urlencode

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.errors import SignatureMismatch
from gateway.sigv4.request import HttpRequest, parse
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES, SigningRules
from gateway.sigv4.scope import CredentialScope, check_scope
from gateway.sigv4.sign import sign
from gateway.sigv4.signing_key import signing_key
from gateway.sigv4.string_to_sign import strings_to_sign
from gateway.sigv4.verify import check_time, verify
from tests.unit.sigv4.clients import REGION, frozen, signed_by_botocore
from tests.unit.sigv4.made import KEY_ID, NOW, SECRET, TOKEN, hashed

METHODS = st.sampled_from(("GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS"))
# What urlsplit leaves alone and a server takes in a request line.
PATH_CHARACTERS = "".join(sorted(set(string.printable) - set(string.whitespace) - set("?#\\")))
RAW_PATHS = st.text(PATH_CHARACTERS, max_size=40).map(lambda text: "/" + text.lstrip("/"))
SEGMENTS = st.sampled_from(
    ("", ".", "..", "a", "%2e", "%2E%2E", "a b", "é", "a+b", "dt=2024", "%2F", "~", "a;b", "%41")
)
WALKED_PATHS = st.lists(SEGMENTS, max_size=6).map(
    lambda parts: ("/" + quote("/".join(parts), safe="/%+=;~")).replace("//", "/./", 1)
)
PATHS = st.one_of(RAW_PATHS, WALKED_PATHS)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
PAIRS = st.lists(st.tuples(TEXT.filter(lambda key: not key.lower().startswith("x-amz-")), TEXT), max_size=5)
QUERIES = st.one_of(
    PAIRS.map(lambda pairs: urlencode(pairs, quote_via=quote, safe="-_.~")),
    PAIRS.map(urlencode),
    st.lists(
        st.sampled_from(("a", "a=", "a=1", "A=1", "a-=2", "a=b=c", "a=%7e", "%20=+", "", "acl", "a=0")), max_size=5
    ).map("&".join),
)
NAMES = st.sampled_from(
    ("content-type", "my-header", "my-header2", "x-amz-meta-a", "x-amz-acl", "if-match", "cache-control", "user-agent")
)
VALUES = st.text("".join(sorted(set(string.printable) - set("\r\n\x0b\x0c"))), max_size=30)
HEADERS = st.dictionaries(NAMES, VALUES, max_size=4).map(lambda found: tuple(found.items()))
TOKENS = st.one_of(st.none(), st.text(string.ascii_letters + string.digits + "-_=+/", min_size=1, max_size=80))


def verified(http: HttpRequest, service: str, rules: SigningRules, body_sha256: str | None) -> None:
    signed = parse(http)
    check_scope(signed.scope, service=service, region=REGION)
    check_time(signed, NOW)
    verify(signed, signing_key(SECRET, signed.scope), rules, body_sha256=body_sha256)


@settings(max_examples=100, deadline=None)
@given(method=METHODS, path=PATHS, query=QUERIES, headers=HEADERS, body=st.binary(max_size=64), token=TOKENS)
def test_what_botocore_signs_for_a_service_verifies(method, path, query, headers, body, token) -> None:
    url = f"https://host.example.com{path}?{query}"
    http = signed_by_botocore(auth.SigV4Auth, "sts", method=method, url=url, headers=headers, body=body, token=token)
    verified(http, "sts", SERVICE_RULES, hashed(body))


@settings(max_examples=100, deadline=None)
@given(
    method=METHODS,
    scheme=st.sampled_from(("http", "https")),
    path=PATHS,
    query=QUERIES,
    headers=HEADERS,
    body=st.binary(max_size=64),
    token=TOKENS,
)
def test_what_botocore_signs_for_s3_verifies(method, scheme, path, query, headers, body, token) -> None:
    url = f"{scheme}://host.example.com{path}?{query}"
    http = signed_by_botocore(auth.S3SigV4Auth, "s3", method=method, url=url, headers=headers, body=body, token=token)
    verified(http, "s3", S3_RULES, hashed(body))
    verified(http, "s3", S3_RULES, None)


@settings(max_examples=100, deadline=None)
@given(method=METHODS, path=PATHS, query=PAIRS, headers=HEADERS, token=TOKENS, expires=st.integers(0, 604_800))
def test_what_botocore_presigns_for_a_service_verifies(method, path, query, headers, token, expires) -> None:
    url = f"https://host.example.com{path}?{urlencode(query)}"
    http = signed_by_botocore(
        auth.SigV4QueryAuth, "sts", method=method, url=url, headers=headers, token=token, expires=expires
    )
    verified(http, "sts", SERVICE_RULES, hashed(b""))


@settings(max_examples=100, deadline=None)
@given(
    method=METHODS,
    path=PATHS,
    query=PAIRS,
    headers=HEADERS,
    body=st.binary(max_size=64),
    token=TOKENS,
    expires=st.integers(0, 604_800),
)
def test_what_botocore_presigns_for_s3_verifies_whatever_the_body(
    method, path, query, headers, body, token, expires
) -> None:
    url = f"https://host.example.com{path}?{urlencode(query)}"
    http = signed_by_botocore(
        auth.S3SigV4QueryAuth, "s3", method=method, url=url, headers=headers, token=token, expires=expires
    )
    verified(http, "s3", S3_RULES, hashed(body))


@settings(max_examples=50, deadline=None)
@given(
    params=st.dictionaries(
        TEXT.filter(lambda key: key and not key.lower().startswith("x-amz-")), TEXT, min_size=1, max_size=4
    )
)
def test_parameters_that_an_http_client_writes_with_plus_for_a_blank_verify(params) -> None:
    http = signed_by_botocore(auth.SigV4Auth, "execute-api", url="https://host.example.com/orders", params=params)
    verified(http, "execute-api", SERVICE_RULES, hashed(b""))


def test_repeated_headers_that_botocore_joins_with_commas_verify() -> None:
    headers = (("my-header", " b   c "), ("my-header", "a"), ("x-amz-meta-note", "1"), ("x-amz-meta-note", "2"))
    http = signed_by_botocore(auth.SigV4Auth, "sts", headers=headers)
    assert sum(name == b"my-header" for name, _ in http.headers) == 2
    verified(http, "sts", SERVICE_RULES, hashed(b""))


def test_a_date_header_in_place_of_x_amz_date_verifies() -> None:
    http = signed_by_botocore(auth.SigV4Auth, "sts", headers=(("Date", "long ago"),))
    assert b"x-amz-date" not in dict(http.headers)
    verified(http, "sts", SERVICE_RULES, hashed(b""))


def test_a_presigned_sts_call_of_a_form_verifies_as_eks_uses_it() -> None:
    prepared = AWSRequest(
        method="GET",
        url="https://sts.example.com/?Action=GetCallerIdentity&Version=2011-06-15",
        headers={"x-k8s-aws-id": "cluster-1"},
    )
    with frozen(NOW):
        auth.SigV4QueryAuth(Credentials(KEY_ID, SECRET, TOKEN), "sts", REGION, expires=60).add_auth(prepared)
    path, _, query = prepared.url.removeprefix("https://sts.example.com").partition("?")
    http = HttpRequest(
        method="GET",
        raw_path=path.encode(),
        raw_query=query.encode(),
        headers=((b"host", b"sts.example.com"), (b"x-k8s-aws-id", b"cluster-1")),
    )
    verified(http, "sts", SERVICE_RULES, hashed(b""))


@pytest.mark.parametrize(
    ("signer", "service", "rules"),
    [
        pytest.param(auth.SigV4Auth, "sts", SERVICE_RULES, id="service"),
        pytest.param(auth.S3SigV4Auth, "s3", S3_RULES, id="s3"),
    ],
)
@settings(max_examples=100, deadline=None)
@given(method=METHODS, path=WALKED_PATHS, query=PAIRS, body=st.binary(max_size=32))
def test_the_string_to_sign_is_botocores(signer, service, rules, method, path, query, body) -> None:
    url = f"http://host.example.com{path}?{urlencode(query, quote_via=quote, safe='-_.~')}"
    prepared = AWSRequest(method=method, url=url, data=body)
    by_botocore = signer(Credentials(KEY_ID, SECRET, TOKEN), service, REGION)
    with frozen(NOW):
        by_botocore.add_auth(prepared)
    del prepared.headers["Authorization"]
    theirs = by_botocore.string_to_sign(prepared, by_botocore.canonical_request(prepared))
    http = signed_by_botocore(signer, service, method=method, url=url, body=body)
    assert theirs in strings_to_sign(parse(http), rules, body_sha256=hashed(body))


@settings(max_examples=100, deadline=None)
@given(method=METHODS, path=WALKED_PATHS, query=PAIRS, body=st.binary(max_size=32), token=TOKENS)
def test_what_we_sign_has_the_signature_that_botocore_would_give(method, path, query, body, token) -> None:
    text = urlencode(query, quote_via=quote, safe="-_.~")
    theirs = signed_by_botocore(
        auth.SigV4Auth, "sts", method=method, url=f"http://host.example.com{path}?{text}", body=body, token=token
    )
    http = HttpRequest(
        method=method, raw_path=path.encode(), raw_query=text.encode(), headers=((b"host", b"host.example.com"),)
    )
    ours = sign(
        http,
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        session_token=token,
        scope=CredentialScope(date="20260504", region=REGION, service="sts"),
        now=NOW,
        rules=SERVICE_RULES,
        payload_hash=hashed(body),
    )
    assert dict(ours)[b"authorization"] == dict(theirs.headers)[b"authorization"]


@settings(max_examples=50, deadline=None)
@given(body=st.binary(max_size=32), other=st.binary(max_size=32))
def test_another_body_than_botocore_signed_is_refused(body, other) -> None:
    http = signed_by_botocore(auth.SigV4Auth, "sts", method="POST", body=body)
    if body == other:
        verified(http, "sts", SERVICE_RULES, hashed(other))
        return
    with pytest.raises(SignatureMismatch):
        verified(http, "sts", SERVICE_RULES, hashed(other))
