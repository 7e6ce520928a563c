"""One strict reading of the small XML bodies that say what an S3 request means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers.expat import ErrorString, ExpatError, ParserCreate

from gateway.domain.errors import BodyTooLarge, UnmappedRequest

# 1,000 keys of 1,024 bytes each, written with entities, fit into this.
LARGEST_BODY: Final = 4 * 1024 * 1024
# 1,000 keys with everything that may be said of each.
_MOST_ELEMENTS: Final = 8_000
_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"

# Element -> its children; None: it holds text.
Grammar = Mapping[str, "Grammar | None"]

DELETE: Final[Grammar] = {
    "Delete": {
        "Object": {"Key": None, "VersionId": None, "ETag": None, "LastModifiedTime": None, "Size": None},
        "Quiet": None,
    }
}
TAGGING: Final[Grammar] = {"Tagging": {"TagSet": {"Tag": {"Key": None, "Value": None}}}}
# Without Type, SelectParameters and OutputLocation: a restore of type SELECT writes into any bucket that it names.
RESTORE: Final[Grammar] = {
    "RestoreRequest": {"Days": None, "Tier": None, "Description": None, "GlacierJobParameters": {"Tier": None}}
}


@dataclass(slots=True)
class Element:
    """An element as it is being read: its children in order, or its text verbatim."""

    name: str
    grammar: Grammar | None
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def texts(self) -> dict[str, str]:
        """The texts of the children by name. Raises UnmappedRequest where one stands twice: stores differ on which."""
        texts = {child.name: child.text for child in self.children}
        if len(texts) != len(self.children):
            raise UnmappedRequest(cause=f"an element of {self.name} in the body is given twice")
        return texts


def read_body(body: bytes, grammar: Grammar) -> Element:
    """The root element of `body`, which must follow `grammar` to the letter.

    Raises BodyTooLarge, and UnmappedRequest for every construct that two parsers could read in two ways: document types
    and entities, comments, CDATA, processing instructions, prefixes, attributes, unknown elements, stray text, another
    encoding than UTF-8.
    """
    if len(body) > LARGEST_BODY:
        raise BodyTooLarge(limit=LARGEST_BODY)
    if not body.lstrip(b" \t\r\n").startswith(b"<") or b"\x00" in body:
        # expat follows a byte order mark whatever encoding it was told.
        raise UnmappedRequest(cause="the body is not XML in UTF-8")
    reader = _Reader(grammar)
    parser = ParserCreate("UTF-8")
    parser.buffer_text = True
    parser.XmlDeclHandler = reader.declaration
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = parser.CommentHandler = reader.refuse
    parser.ProcessingInstructionHandler = parser.StartCdataSectionHandler = reader.refuse
    try:
        parser.Parse(body, True)
    except ExpatError as error:
        raise UnmappedRequest(cause=f"the body is not XML: {ErrorString(error.code)}") from None
    return reader.root.children[0]


class _Reader:
    def __init__(self, grammar: Grammar) -> None:
        self.root = Element("the body", grammar)
        self._open = [self.root]
        self._elements = 0

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() != "utf-8":
            raise UnmappedRequest(cause="the body declares another encoding than UTF-8")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1]
        self._elements += 1
        if self._elements > _MOST_ELEMENTS:
            raise UnmappedRequest(cause=f"more than {_MOST_ELEMENTS} elements in the body")
        if parent.grammar is None or name not in parent.grammar:
            raise UnmappedRequest(cause=f"the body has an element that does not belong into {parent.name}")
        if attributes and (parent is not self.root or attributes != {"xmlns": _NAMESPACE}):
            raise UnmappedRequest(cause="an attribute or a namespace in the body")
        element = Element(name, parent.grammar[name])
        parent.children.append(element)
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        element = self._open[-1]
        if element.grammar is None:
            element.text += text
        elif text.strip(" \t\r\n"):
            raise UnmappedRequest(cause=f"text in the body's {element.name}")

    def refuse(self, *_: object) -> None:
        raise UnmappedRequest(cause="a document type, comment, CDATA section or processing instruction in the body")
