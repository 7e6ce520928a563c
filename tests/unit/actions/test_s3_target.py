"""Which bucket and key a path and a host name."""

import string
from urllib.parse import quote

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gateway.actions.s3_target import Level, read_target
from gateway.domain.errors import GatewayError, UnmappedRequest
from gateway.sigv4.request import HttpRequest
from tests.unit.actions.asking import HOST, sent

HOSTS = (HOST, "eu.s3.example.com", "127.0.0.1:9000", "S3.Upper.example.com")


@pytest.mark.parametrize(
    ("host", "path", "bucket", "key"),
    [
        (HOST, "/", "", ""),
        (HOST, "/lake", "lake", ""),
        (HOST, "/lake/", "lake", ""),
        (HOST, "/lake/a", "lake", "a"),
        (HOST, "/lake/a/", "lake", "a/"),
        (HOST, "/lake/a/b", "lake", "a/b"),
        (HOST, "/lake/a%2Fb", "lake", "a/b"),
        (HOST, "/lake/a//b", "lake", "a//b"),
        (HOST, "/lake/a%20b%2B", "lake", "a b+"),
        (HOST, "/lake/%C3%BC", "lake", "ü"),
        (HOST, "/lake/...", "lake", "..."),
        (HOST, "/lake/.hidden/..x/x..", "lake", ".hidden/..x/x.."),
        (HOST, "/lake/*", "lake", "*"),
        (HOST, "/lake/a;b=c:d@e", "lake", "a;b=c:d@e"),
        (HOST, "/lake/a%3Fb%23c", "lake", "a?b#c"),
        (HOST, "/lake/%2541", "lake", "%41"),
        (HOST, "/lake/a%5Cb", "lake", "a\\b"),
        (HOST, "/Data_Lake.v1/a", "Data_Lake.v1", "a"),
        ("S3.Example.com", "/lake/a", "lake", "a"),
        (f"{HOST}:443", "/lake/a", "lake", "a"),
        (f"{HOST}:80", "/lake/a", "lake", "a"),
        ("s3.upper.example.com", "/lake/a", "lake", "a"),
        ("127.0.0.1:9000", "/lake/a", "lake", "a"),
        (f"lake.{HOST}", "/", "lake", ""),
        (f"lake.{HOST}", "/a/b", "lake", "a/b"),
        (f"lake.{HOST}:443", "/lake/b", "lake", "lake/b"),
        (f"my.lake.{HOST}", "/a", "my.lake", "a"),
        (f"Lake.{HOST}", "/a", "lake", "a"),
        ("lake.eu.s3.example.com", "/a", "lake", "a"),
        ("eu.s3.example.com", "/lake/a", "lake", "a"),
    ],
)
def test_host_and_path_name_a_bucket_and_a_key(host: str, path: str, bucket: str, key: str) -> None:
    target = read_target(sent("GET", path, host=host), HOSTS)

    assert (target.bucket, target.key) == (bucket, key)
    assert target.level == (Level.OBJECT if key else Level.BUCKET if bucket else Level.SERVICE)


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("", "begin with /"),
        ("lake/a", "begin with /"),
        ("*", "begin with /"),
        ("http://s3.example.com/lake/a", "begin with /"),
        ("//lake/a", "begins with //"),
        ("/%2Flake/a", "begins with //"),
        ("/lake//a", "the key begins with /"),
        ("/lake/%2Fa", "the key begins with /"),
        ("/lake/.", ". or .."),
        ("/lake/..", ". or .."),
        ("/lake/../other/a", ". or .."),
        ("/../lake", ". or .."),
        ("/lake/a/./b", ". or .."),
        ("/lake/a/..", ". or .."),
        ("/lake/a/../", ". or .."),
        ("/lake/%2e%2E/other", ". or .."),
        ("/lake/.%2e/other", ". or .."),
        ("/lake/a%2f..%2Fb", ". or .."),
        ("/lake/a%5c..%5Cb", ". or .."),
        ("/lake/a\\..\\b", ". or .."),
        ("/lake/%252e%252e/b", ". or .."),
        ("/lake/a%252f..%252fb", ". or .."),
        ("/lake/%25252e%25252e/b", ". or .."),
        ("/lake/..;x=y/b", ". or .."),
        ("/lake/..%3b/b", ". or .."),
        ("/lake/a%00b", "control"),
        ("/lake/a%0ab", "control"),
        ("/lake/a%7f", "control"),
        ("/lake/%c2%85", "control"),
        ("/lake/%ff", "UTF-8"),
        ("/lake/%c0%ae%c0%ae/x", "UTF-8"),
        ("/lake/%ed%a0%80", "UTF-8"),
        ("/lake/%zz", "percent-encoded"),
        ("/lake/%2", "percent-encoded"),
        ("/lake/a b", "percent-encoded"),
        ("/lake/a#b", "percent-encoded"),
        ("/lake/\xfc", "percent-encoded"),
        ("/lake/a\nb", "percent-encoded"),
        ("/lake/a+b", "a +"),
        ("/lake%2Fa", "the bucket in the path"),
        ("/%6cake/a", "the bucket in the path"),
        ("/la/a", "name of a bucket"),
        ("/-lake/a", "name of a bucket"),
        ("/lake-/a", "name of a bucket"),
        ("/la..ke/a", "name of a bucket"),
        ("/.minio.sys/a", "name of a bucket"),
        (f"/{'a' * 64}/a", "name of a bucket"),
        ("/la:ke/a", "name of a bucket"),
        ("/la*/a", "name of a bucket"),
        ("/admin/user", "name of a bucket"),
        ("/Admin/user", "name of a bucket"),
        ("/minio/admin/v3/info", "administration"),
        ("/%6dinio/admin/v3/info", "administration"),
        ("/MINIO/admin", "administration"),
    ],
)
def test_a_path_that_could_be_read_in_two_ways_is_refused(path: str, cause: str) -> None:
    with pytest.raises(UnmappedRequest) as caught:
        read_target(sent("GET", path), HOSTS)

    assert cause in caught.value.cause


