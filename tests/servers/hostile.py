"""A server on loopback that answers as an attacker would: bytes of the test's choice, and a record of what it was sent."""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any, Self

Answers = Callable[[socket.socket, bytes], None]
"""Called with the connection and with each thing that was sent to it."""


class Hostile:
    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.received = b""
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Of a provider that goes here in the clear."""
        return {
            "type": "ldap",
            "servers": [self.url],
            "bind_dn": "cn=svc,dc=example,dc=test",
            "bind_password": "canary-service-password",
            "users": {"base": "dc=example,dc=test"},
            "timeouts": {"connect": 1, "response": 1, "login": 3},
        } | changes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while sent := connection.recv(65_536):
                self.received += sent
                self._answers(connection, sent)
