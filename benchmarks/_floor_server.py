"""What no gateway can save: the server alone (`bare`), or with the cryptography of a mint and nothing else (`floor`).

    python benchmarks/_floor_server.py bare|floor|authz_floor PORT KEY.pem
    python benchmarks/_floor_server.py pages PORT '{"/path": bytes}'

Bare ASGI on the same uvicorn, httptools and uvloop settings as the gateway. The floor finds the token in the form,
checks its RS256 signature, draws randomness once, seals 600 bytes with AES-256-GCM and answers as long as a mint does.
It checks nothing else: no claim, no shape, no role, and it keeps no log. The floor of a decision about a signed request
(`authz_floor`) opens 600 bytes and reckons five HMACs, and looks at nothing either.
"""

import base64
import binascii
import hmac
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ANSWER_BYTES = 1_400
SEALED_BYTES = 600
_HEADERS = [(b"content-type", b"text/xml"), (b"content-length", b"%d" % ANSWER_BYTES)]
_TOKEN = b"WebIdentityToken="
_FROM_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_PADDING = padding.PKCS1v15()
_HASH = hashes.SHA256()

Application = Callable[[Any, Any, Any], Awaitable[None]]


async def _sent(send: Any, body: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": body})


def bare() -> Application:
    answer = b"x" * ANSWER_BYTES

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await _sent(send, answer)

    return app


def floor(key: rsa.RSAPublicKey) -> Application:
    cipher = AESGCM(os.urandom(32))
    content = b"c" * SEALED_BYTES

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        form = (await receive())["body"]
        token = form.partition(_TOKEN)[2].partition(b"&")[0]
        signed, _, signature = token.rpartition(b".")
        key.verify(binascii.a2b_base64(signature.translate(_FROM_URL_SAFE) + b"=="), signed, _PADDING, _HASH)
        random = os.urandom(64)
        sealed = base64.urlsafe_b64encode(random + cipher.encrypt(random[:12], content, None))
        await _sent(send, sealed.ljust(ANSWER_BYTES, b"x"))

    return app


def pages(sizes: dict[str, int]) -> Application:
    """As many bytes at each path as a page and its files have."""
    bodies = {path: b"x" * size for path, size in sizes.items()}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        body = bodies[scope["path"]]
        headers = [(b"content-type", b"text/html"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def authz_floor() -> Application:
    cipher, nonce = AESGCM(os.urandom(32)), os.urandom(12)
    sealed = cipher.encrypt(nonce, b"c" * SEALED_BYTES, None)
    scope = (b"20260504", b"eu-central-1", b"s3", b"aws4_request")

    async def app(request: Any, receive: Any, send: Any) -> None:
        headers = dict(request["headers"])
        await receive()
        binascii.a2b_base64(headers[b"x-amz-security-token"].translate(_FROM_URL_SAFE) + b"==")
        secret = cipher.decrypt(nonce, sealed, None)[:40]
        for part in (*scope, headers[b"authorization"]):
            secret = hmac.digest(secret, part, "sha256")
        secret.hex()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    return app


def _application(kind: str, argument: str) -> Application:
    if kind == "pages":
        return pages(json.loads(argument))
    if kind == "authz_floor":
        return authz_floor()
    key = serialization.load_pem_public_key(Path(argument).read_bytes())
    assert isinstance(key, rsa.RSAPublicKey)
    return bare() if kind == "bare" else floor(key)


def main() -> None:
    kind, port, argument = sys.argv[1:]
    uvicorn.run(
        _application(kind, argument),
        host="127.0.0.1",
        port=int(port),
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
