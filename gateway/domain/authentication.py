"""What a resource server that verifies by itself asks of the gateway, and what it learns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.revocation import Revocation, RevocationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRequest:
    """A signed request that a resource server received, shown as proof.

    `service`: the name of the server's own entry under `services`. `session_token` None: a long-lived key signed.
    `expires`: a presigned URL's life in seconds; None: its signature stands in the header.
    """

    service: str
    access_key_id: str
    session_token: str | None = field(repr=False)
    string_to_sign: str = field(repr=False)
    signature: str = field(repr=False)
    expires: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatedPrincipal:
    """Who signed, as a resource server knows them.

    `condition_keys` are all of the caller's own, tags included; those of the request (`aws:SourceIp`,
    `aws:CurrentTime`, ...) are the server's to fill. `session_id`, `provider` and `subject` are what revocations name;
    `issued_at` None: a long-lived key.
    """

    arn: str
    account: str
    access_key_id: str
    session_name: str | None = None
    source_identity: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    condition_keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    session_id: str | None = None
    role_name: str | None = None
    provider: str | None = None
    subject: str | None = None
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    """The answer to a shown request whose signature holds.

    `policies`: sets of IAM documents as JSON text, of which each must allow. `expiration`: of the session, None for a
    long-lived key. `signing_key` None: this server may not verify by itself, and asks for each request.
    """

    principal: AuthenticatedPrincipal
    policies: tuple[tuple[str, ...], ...]
    expiration: datetime | None
    policies_expire: datetime
    signing_key: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationRequest:
    """What is to be ended: `value` as the caller wrote it."""

    kind: RevocationKind
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedSignIn:
    """A person's sign-in that a revocation ended. `client` and `programs` are what they called themselves."""

    id: str
    provider: str
    user_name: str
    begun: datetime
    address: str | None
    client: str | None
    programs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What came of a request to revoke; `sign_ins` are those of people, with a browser or a terminal."""

    revocation: Revocation
    sign_ins: tuple[EndedSignIn, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationPage:
    """Revocations since a cursor. `reset`: these are all that live; replace what you hold."""

    cursor: str
    reset: bool
    revocations: tuple[Revocation, ...]
