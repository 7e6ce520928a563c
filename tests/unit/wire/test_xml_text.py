from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.xml_text import escaped

SAYABLE = st.text(
    st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters="\ufffe\uffff")
) | st.text("&<>\"']\t\n\r\x85\u2028\U0001f600 a")


@given(SAYABLE)
def test_what_xml_can_hold_comes_back_from_a_parser(text: str) -> None:
    assert (ET.fromstring(f"<a>{escaped(text)}</a>".encode()).text or "") == text


@given(st.text(st.characters(exclude_categories=[])))
def test_whatever_the_text_the_document_is_well_formed_and_as_long(text: str) -> None:
    found = ET.fromstring(f"<a>{escaped(text)}</a>".encode()).text or ""
    assert len(found) == len(text)


@pytest.mark.parametrize("text", ["\x00", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"], ids=ascii)
def test_what_xml_cannot_hold_is_replaced(text: str) -> None:
    assert escaped(f"a{text}b") == "a\ufffdb"


def test_markup_is_text() -> None:
    assert escaped("</a><b c='&lt;'>]]>") == "&lt;/a&gt;&lt;b c='&amp;lt;'&gt;]]&gt;"
