"""Where it may listen, and which hosts are its own there."""

import socket

import pytest

from gateway.sidecar.listening import CannotListen, Hosts, UnusableListening, bound, bound_everywhere, listening_on


@pytest.mark.parametrize("texts", [["127.0.0.1"], ["127.0.0.1", "::1"], ["169.254.169.254"], ["fd00:ec2::254"]])
def test_imds_is_served_where_no_other_machine_comes(texts: list[str]) -> None:
    assert [str(address) for address in listening_on(texts, imds=True)] == texts


@pytest.mark.parametrize("text", ["0.0.0.0", "::", "10.0.0.1", "169.254.1.1"])
def test_imds_is_not_served_elsewhere_and_the_guarded_endpoint_is(text: str) -> None:
    assert listening_on([text], imds=False)
    with pytest.raises(UnusableListening, match="asks its callers for nothing"):
        listening_on(["127.0.0.1", text], imds=True)


@pytest.mark.parametrize("text", ["localhost", "", "127.0.0.1:80", "[::1]"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(UnusableListening, match="--listen takes addresses"):
        listening_on([text], imds=False)


def test_the_address_that_it_listens_on_is_a_host_of_its_own() -> None:
    hosts = Hosts(listening_on(["10.0.0.1"], imds=False))

    assert hosts.know("10.0.0.1:9911")
    assert not hosts.know("10.0.0.2:9911")


def test_listening_everywhere_any_address_may_be_ours_and_no_name() -> None:
    """DNS rebinding needs a name."""
    hosts = Hosts(listening_on(["0.0.0.0"], imds=False))

    assert hosts.know("10.0.0.2:9911")
    assert not hosts.know("sidecar.example.com")


def test_a_port_that_is_taken_is_told() -> None:
    (address,) = listening_on(["127.0.0.1"], imds=False)
    with bound(address, 0) as first, pytest.raises(CannotListen, match="in use; another process listens there: end it"):
        bound(address, first.getsockname()[1])


@pytest.mark.parametrize(
    ("text", "level", "option"),
    [
        ("127.0.0.1", socket.IPPROTO_IP, socket.IP_TTL),
        ("::1", socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS),
    ],
)
def test_hops_are_set_on_what_listens(text: str, level: int, option: int) -> None:
    (address,) = listening_on([text], imds=False)
    with bound(address, 0, hops=1) as near, bound(address, 0) as usual:
        assert near.getsockopt(level, option) == 1
        assert usual.getsockopt(level, option) > 1


def test_probes_are_answered_over_ipv4_wherever_they_are_bound() -> None:
    with bound_everywhere(0) as everywhere, socket.create_connection(("127.0.0.1", everywhere.getsockname()[1])):
        pass
