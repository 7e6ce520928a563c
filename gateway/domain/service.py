"""Resource servers in front of which the gateway decides."""

from dataclasses import dataclass
from enum import StrEnum


class ServiceType(StrEnum):
    S3 = "s3"
    EXECUTE_API = "execute-api"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One entry of `services`: which hosts it has, how its requests read, whose callers it serves.

    `signing_name` is the service of its credential scope; `region` None takes any; `principals` empty takes all.
    `api_arn` of an execute-api entry: `arn:aws:execute-api:REGION:ACCOUNT:ID/STAGE`.
    """

    name: str
    type: ServiceType
    hosts: tuple[str, ...]
    signing_name: str
    account: str | None = None
    region: str | None = None
    principals: frozenset[str] = frozenset()
    api_arn: str = ""
