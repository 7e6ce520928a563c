"""What nobody's login lasts, on a clock of the test's own."""

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap.decoy import Decoy


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def lasted(decoy: Decoy, time: Time, worked: float) -> float:
    begun = time.now
    time.now += worked
    decoy.wait(begun, Deadline(10))
    return round(time.now - begun, 6)


def remembered(seconds: float) -> tuple[Decoy, Time]:
    time = Time()
    decoy = Decoy("dc=x", clock=time, sleep=time.sleep)
    begun = time.now
    time.now += seconds
    decoy.refused(begun, Deadline(10))
    return decoy, time


def test_nobody_waits_as_long_as_somebody_was_refused() -> None:
    decoy, time = remembered(0.25)
    assert lasted(decoy, time, 0.05) == 0.25


def test_what_took_longer_does_not_wait() -> None:
    decoy, time = remembered(0.25)
    assert lasted(decoy, time, 0.5) == 0.5


def test_until_somebody_was_refused_those_who_were_taken_count() -> None:
    time = Time()
    decoy = Decoy("dc=x", clock=time, sleep=time.sleep)
    assert lasted(decoy, time, 0.05) == 0.05
    begun = time.now
    time.now += 0.125
    decoy.remember_taken(begun)
    assert lasted(decoy, time, 0.05) == 0.125
    begun = time.now
    time.now += 0.5
    decoy.refused(begun, Deadline(10))
    assert lasted(decoy, time, 0.05) == 0.5


def refused(decoy: Decoy, time: Time, worked: float) -> float:
    begun = time.now
    time.now += worked
    decoy.refused(begun, Deadline(10))
    return round(time.now - begun, 6)


def test_a_refusal_without_a_comparison_lasts_as_long_as_one_with_it() -> None:
    decoy, time = remembered(0.25)

    # Of locked accounts, or such as have no password; and of whoever is nobody, after these.
    assert [refused(decoy, time, 0.01) for _ in range(2)] == [0.25, 0.25]
    for _ in range(8):
        assert refused(decoy, time, 0.2) == 0.2
    assert {lasted(decoy, time, 0.05) for _ in range(50)} == {0.2, 0.25}
