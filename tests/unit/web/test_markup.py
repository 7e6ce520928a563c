"""HTML as values: what is a text stays one, whatever stands in it."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.markup import Markup, joined, tag

HOSTILE = """<script>alert(1)</script>"><img src=x onerror='alert(2)'>&amp;"""


class Read(HTMLParser):
    """What a browser reads: elements with their attributes, and texts."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attributes)))

    def handle_data(self, text: str) -> None:
        self.text += text


def test_a_text_is_escaped_once_however_deep_it_stands() -> None:
    html = tag("div", tag("p", tag("b", HOSTILE)))
    read = Read(html)
    assert [name for name, _ in read.elements] == ["div", "p", "b"]
    assert read.text == HOSTILE


def test_an_attribute_ends_where_it_should() -> None:
    ((_, attributes),) = Read(tag("a", title=HOSTILE)).elements
    assert attributes == {"title": HOSTILE}


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")), st.text(alphabet="<>&\"'/ =x"))
def test_whatever_stands_in_texts_and_attributes_comes_back_as_it_was(text: str, value: str) -> None:
    read = Read(tag("p", text, title=value))
    assert read.elements == [("p", {"title": value})]
    assert read.text == text


@pytest.mark.parametrize(
    ("made", "html"),
    [
        (tag("br"), "<br>"),
        (tag("input", required=True, disabled=False, value=None, maxlength=12), '<input required maxlength="12">'),
        (tag("label", "Name", for_="username", class_="x"), '<label for="username" class="x">Name</label>'),
        (tag("p", None, aria_label="a", data_left=0), '<p aria-label="a" data-left="0"></p>'),
        (joined((tag("br"), None, "a<b"), " & "), "<br> &amp; a&lt;b"),
    ],
)
def test_elements_are_written_as_html_has_them(made: Markup, html: str) -> None:
    assert made == html


def test_joining_ready_html_with_a_text_the_usual_way_makes_a_text_of_it() -> None:
    """An f-string or `+` gives a text, which is then escaped: a mistake shows, and opens nothing."""
    assert tag("p", tag("b", "x") + HOSTILE) == tag("p", str(tag("b", "x")) + HOSTILE)
    assert "<b>" not in tag("p", f"{tag('b', 'x')}")
