"""The issuer's two documents, for anybody: discovery and the public keys.

Sources: OpenID Connect Discovery 1.0 section 3, RFC 7517 section 5. Tokens are given by STS's GetWebIdentityToken
alone, so there is neither an authorization nor a token endpoint to tell of.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gateway.domain.signing_algorithm import SigningAlgorithm
from gateway.exchange.exchange import Exchange
from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.responses import JSON, TEXT, Answer, send_answer

CONFIGURATION_PATH: Final = "/.well-known/openid-configuration"
KEYS_PATH: Final = "/.well-known/jwks.json"

_METHODS: Final = frozenset({"GET", "HEAD"})
# Public documents, shorter kept than a fresh key waits before it signs (`keys rotate`: ten minutes).
_HEADERS: Final = (*JSON, (b"cache-control", b"public, max-age=300"))
_METHOD_REFUSED: Final = Answer(
    status=405, body=b"This document is read with GET or HEAD\n", headers=(*TEXT, (b"allow", b"GET, HEAD"))
)
_CLAIMS: Final = ("iss", "aud", "sub", "iat", "exp", "jti", "https://sts.amazonaws.com/")


def routes(public_url: str, exchange: Callable[[], Exchange]) -> Mapping[str, Application]:
    """The issuer's door: path to application. `exchange` gives the use cases in force."""
    configuration = _written(_configuration(public_url))

    def keys() -> bytes:
        return _written({"keys": exchange().published_keys()})

    return {CONFIGURATION_PATH: _Document(lambda: configuration), KEYS_PATH: _Document(keys)}


class _Document:
    def __init__(self, body: Callable[[], bytes]) -> None:
        self._body = body

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        await send_answer(send, self._answer() if scope["method"] in _METHODS else _METHOD_REFUSED)

    def _answer(self) -> Answer:
        return Answer(status=200, body=self._body(), headers=_HEADERS)


def _configuration(public_url: str) -> Mapping[str, Any]:
    return {
        "issuer": public_url,
        "jwks_uri": f"{public_url}{KEYS_PATH}",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [algorithm.value for algorithm in SigningAlgorithm],
        "claims_supported": list(_CLAIMS),
    }


def _written(document: Mapping[str, Any] | Mapping[str, Sequence[Any]]) -> bytes:
    return json.dumps(document).encode()
