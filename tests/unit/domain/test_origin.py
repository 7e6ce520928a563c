"""Under which name a client is counted."""

import pytest

from gateway.domain.origin import RequestOrigin

NEIGHBOURHOODS = {
    "IPv4": ("192.0.2.7", "192.0.2.7"),
    "IPv6": ("2001:db8:7:1:a:b:c:d", "2001:db8:7:1::/64"),
    "IPv6 at its border": ("2001:db8:7:1:ffff:ffff:ffff:ffff", "2001:db8:7:1::/64"),
    "loopback": ("::1", "::/64"),
    "no address": ("testclient", "testclient"),
    "not known": (None, "unknown"),
}


@pytest.mark.parametrize(("address", "name"), NEIGHBOURHOODS.values(), ids=NEIGHBOURHOODS)
def test_an_address_is_counted_with_its_neighbours(address: str | None, name: str) -> None:
    assert RequestOrigin(request_id="r-1", source_ip=address).neighbourhood == name
