"""STS's XML: answers and errors, every text escaped where it is written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from gateway.domain.clock import utc_text
from gateway.wire.sts_answers import Answer, Member
from gateway.wire.xml_text import escaped

CONTENT_TYPE: Final = "text/xml"
NAMESPACE: Final = "https://sts.amazonaws.com/doc/2011-06-15/"
_ERROR: Final = f"""\
<ErrorResponse xmlns="{NAMESPACE}">
<Error>
<Type>%(type)s</Type>
<Code>%(code)s</Code>
<Message>%(message)s</Message>
</Error>
<RequestId>%(request_id)s</RequestId>
</ErrorResponse>
"""


def answer(result: Answer, request_id: str) -> bytes:
    action = result.action
    return (
        f'<{action}Response xmlns="{NAMESPACE}">\n<{action}Result>\n{_elements(result.members)}</{action}Result>\n'
        f"<ResponseMetadata>\n<RequestId>{escaped(request_id)}</RequestId>\n</ResponseMetadata>\n</{action}Response>\n"
    ).encode()


def error(*, kind: str, code: str, message: str, request_id: str) -> bytes:
    """`kind`: Sender or Receiver."""
    fields = {"type": kind, "code": code, "message": escaped(message), "request_id": escaped(request_id)}
    return (_ERROR % fields).encode()


def _elements(members: Mapping[str, Member]) -> str:
    written = ""
    for name, member in members.items():
        if isinstance(member, str):
            # Keys and tokens are printable and hold nothing to escape: one look, and no call.
            plain = member.isprintable() and not ("&" in member or "<" in member or ">" in member)
            written += f"<{name}>{member if plain else escaped(member)}</{name}>\n"
        elif member is not None:
            written += f"<{name}>{_content(member)}</{name}>\n"
    return written


def _content(member: int | datetime | Mapping[str, Member]) -> str:
    if isinstance(member, int):
        return str(member)
    if isinstance(member, datetime):
        return utc_text(member)
    return f"\n{_elements(member)}"
