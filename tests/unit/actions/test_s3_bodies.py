"""What stands in bodies: keys to delete, tags, restores; judged where the body is seen, feared where it is not."""

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.actions.s3_body import LARGEST_BODY
from gateway.domain.errors import BodyTooLarge, GatewayError
from tests.unit.actions.asking import asked, refused, told

XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
BYPASS = {"x-amz-bypass-governance-retention": "true"}


def deleting(objects: str, *, root: str = f"<Delete {XMLNS}>", before: str = "") -> bytes:
    return f"{before}{root}{objects}</Delete>".encode()


def key(text: str, more: str = "") -> str:
    return f"<Object><Key>{text}</Key>{more}</Object>"


def test_every_key_is_judged_and_versions_as_versions() -> None:
    body = deleting(key("a/b") + "\n <Quiet>true</Quiet>" + key("x &amp; &#252;", "<VersionId>v1</VersionId>"))

    answer = asked("POST", "/lake?delete", body=body)

    assert told(answer) == ["s3:DeleteObject arn:aws:s3:::lake/a/b", "s3:DeleteObjectVersion arn:aws:s3:::lake/x & ü"]
    assert "s3:versionid" not in answer[0].context
    assert answer[1].context["s3:versionid"] == "v1"


def test_a_key_named_twice_is_judged_once() -> None:
    assert len(asked("POST", "/lake?delete", body=deleting(key("a") * 3))) == 1


def test_passing_over_retention_is_judged_on_every_key() -> None:
    answer = asked("POST", "/lake?delete", body=deleting(key("a") + key("b")), headers=BYPASS)

    assert [one.name for one in answer] == ["s3:DeleteObject", "s3:BypassGovernanceRetention"] * 2
    assert {one.resource for one in answer[2:]} == {"arn:aws:s3:::lake/b"}


def test_an_unseen_body_may_name_any_key_and_any_version() -> None:
    answer = asked("POST", "/lake?delete", headers=BYPASS)

    assert told(answer) == [
        "s3:DeleteObject arn:aws:s3:::lake/* (every key)",
        "s3:DeleteObjectVersion arn:aws:s3:::lake/* (every key)",
        "s3:BypassGovernanceRetention arn:aws:s3:::lake/* (every key)",
    ]
    assert "s3:versionid" in answer[1].unseen
    assert len(asked("POST", "/lake?delete")) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<Delete>",
        deleting(""),
        deleting(key("a") * 2).replace(b"</Delete>", b""),
        deleting(key("")),
        deleting("<Object></Object>"),
        deleting(key(" a")),
        deleting(key("a\n")),
        deleting(key("a/../b")),
        deleting(key("..")),
        deleting(key("/a")),
        deleting(key("a&#133;b")),
        deleting(key("a&#0;b")),
        deleting(key("a", "<Key>b</Key>")),
        deleting(key("a", "<VersionId></VersionId>")),
        deleting(key("a", "<VersionId> </VersionId>")),
        deleting(key("a", "<VersionId>v1 </VersionId>")),
        deleting(key("a", "<VersionId>\n v1</VersionId>")),
        deleting(key("a", "<VersionId>1</VersionId><VersionId>2</VersionId>")),
        deleting(key("a", "<Version>1</Version>")),
        deleting(key("a", "<key>b</key>")),
        deleting(key("a<b/>")),
        deleting(key("a<!-- c -->b")),
        deleting(key("<![CDATA[a]]>")),
        deleting(key("a") + "<?php ?>"),
        deleting(key("a") + "text"),
        deleting(key("a") + "<Other/>"),
        deleting('<Object id="1"><Key>a</Key></Object>'),
        deleting(key("a"), root="<Remove>").replace(b"</Delete>", b"</Remove>"),
        deleting(key("a"), root='<Delete xmlns="http://evil.example.com/">'),
        deleting(key("a"), root=f'<Delete {XMLNS} xmlns:x="y">'),
        deleting(f"<x:Object>{key('a')}</x:Object>", root='<Delete xmlns:x="y">'),
        deleting(key("a"), before="<!DOCTYPE Delete>"),
        deleting(key("&e;"), before='<!DOCTYPE Delete [<!ENTITY e "secret">]>'),
        deleting(key("&e;"), before='<!DOCTYPE Delete [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
        deleting(key("&e;")),
        deleting(key("a"), before='<?xml version="1.0" encoding="UTF-16"?>'),
        deleting(key("a"), before='<?xml version="1.0" encoding="latin1"?>'),
        deleting(key("a")).decode().encode("utf-16"),
        deleting(key("a")).decode().encode("utf-16-le"),
        deleting(key("a")).decode().encode("utf-8-sig"),
        deleting(key("a")).replace(b">a<", b">\xff<"),
        deleting(key("a")) + deleting(key("b")),
        deleting("".join(key(str(number)) for number in range(1001))),
        deleting(key("a") + "<Quiet/>" * 8000),
    ],
)
def test_a_body_that_a_store_could_read_otherwise_is_refused(body: bytes) -> None:
    assert refused("POST", "/lake?delete", body=body)


