"""Text inside XML elements: whatever it holds, the document stays well-formed and says what was meant."""

import re
from typing import Final

# XML 1.0 2.2: these characters can stand in no document, not even escaped.
_UNSPEAKABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT: Final = "\ufffd"


def escaped(text: str) -> str:
    """`text` as an element's content; characters that XML cannot hold become U+FFFD."""
    # Keys and tokens are printable, and hold nothing to escape: scans in C instead of one by a pattern.
    if not text.isprintable():
        # XML 1.0 2.11: a parser turns a bare carriage return into a line feed; its reference stays one.
        return _marked(_UNSPEAKABLE.sub(_REPLACEMENT, text)).replace("\r", "&#13;")
    return _marked(text)


def _marked(text: str) -> str:
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    return text
