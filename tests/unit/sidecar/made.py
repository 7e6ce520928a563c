"""Values of the sidecar's tests: roles whose credentials a test sets, and requests as clients send them."""

from typing import Any

from gateway.client.held import Clocks, HeldCredentials
from gateway.client.sts import SessionKeys
from gateway.sidecar.guard import TOKEN, Authorization
from gateway.sidecar.message import Request
from gateway.sidecar.roles import Served

ALLOWED = "the-authorization-token"
KEYS = SessionKeys(
    access_key_id="ASIAEXAMPLEEXAMPLE11",
    secret_access_key="the-secret",
    session_token="the-session-token",
    expires=1_700_003_600.0,
)


class Time:
    """Both clocks of a test."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def role(
    time: Time, name: str | None = None, *, imds_name: str = "Analyst", hurried: list[str] | None = None
) -> Served:
    """A role that holds nothing yet."""
    return Served(
        name=name,
        imds_name=imds_name,
        account="111122223333",
        held=HeldCredentials(clocks=Clocks(wall=time, steady=time), draw=lambda low, _: low),
        hurry=lambda: (hurried if hurried is not None else []).append(name or ""),
    )


def request(path: str, method: str = "GET", **headers: str | None) -> Request:
    """By default with the right token and host."""
    sent: dict[str, Any] = {"host": "127.0.0.1:9911", "authorization": ALLOWED, **headers}
    named = {name.replace("_", "-"): value for name, value in sent.items() if value is not None}
    return Request(method=method, path=path, headers=named)


def authorization(time: Time) -> Authorization:
    return Authorization({TOKEN: ALLOWED}, time)
