"""ID tokens of the development issuer: its key, and what it says of a person."""

from collections.abc import Mapping
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import RSAKey

from gateway.connectors.oidc.aws_claims import TAGS_CLAIM
from gateway.demo.issuer.codes import CodeGrant
from gateway.demo.people import Person
from gateway.domain.clock import Clock

ALGORITHM: Final = "RS256"
AUDIENCE: Final = "sts.amazonaws.com"
TOKEN_LIFE_SECONDS: Final = 3_600
_KEY_BITS: Final = 2_048


class IdTokens:
    """Makes ID tokens, signed by an RSA key that lives as long as the process."""

    def __init__(self, *, issuer: str, clock: Clock) -> None:
        self._issuer: Final = issuer
        self._clock: Final = clock
        self._key: Final = RSAKey.generate_key(_KEY_BITS, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)

    def public_keys(self) -> Mapping[str, Any]:
        """The JWK Set, without the private halves."""
        return {"keys": [self._key.as_dict(private=False)]}

    def token(self, grant: CodeGrant) -> str:
        """An ID token of one hour for the client of a code, and for STS.

        Core section 2: `aud` must hold the client; `azp` says which of several audiences asked.
        """
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": self._issuer,
            "sub": grant.person.name,
            "aud": [AUDIENCE, grant.client_id],
            "azp": grant.client_id,
            "iat": now,
            "exp": now + TOKEN_LIFE_SECONDS,
            "auth_time": int(grant.authenticated_at.timestamp()),
            "amr": ["pwd", "mfa"],
            **({} if grant.nonce is None else {"nonce": grant.nonce}),
            **_told_of(grant.person),
        }
        header = {"alg": ALGORITHM, "kid": self._key.kid, "typ": "JWT"}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])


def _told_of(person: Person) -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "name": person.full_name,
        "preferred_username": person.name,
        "email": person.email,
        "email_verified": True,
        "groups": list(person.groups),
    }
    if person.tags:
        tags = {key: [value] for key, value in person.tags.items()}
        told[TAGS_CLAIM] = {"principal_tags": tags, "transitive_tag_keys": sorted(tags)}
    return told
