"""Which page of the portal a role's name leads to."""

import pytest

from gateway.cli.console import page_of


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (None, "/portal"),
        ("", "/portal"),
        ("111122223333/Analyst", "/portal/roles/111122223333/Analyst"),
        ("111122223333/a b/../c", "/portal/roles/111122223333/a%20b%2F..%2Fc"),
        ("data-platform/Analyst", "/portal?q=data-platform%20Analyst"),
        ("Analyst", "/portal?q=Analyst"),
    ],
)
def test_a_role_leads_to_its_page_and_words_to_the_search(role: str | None, page: str) -> None:
    assert page_of(role) == page
