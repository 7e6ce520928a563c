"""Which server is asked next, on a clock of the test's own."""

from collections.abc import Sequence

import pytest

from gateway.connectors.ldap.servers import Servers
from gateway.connectors.ldap.settings import ServerUrl
from gateway.connectors.ldap.srv import SrvRecord, servers_of
from gateway.connectors.ldap.transport import ServerFailed


class Time:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Resolver:
    def __init__(self, *records: SrvRecord) -> None:
        self.records: Sequence[SrvRecord] | None = records
        self.asked: list[str] = []

    def __call__(self, name: str, seconds: float) -> Sequence[SrvRecord]:
        self.asked.append(name)
        assert seconds > 0
        if self.records is None:
            raise ServerFailed("DNS does not answer")
        return self.records


def servers(time: Time, *urls: str, resolver: Resolver | None = None, clear: bool = False) -> Servers:
    return Servers(
        [ServerUrl.read(url) for url in urls or ("ldaps://a", "ldaps://b")],
        provider="corp",
        start_tls=False,
        lookup_in_the_clear=clear,
        resolve=resolver or Resolver(),
        monotonic=time,
    )


def hosts(known: Servers) -> list[str]:
    return [server.host for server in known.candidates()]


def test_servers_are_tried_in_order() -> None:
    assert hosts(servers(Time())) == ["a", "b"]


def test_a_failed_server_comes_last_until_its_time_is_over() -> None:
    time = Time()
    known = servers(time)
    a = known.known()[0]
    known.failed(a, "down")
    assert hosts(known) == ["b", "a"]
    time.now += 1.1
    assert hosts(known)[0] == "a"


def test_the_pause_doubles_with_each_failure_up_to_thirty_seconds() -> None:
    time = Time()
    known = servers(time)
    a = known.known()[0]
    pauses = []
    for _ in range(8):
        known.failed(a, "down")
        begun = time.now
        while next(known.candidates()).host != "a":
            time.now += 0.25
        pauses.append(round(time.now - begun))
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_one_outage_met_by_many_counts_once() -> None:
    time = Time()
    known = servers(time)
    a = known.known()[0]
    for _ in range(50):
        known.failed(a, "down")
    time.now += 1.1
    assert hosts(known)[0] == "a"


def test_only_one_login_probes_a_server_that_was_set_aside() -> None:
    time = Time()
    known = servers(time)
    known.failed(known.known()[0], "down")
    time.now += 1.1
    first, second = known.candidates(), known.candidates()
    assert next(first).host == "a"
    assert next(second).host == "b"


def test_a_server_that_works_again_is_the_first_again() -> None:
    known = servers(Time())
    a, b = known.known()
    known.failed(a, "down")
    assert not known.is_behind(b)
    known.worked(a)
    assert hosts(known) == ["a", "b"]
    assert known.is_behind(b)
    assert not known.is_behind(a)


def test_where_all_are_set_aside_all_are_tried() -> None:
    known = servers(Time())
    for server in known.known():
        known.failed(server, "down")
    assert hosts(known) == ["a", "b"]


def test_a_domains_servers_are_looked_up_and_remembered_for_a_minute() -> None:
    time = Time()
    resolver = Resolver(
        SrvRecord(host="dc2.corp.example.", port=389, priority=10), SrvRecord(host="DC1.corp.example", port=3389)
    )
    known = servers(time, "ldap+srv://corp.example", resolver=resolver)
    found = known.known()
    assert [(one.host, one.port, one.tls, one.start_tls) for one in found] == [
        ("dc1.corp.example", 3389, False, True),
        ("dc2.corp.example", 389, False, True),
    ]
    known.known()
    assert resolver.asked == ["_ldap._tcp.corp.example"]
    time.now += 61
    known.known()
    assert len(resolver.asked) == 2


def test_the_last_answer_serves_while_dns_is_down() -> None:
    time = Time()
    resolver = Resolver(SrvRecord(host="dc1.corp.example", port=389))
    known = servers(time, "ldap+srv://corp.example", resolver=resolver)
    known.known()
    resolver.records = None
    time.now += 3_600
    assert hosts(known) == ["dc1.corp.example"]


def test_dns_that_does_not_answer_is_asked_again_after_half_a_minute_and_not_by_every_login() -> None:
    time = Time()
    resolver = Resolver(SrvRecord(host="dc1.corp.example", port=389))
    known = servers(time, "ldap+srv://corp.example", resolver=resolver)
    known.known()
    records, resolver.records = resolver.records, None
    time.now += 61
    for _ in range(5):
        assert hosts(known) == ["dc1.corp.example"]
        assert not known.is_behind(known.known()[0])
    assert len(resolver.asked) == 2
    resolver.records = records
    time.now += 31
    known.known()
    known.known()
    assert len(resolver.asked) == 3


def test_without_any_answer_of_dns_there_is_no_server() -> None:
    resolver = Resolver()
    resolver.records = None
    with pytest.raises(ServerFailed, match="DNS does not answer"):
        servers(Time(), "ldap+srv://corp.example", resolver=resolver).known()


def test_named_servers_serve_where_dns_does_not_answer() -> None:
    resolver = Resolver()
    resolver.records = None
    assert hosts(servers(Time(), "ldap+srv://corp.example", "ldaps://b", resolver=resolver)) == ["b"]


@pytest.mark.parametrize("host", ["evil.example", "corp.example.evil.example", "notcorp.example", "", "127.0.0.1"])
def test_a_server_outside_the_domain_is_not_believed(host: str) -> None:
    with pytest.raises(ServerFailed, match=r"names no server of corp\.example"):
        servers_of("corp.example", Resolver(SrvRecord(host=host, port=389)), 1)


def test_weights_share_the_load_and_priorities_do_not() -> None:
    records = [
        SrvRecord(host="heavy.corp.example", port=1, weight=90),
        SrvRecord(host="light.corp.example", port=1, weight=10),
        SrvRecord(host="spare.corp.example", port=1, priority=1, weight=1000),
    ]
    orders = [servers_of("corp.example", Resolver(*records), 1) for _ in range(400)]
    first = [order[0].host for order in orders]
    assert {order[2].host for order in orders} == {"spare.corp.example"}
    assert 300 < first.count("heavy.corp.example") < 396
