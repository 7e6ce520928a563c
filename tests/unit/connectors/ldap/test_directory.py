"""Which server is asked, and which connections stay open, where sessions end in every way."""

import itertools
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

import pytest

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap import directory as directory_module
from gateway.connectors.ldap.directory import Directory, DirectoryDown, ServiceAccount
from gateway.connectors.ldap.results import Answer, Code
from gateway.connectors.ldap.servers import Servers
from gateway.connectors.ldap.session import Session
from gateway.connectors.ldap.settings import ServerUrl, TimeoutSettings
from gateway.connectors.ldap.transport import Server, ServerFailed
from gateway.domain.errors import RejectedLogin


class FakeSession:
    """A session that remembers whether it was closed."""

    made: list["FakeSession"]

    def __init__(self, server: Server) -> None:
        self.server = server
        self.closed = False
        self.is_stale = False
        self.made.append(self)

    @classmethod
    def opened(cls, server: Server, *_: object, **__: object) -> "FakeSession":
        return cls(server)

    def bind(self, _name: str, _password: str, deadline: Deadline) -> Answer:
        deadline.left()
        return Answer(code=Code.SUCCESS)

    def close(self) -> None:
        self.closed = True


class Time:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    FakeSession.made = []
    monkeypatch.setattr(directory_module, "Session", FakeSession)
    return Time()


def two_servers(time: Time) -> Directory:
    def none(_name: str, _seconds: float) -> Any:
        raise AssertionError

    return Directory(
        servers=Servers(
            [ServerUrl.read("ldaps://a"), ServerUrl.read("ldaps://b")],
            provider="corp",
            start_tls=False,
            lookup_in_the_clear=False,
            resolve=none,
            monotonic=time,
        ),
        context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        service=ServiceAccount("cn=svc", "canary-service-password"),
        timeouts=TimeoutSettings(),
        monotonic=time,
    )


def host_of(session: Session) -> str:
    return session.server.host


def test_a_server_that_is_back_is_the_first_again_though_it_refused_a_person(time: Time) -> None:
    directory = two_servers(time)
    directory.servers.failed(directory.servers.known()[0], "down")
    time.now += 2
    refused_by: list[str] = []

    def refuse(session: Session) -> str:
        refused_by.append(host_of(session))
        raise RejectedLogin(cause="the password is wrong", principal_key="alice")

    with pytest.raises(RejectedLogin):
        directory.unbound(refuse, Deadline(5))

    assert refused_by == ["a"]
    assert directory.unbound(host_of, Deadline(5)) == "a"


def test_a_login_that_ends_at_its_deadline_leaves_no_connection_open(time: Time) -> None:
    with pytest.raises(TimeoutError):
        two_servers(time).as_service(host_of, Deadline(0))

    assert [one.closed for one in FakeSession.made] == [True]


def test_a_connection_is_used_again_after_a_use_that_came_to_its_end_and_after_no_other(time: Time) -> None:
    directory = two_servers(time)

    def fail(session: Session) -> str:
        raise ServerFailed(f"{session.server}: broken")

    assert directory.as_service(host_of, Deadline(5)) == "a"
    assert directory.as_service(host_of, Deadline(5)) == "a"
    assert len(FakeSession.made) == directory.idle == 1
    with pytest.raises(DirectoryDown):
        directory.as_service(fail, Deadline(5))
    assert all(one.closed for one in FakeSession.made)
    assert directory.idle == 0


def at_once(directory: Directory, logins: int) -> list[str]:
    """How so many logins at one moment end."""
    begin = threading.Barrier(logins)

    def login() -> str:
        begin.wait()
        try:
            return directory.as_service(host_of, Deadline(5))
        except DirectoryDown as down:
            return str(down)

    with ThreadPoolExecutor(logins) as threads:
        return [one.result() for one in [threads.submit(login) for _ in range(logins)]]


def test_of_many_logins_at_once_a_wrong_password_of_the_service_account_is_tried_for_one(
    time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Active Directory locks an account after ten of them, or fewer."""
    tried: list[str] = []

    def refused(session: FakeSession, *_: object) -> Answer:
        tried.append(session.server.host)
        sleep(0.05)
        return Answer(code=Code.INVALID_CREDENTIALS)

    monkeypatch.setattr(FakeSession, "bind", refused)

    ends = at_once(two_servers(time), 16)

    assert tried == ["a"]
    assert all("the service account cn=svc is refused: INVALID_CREDENTIALS (49)" in end for end in ends)
    assert all(session.closed for session in FakeSession.made)


def test_once_the_password_has_held_nobody_waits_for_anothers_bind(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    together, binds = threading.Barrier(4), itertools.count()

    def bound(_session: FakeSession, *_: object) -> Answer:
        if next(binds):
            together.wait(5)  # ends for all only once all are here
        else:
            while len(FakeSession.made) < 5:
                sleep(0.001)
        return Answer(code=Code.SUCCESS)

    monkeypatch.setattr(FakeSession, "bind", bound)
    assert at_once(two_servers(time), 5) == ["a"] * 5


def test_a_bind_that_hangs_keeps_the_others_only_so_long(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_module, "_FIRST_SECONDS", 0.05)
    others, binds = threading.Event(), itertools.count()

    def bound(_session: FakeSession, *_: object) -> Answer:
        if next(binds) == 0:
            assert others.wait(5)
        others.set()
        return Answer(code=Code.SUCCESS)

    monkeypatch.setattr(FakeSession, "bind", bound)
    assert at_once(two_servers(time), 3) == ["a"] * 3


def test_a_password_that_was_refused_is_proven_anew_by_one(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    directory, tried = two_servers(time), list[str]()
    directory.as_service(host_of, Deadline(5))
    directory.close()

    def refused(session: FakeSession, *_: object) -> Answer:
        tried.append(session.server.host)
        sleep(0.05)
        return Answer(code=Code.INVALID_CREDENTIALS)

    monkeypatch.setattr(FakeSession, "bind", refused)
    at_once(directory, 1)
    time.now += 31
    at_once(directory, 16)

    assert tried == ["a", "a"]
