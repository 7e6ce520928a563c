"""Additions as RFC 6902 writes them: lists that are not there yet, names that need escapes."""

from typing import Any

import pytest

from gateway.webhook.json_patch import Additions, encoded, pointer
from tests.servers.json_patch import patched


@pytest.mark.parametrize("document", [{}, {"l": None}, {"l": []}, {"l": [0]}], ids=["absent", "null", "empty", "some"])
def test_what_is_appended_stands_at_the_end_and_what_is_prepended_at_the_front(document: dict[str, Any]) -> None:
    additions = Additions(document)
    additions.append(("l",), 1)
    additions.append(("l",), 2)
    additions.prepend(("l",), 3)

    assert patched(document, additions.operations)["l"] == [3, *(document.get("l") or []), 1, 2]


def test_prepended_to_nothing_is_a_list_of_one() -> None:
    additions = Additions({"l": None})
    additions.prepend(("l",), 1)

    assert patched({"l": None}, additions.operations) == {"l": [1]}


def test_names_with_slashes_and_tildes_are_escaped() -> None:
    assert pointer(("a/b", "c~d", "~1", 0)) == "/a~1b/c~0d/~01/0"


def test_the_document_stays_as_it_is() -> None:
    document: dict[str, Any] = {"l": []}
    Additions(document).append(("l",), 1)

    assert document == {"l": []}


def test_operations_are_written_without_blanks() -> None:
    assert encoded([{"op": "add", "path": "/l", "value": [1]}]) == b'[{"op":"add","path":"/l","value":[1]}]'
