"""An HTTP server that tells what it received, byte for byte: the request line and headers as they came."""

import json
import socketserver
import threading
from typing import Any, Self


class Echo(socketserver.ThreadingTCPServer):
    """Answers every request with JSON of its raw target, its method and its headers; counts them."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.port: int = self.server_address[1]
        self.received: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Connection(socketserver.StreamRequestHandler):
    server: Echo

    def handle(self) -> None:
        while line := self.rfile.readline():
            method, _, rest = line.rstrip(b"\r\n").partition(b" ")
            headers: list[list[str]] = []
            while (header := self.rfile.readline().rstrip(b"\r\n")) != b"":
                name, _, value = header.partition(b":")
                headers.append([name.decode("latin-1").lower(), value.strip().decode("latin-1")])
            length = int(dict(map(tuple, headers)).get("content-length", 0))
            body = self.rfile.read(length)
            told = {
                "method": method.decode(),
                "target": rest.rpartition(b" ")[0].decode("latin-1"),
                "headers": headers,
                "body": body.decode("latin-1"),
            }
            self.server.received.append(told)
            answer = b"" if method == b"HEAD" else json.dumps(told).encode()
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(answer) + answer)
