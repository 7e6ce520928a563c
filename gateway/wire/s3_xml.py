"""S3's `<Error>` document."""

from collections.abc import Sequence
from typing import Final

from gateway.wire.xml_text import escaped

CONTENT_TYPE: Final = "application/xml"
_ERROR: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>%s</Code><Message>%s</Message>%s<RequestId>%s</RequestId></Error>"""


def error(*, code: str, message: str, request_id: str, details: Sequence[tuple[str, str]] = ()) -> bytes:
    """`details`: further elements, name and text, between the message and the request id."""
    further = "".join(f"<{name}>{escaped(text)}</{name}>" for name, text in details)
    return (_ERROR % (code, escaped(message), further, escaped(request_id))).encode()
