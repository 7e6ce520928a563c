import base64
import tracemalloc
import zlib

import pytest

from gateway.connectors.saml.encoding import MAXIMUM_CHARACTERS, decoded, inflated, plain
from gateway.domain.errors import InvalidIdentityToken

XML = b"<a>" + b"b" * 300 + b"</a>"


def deflated(document: bytes) -> str:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return base64.b64encode(compressor.compress(document) + compressor.flush()).decode()


def cause_of(read, parameter) -> str:
    with pytest.raises(InvalidIdentityToken) as refused:
        read(parameter)
    return refused.value.cause


def test_a_posted_document_is_read():
    assert decoded(base64.b64encode(XML).decode()) == XML


def test_an_inflated_document_is_read():
    assert inflated(deflated(XML)) == XML


def test_a_document_may_have_as_many_characters_as_the_limit_says():
    whole = base64.b64encode(b"<a>" + b"b" * (74_990 - 7) + b"</a>").decode()
    assert len(decoded(whole + " " * (MAXIMUM_CHARACTERS - len(whole)))) == 74_990
    assert "more than 100000" in cause_of(decoded, whole + " " * (MAXIMUM_CHARACTERS - len(whole) + 1))


def test_a_bomb_is_refused_without_being_inflated():
    bomb = deflated(b"<a>" + b" " * 60_000_000 + b"</a>")
    assert len(bomb) < MAXIMUM_CHARACTERS
    tracemalloc.start()
    cause = cause_of(inflated, bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "inflates to more than" in cause
    assert peak < 2_000_000


@pytest.mark.parametrize(
    ("parameter", "cause"),
    [
        (base64.b64encode(b"\xff\xff" + XML).decode(), "not deflated"),
        (base64.b64encode(base64.b64decode(deflated(XML))[:-3]).decode(), "ends too early"),
        (base64.b64encode(base64.b64decode(deflated(XML)) + b"more").decode(), "bytes follow"),
        (deflated(b"<!DOCTYPE a>" + XML), "document type"),
        ("!", "not base64"),
        ("", "ends too early"),
    ],
)
def test_what_is_no_deflated_document_is_refused(parameter, cause):
    assert cause in cause_of(inflated, parameter)


@pytest.mark.parametrize(
    "document",
    [
        b"<a/>",
        b" \r\n\t<a/>",
        b'<?xml version="1.0"?><a/>',
        b"<?xml version='1.0' encoding='utf-8'?>\n<a/>",
        b'<?xml version="1.0" encoding="UTF-8" standalone="no" ?><a/>',
        "<a>\u00e4\u4e2d</a>".encode(),
    ],
)
def test_plain_documents_are_taken(document):
    assert plain(document) == document


@pytest.mark.parametrize(
    "document",
    [
        b'<?xml version="1.0" encoding="latin1"?><a/>',
        b'<?xml version="1.1"?><a/>',
        b' <?xml version="1.0"?><a/>',
        b"<a/><?b?>",
        b"<a><!-- --></a>",
        b"<a><![CDATA[]]></a>",
        b"<!DOCTYPE a><a/>",
        b"a<b/>",
        b"",
        b"<a>\xff</a>",
        b"<a>\0</a>",
        b"\xef\xbb\xbf<a/>",
    ],
)
def test_documents_with_more_than_elements_are_refused(document):
    with pytest.raises(InvalidIdentityToken):
        plain(document)
