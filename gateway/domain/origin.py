"""Where a request came from, as far as the server may believe it."""

from dataclasses import dataclass

from gateway.domain.values import quickly_made


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOrigin:
    """One request's id and its client. What is not known is None, and absent for every condition and audit field.

    `request_id` is what the answer's `x-amzn-RequestId` says. `source_ip` is the client's address: the peer's, or what
    a trusted proxy forwards.
    """

    request_id: str
    source_ip: str | None = None
    user_agent: str | None = None
    secure_transport: bool | None = None