@pytest.mark.parametrize("root", ["<Delete>", f"<Delete {XMLNS}>"])
@pytest.mark.parametrize("before", ["", '<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-8"?>\n'])
def test_what_clients_send_is_read(root: str, before: str) -> None:
    more = "<ETag>e</ETag><LastModifiedTime>t</LastModifiedTime><Size>3</Size>"

    answer = asked("POST", "/lake?delete", body=deleting(key("a", more), root=root, before=before))

    assert told(answer) == ["s3:DeleteObject arn:aws:s3:::lake/a"]


def test_a_thousand_keys_are_judged() -> None:
    body = deleting("".join(key(str(number)) for number in range(1000)))

    assert len(asked("POST", "/lake?delete", body=body)) == 1000


def test_a_body_beyond_the_bound_is_not_read() -> None:
    with pytest.raises(BodyTooLarge):
        asked("POST", "/lake?delete", body=b" " * (LARGEST_BODY + 1))


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20), max_size=5
    )
)
def test_the_keys_of_a_body_are_judged_as_written_or_all_refused(keys: list[str]) -> None:
    body = deleting("".join(key(escape(one)) for one in keys))

    try:
        answer = asked("POST", "/lake?delete", body=body)
    except GatewayError:
        return
    assert [one.resource for one in answer] == [f"arn:aws:s3:::lake/{one}" for one in dict.fromkeys(keys)]


@given(st.binary(max_size=80))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    for target in ("/lake?delete", "/lake/key?restore"):
        try:
            asked("POST", target, body=body)
        except GatewayError:
            continue


def tagging(*tags: tuple[str, str]) -> bytes:
    written = "".join(f"<Tag><Key>{name}</Key><Value>{value}</Value></Tag>" for name, value in tags)
    return f"<Tagging {XMLNS}><TagSet>{written}</TagSet></Tagging>".encode()


TAGS = {
    "s3:RequestObjectTag/project": "a b",
    "s3:RequestObjectTag/kind": "",
    "s3:RequestObjectTagKeys": ["project", "kind"],
}


def test_the_tags_of_a_body_are_condition_keys() -> None:
    (action,) = asked("PUT", "/lake/key?tagging", body=tagging(("project", "a b"), ("kind", "")))

    assert TAGS.items() <= action.context.items()
    assert "s3:requestobjecttagkeys" not in action.unseen


@pytest.mark.parametrize("header", ["project=a%20b&kind=", "project=a+b&kind="])
def test_the_tags_of_a_header_are_condition_keys_of_the_write(header: str) -> None:
    write, tags = asked("PUT", "/lake/key", headers={"x-amz-tagging": header})

    assert TAGS.items() <= write.context.items()
    assert TAGS.items() <= tags.context.items()


def test_tags_in_an_unseen_body_are_unseen() -> None:
    (action,) = asked("PUT", "/lake/key?tagging")

    assert {"s3:requestobjecttag/", "s3:requestobjecttagkeys"} <= action.unseen


def test_no_tags_are_no_condition_keys() -> None:
    (action,) = asked("PUT", "/lake/key?tagging", body=tagging())

    assert not [name for name in action.context if name.startswith("s3:RequestObjectTag")]