@pytest.mark.parametrize("path", ["/minio/admin/v3/info", "/minio", "//minio/admin/v3/info", "/%2fminio/admin", "/a+b"])
def test_a_buckets_host_hides_no_administration(path: str) -> None:
    with pytest.raises(UnmappedRequest):
        read_target(sent("GET", path, host=f"lake.{HOST}"), HOSTS)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "xs3.example.com",
        f"{HOST}.evil.example.com",
        f"{HOST}.",
        f"{HOST}:8080",
        f".{HOST}",
        f"la.{HOST}",
        f"admin.{HOST}",
        f"minio.{HOST}",
        f"a@lake.{HOST}",
        f"la/ke.{HOST}",
        "127.0.0.1",
        "",
    ],
)
def test_a_host_that_is_not_the_services_is_refused(host: str) -> None:
    with pytest.raises(UnmappedRequest):
        read_target(sent("GET", "/lake/a", host=host), HOSTS)


def test_the_host_is_named_once() -> None:
    request = sent("GET", "/lake/a", headers={"host": f"other.{HOST}"})
    nameless = HttpRequest(method="GET", raw_path=b"/lake/a", raw_query=b"", headers=())

    for http in (request, nameless):
        with pytest.raises(UnmappedRequest):
            read_target(http, HOSTS)


BUCKETS = st.from_regex(r"[a-z0-9][a-z0-9-]{1,20}[a-z0-9]", fullmatch=True).filter(
    lambda name: name not in {"minio", "admin"}
)
KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)


@given(BUCKETS, KEYS, st.sampled_from(["/", "/~", ""]), st.booleans())
def test_a_key_comes_back_as_the_client_meant_it(bucket: str, key: str, safe: str, virtual: bool) -> None:
    assume(not key.startswith("/") and key.split("/", maxsplit=1)[0].lower() != "minio")
    path = f"/{quote(key, safe=safe)}"
    host = f"{bucket}.{HOST}" if virtual else HOST
    try:
        target = read_target(sent("GET", path if virtual else f"/{bucket}{path}", host=host), HOSTS)
    except UnmappedRequest:
        assert "." in key or "%2e" in key.lower()
        return
    assert (target.bucket, target.key) == (bucket, key)


@given(
    st.sampled_from(["GET", "PUT", "DELETE"]),
    st.binary(max_size=60) | st.text("/.%2eEfF5cC;\\+ab", max_size=30).map(lambda text: f"/{text}".encode()),
    st.binary(max_size=40),
)
@example("GET", b"/lake/%2e%2e%2fother", b"")
def test_any_path_and_query_is_read_or_refused(method: str, path: bytes, query: bytes) -> None:
    http = HttpRequest(method=method, raw_path=path, raw_query=query, headers=((b"host", HOST.encode()),))
    try:
        target = read_target(http, HOSTS)
    except GatewayError:
        return
    assert not {".", ".."} & set(target.key.replace("\\", "/").split("/"))
    assert set(target.bucket) <= set(string.ascii_letters + string.digits + "._-")


@given(st.binary(max_size=40))
def test_any_host_is_read_or_refused(host: bytes) -> None:
    http = HttpRequest(method="GET", raw_path=b"/lake/a", raw_query=b"", headers=((b"host", host),))
    try:
        read_target(http, HOSTS)
    except GatewayError:
        return
    assert host.strip().lower().startswith((HOST.encode(), *(entry.lower().encode() for entry in HOSTS)))
