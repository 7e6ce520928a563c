"""The text of a SAML message out of its form parameter: one base64, one encoding, no markup but elements."""

import binascii
import re
import zlib
from typing import Final

from gateway.connectors.saml.refusals import misshapen

MAXIMUM_CHARACTERS: Final = 100_000
_MAXIMUM_INFLATED: Final = 75_000
_BLANKS: Final = b"\r\n\t "
_MAXIMUM_LEAD: Final = 256
# XML 1.0 2.8; an encoding, where it is declared, can only be the one that the bytes were read in.
_DECLARATION: Final = re.compile(
    rb"""<\?xml\ version=(["'])1\.0\1
    (?:\ +encoding=(["'])[Uu][Tt][Ff]-8\2)?
    (?:\ +standalone=(["'])(?:yes|no)\3)?\ *\?>""",
    re.VERBOSE,
)
_TOLD: Final = {
    b"<!": "the document holds a comment, CDATA or a document type",
    b"<?": "the document holds a processing instruction or another declaration than UTF-8",
}
_OTHER_MARKUP: Final = re.compile(rb"<[!?]")


def decoded(parameter: str) -> bytes:
    """The document of the POST binding, UTF-8, nothing of it parsed.

    Base64 is taken in one form only but for CR, LF, tab and blank, which identity providers break lines with. Raises
    InvalidIdentityToken: over 100,000 characters, other base64, what `plain` refuses.
    """
    return plain(_unarmoured(parameter))


def inflated(parameter: str) -> bytes:
    """The document of the redirect binding, inflated no further than a POST could be (300 KB can become 300 MB).

    Raises InvalidIdentityToken: as `decoded`; a stream that is broken, goes on behind its end, or grows too large.
    """
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        document = inflater.decompress(_unarmoured(parameter), _MAXIMUM_INFLATED)
    except zlib.error:
        misshapen("the message is not deflated")
    if not inflater.eof:
        misshapen(f"the message inflates to more than {_MAXIMUM_INFLATED} bytes, or ends too early")
    if inflater.unused_data:
        misshapen("bytes follow the deflated message")
    return plain(document)


def plain(document: bytes) -> bytes:
    """`document`, if it is UTF-8 without a byte order mark, and its markup is elements alone.

    `<!` opens comments, CDATA, document types and entities, `<?` processing instructions: each has made two readers
    see two texts. In a well-formed document neither stands for anything else.
    """
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        misshapen("the document is not UTF-8")
    declaration = _DECLARATION.match(document)
    begins = declaration.end() if declaration else 0
    if not document[begins : begins + _MAXIMUM_LEAD].lstrip(_BLANKS).startswith(b"<") or b"\0" in document:
        misshapen("the document does not begin with an element in plain UTF-8")
    other = _OTHER_MARKUP.search(document, begins)
    if other is not None:
        misshapen(_TOLD[other[0]])
    return document


def _unarmoured(parameter: str) -> bytes:
    if len(parameter) > MAXIMUM_CHARACTERS:
        misshapen(f"the message has more than {MAXIMUM_CHARACTERS} characters")
    end, document = _of_base64(parameter)
    # RFC 4648 3.5: unused bits that are not zero would give one answer many texts.
    last = len(document) % 3 or 3
    if binascii.b2a_base64(document[-last:], newline=False) != end:
        misshapen("the message is not canonical base64")
    return document


def _of_base64(parameter: str) -> tuple[bytes, bytes]:
    """The last four characters, and what all stand for. Most send no blanks, and then there is nothing to drop."""
    try:
        document = binascii.a2b_base64(parameter, strict_mode=True)
        return parameter[-4:].encode("ascii"), document
    except ValueError:
        pass
    try:
        bare = parameter.encode("ascii").translate(None, _BLANKS)
        return bare[-4:], binascii.a2b_base64(bare, strict_mode=True)
    except ValueError:
        misshapen("the message is not base64")
