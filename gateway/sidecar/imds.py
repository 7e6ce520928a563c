"""IMDSv2 for software that knows nothing else: session tokens by PUT, and the one part of the metadata about roles.

A request without a token of ours is 401 and never 403, 404 or 405, by which a client would leave version 2 for good.
"""

import base64
import binascii
import hmac
import secrets
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gateway.client.held import Given
from gateway.sidecar.container import given
from gateway.sidecar.instants import written
from gateway.sidecar.message import Fault, Request, Response, json_response, text_response
from gateway.sidecar.roles import Served

ROOT: Final = "/latest/"
LEAST: Final = 25 * 60.0
"""Seconds: botocore stretches what ends within 15 minutes and 10 of jitter, and would use it beyond its end."""

_TOKEN_PATH: Final = "/latest/api/token"  # noqa: S105  a path
_ROLES_PATH: Final = "/latest/meta-data/iam/security-credentials"
_TTL: Final = "x-aws-ec2-metadata-token-ttl-seconds"
_TOKEN: Final = "x-aws-ec2-metadata-token"  # noqa: S105  a header's name
_LONGEST: Final = 21_600
_END: Final = struct.Struct(">d")
_NONCE: Final = 16
_MARK: Final = 32


class InstanceMetadata:
    """IMDSv2. `steady`: seconds that only grow."""

    def __init__(self, roles: Sequence[Served], steady: Callable[[], float]) -> None:
        self._roles = {role.imds_name: role for role in roles}
        self._first = next(iter(self._roles))
        self._steady = steady
        # Tokens are marked and not kept: asking for many takes no memory.
        self._key = secrets.token_bytes(32)

    def answer(self, request: Request) -> Response:
        """Raises Fault."""
        if request.path == _TOKEN_PATH:
            return self._token(request)
        if request.method not in {"GET", "HEAD"}:
            raise Fault(405, "MethodNotAllowed", "send GET", headers={"allow": "GET, HEAD"})
        # 401 and never 403: it makes a client ask for a new token instead of leaving version 2.
        if not self._holds(request.headers.get(_TOKEN, "")):
            raise Fault(401, "Unauthorized", f"ask PUT {_TOKEN_PATH} for a token and send it as {_TOKEN}")
        return self._metadata(request.path)

    def _token(self, request: Request) -> Response:
        if request.method != "PUT":
            raise Fault(405, "MethodNotAllowed", "send PUT", headers={"allow": "PUT"})
        text = request.headers.get(_TTL, "")
        if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= _LONGEST):
            raise Fault(400, "BadRequest", f"send {_TTL} from 1 to {_LONGEST}")
        return text_response(200, self._made(int(text)), {_TTL: text})

    def _metadata(self, path: str) -> Response:
        # botocore takes the whole list for one name: the first role alone is listed, all may be asked for.
        if path in {_ROLES_PATH, f"{_ROLES_PATH}/"}:
            given(self._roles[self._first], LEAST)
            return text_response(200, self._first)
        prefix, _, name = path.rpartition("/")
        role = self._roles.get(name) if prefix == _ROLES_PATH else None
        if role is None:
            raise Fault(404, "NotFound", f"there is nothing but {_ROLES_PATH}/")
        return json_response(200, _document(given(role, LEAST), role))

    def _made(self, seconds: int) -> str:
        content = _END.pack(self._steady() + seconds) + secrets.token_bytes(_NONCE)
        return base64.urlsafe_b64encode(content + self._mark(content)).decode()

    def _holds(self, token: str) -> bool:
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return False
        content, mark = raw[:-_MARK], raw[-_MARK:]
        if len(content) != _END.size + _NONCE or not hmac.compare_digest(mark, self._mark(content)):
            return False
        ends: float = _END.unpack_from(content)[0]
        return self._steady() < ends

    def _mark(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")


def _document(keys: Given, role: Served) -> Mapping[str, Any]:
    return {
        "Code": "Success",
        "LastUpdated": written(keys.at.wall),
        "Type": "AWS-HMAC",
        "AccessKeyId": keys.keys.access_key_id,
        "SecretAccessKey": keys.keys.secret_access_key,
        "Token": keys.keys.session_token,
        "Expiration": written(keys.keys.expires),
        "AccountId": role.account,
    }