@pytest.mark.parametrize(
    "header", ["a=1&a=2", "a=1&A=2", "=1", "a=%ff", "nothing", "&".join(f"k{number}=v" for number in range(11))]
)
def test_tags_in_a_header_that_stores_could_read_otherwise_are_refused(header: str) -> None:
    assert refused("PUT", "/lake/key", headers={"x-amz-tagging": header})


@pytest.mark.parametrize(
    "body",
    [
        tagging(("a", "1"), ("a", "2")),
        tagging(("", "1")),
        tagging(*((f"k{number}", "v") for number in range(11))),
        tagging(("a", "1")).replace(b"<Value>", b"<Key>b</Key><Value>"),
        f"<Tagging {XMLNS}></Tagging>".encode(),
        f"<Tagging {XMLNS}><TagSet/><TagSet/></Tagging>".encode(),
        b"",
    ],
)
def test_tags_in_a_body_that_stores_could_read_otherwise_are_refused(body: bytes) -> None:
    assert refused("PUT", "/lake/key?tagging", body=body)


def restoring(more: str) -> bytes:
    return f"<RestoreRequest {XMLNS}><Days>3</Days>{more}</RestoreRequest>".encode()


def test_a_restore_whose_body_is_seen_is_a_restore() -> None:
    body = restoring("<GlacierJobParameters><Tier>Bulk</Tier></GlacierJobParameters>")

    assert told(asked("POST", "/lake/key?restore", body=body)) == ["s3:RestoreObject arn:aws:s3:::lake/key"]


def test_a_restore_whose_body_is_unseen_may_write_anywhere() -> None:
    assert told(asked("POST", "/lake/key?restore")) == [
        "s3:RestoreObject arn:aws:s3:::lake/key",
        "s3:PutObject arn:aws:s3:::* (every key)",
    ]


@pytest.mark.parametrize(
    "more",
    [
        "<Type>SELECT</Type>",
        "<OutputLocation><S3><BucketName>other</BucketName></S3></OutputLocation>",
        "<SelectParameters/>",
    ],
)
def test_a_restore_that_writes_elsewhere_is_refused(more: str) -> None:
    assert refused("POST", "/lake/key?restore", body=restoring(more))


@pytest.mark.parametrize(
    ("method", "target", "headers", "keys"),
    [
        ("GET", "/lake/key", {}, {"s3:existingobjecttag/"}),
        ("GET", "/lake/key?versionId=1", {}, {"s3:existingobjecttag/"}),
        ("GET", "/lake/key?attributes", {}, {"s3:existingobjecttag/"}),
        ("PUT", "/lake/key?acl", {}, {"s3:existingobjecttag/"}),
        ("PUT", "/lake/key", {}, set()),
        ("GET", "/lake", {}, {"aws:resourcetag/", "s3:buckettag/"}),
        ("PUT", "/lake", {}, {"s3:locationconstraint"}),
        ("PUT", "/lake/key?retention", {}, {"s3:object-lock-mode", "s3:object-lock-remaining-retention-days"}),
        ("PUT", "/lake/key?legal-hold", {}, {"s3:object-lock-legal-hold"}),
        ("PUT", "/lake?inventory&id=1", {}, {"s3:inventoryaccessibleoptionalfields"}),
        ("PUT", "/lake/key?encryption", {}, {"s3:x-amz-server-side-encryption"}),
        (
            "PUT",
            "/lake/key",
            {"x-amz-object-lock-retain-until-date": "2030-01-01T00:00:00Z"},
            {"s3:object-lock-remaining-retention-days"},
        ),
    ],
)
def test_what_stands_at_the_store_or_in_a_body_is_unseen(
    method: str, target: str, headers: dict[str, str], keys: set[str]
) -> None:
    (action, *_) = asked(method, target, headers=headers)

    assert keys <= action.unseen
    assert ("s3:existingobjecttag/" in action.unseen) == ("s3:existingobjecttag/" in keys)


def test_the_list_of_all_buckets_has_nothing_unseen() -> None:
    assert asked("GET", "/")[0].unseen == frozenset()
