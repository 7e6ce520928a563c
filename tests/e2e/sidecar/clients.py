"""AWS's own programs as a workload runs them: botocore, the JavaScript SDK, and Go's in rclone."""

import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import botocore.session
from botocore.credentials import Credentials

from tests.e2e.sidecar.running import told

_SCRIPT = Path(__file__).parents[1] / "javascript_credentials.mjs"
_NO_BUCKETS = b'<?xml version="1.0"?><ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>'


def by_botocore() -> Credentials:
    """What the chain finds; it asks at once."""
    found = botocore.session.Session().get_credentials()
    assert found is not None
    return found


def by_javascript(name: str, **options: Any) -> dict[str, Any]:
    """What the provider of this name gives, or its error."""
    ended = subprocess.run(
        ["node", _SCRIPT, name, json.dumps(options)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return told(ended.stdout)


def access_key_by_go() -> str:
    """The access key id with which Go's SDK, in rclone, signs."""
    with _store() as (url, signed):
        words = ["rclone", "lsd", f":s3,env_auth,provider=Other,endpoint='{url}':", "--retries", "1"]
        environment = {name: value for name, value in os.environ.items() if name != "AWS_CA_BUNDLE"}
        ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert signed, ended.stderr
    return signed[0]


def caller(credentials: Credentials) -> str:
    """Whom the gateway sees."""
    client: Any = botocore.session.Session().create_client(
        "sts",
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
    )
    arn: str = client.get_caller_identity()["Arn"]
    client.close()
    return arn


@contextmanager
def _store() -> Iterator[tuple[str, list[str]]]:
    """A store that looks at nothing but who signs."""
    signed: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = re.search(r"Credential=(\w+)/", self.headers.get("authorization", ""))
            signed.extend([found[1]] if found else [])
            self.send_response(200)
            self.send_header("content-length", str(len(_NO_BUCKETS)))
            self.end_headers()
            self.wfile.write(_NO_BUCKETS)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", signed
        finally:
            server.shutdown()
            thread.join()
