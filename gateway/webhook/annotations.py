"""What the annotations of a service account and its pod ask for. Shapes are those of the EKS webhook."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.webhook.settings import Mode, WebhookSettings

ROLE_ARN: Final = "role-arn"
AUDIENCE: Final = "audience"
TOKEN_EXPIRATION: Final = "token-expiration"  # noqa: S105  a name
REGIONAL_ENDPOINTS: Final = "sts-regional-endpoints"
INJECT: Final = "inject"
SKIP_CONTAINERS: Final = "skip-containers"
SKIP_POD: Final = "skip-pod-identity-webhook"
"""A label: pods that have it, whatever its value, are left alone."""

LONGEST_TOKEN: Final = 86_400
SHORTEST_TOKEN: Final = 600
"""Kubernetes itself refuses projected tokens below ten minutes."""
_LONGEST_ARN: Final = 2_048
"""STS takes no longer RoleArn."""
_FLAGS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a pod shall get. `token_life`: seconds; `skipped`: names of containers to leave alone."""

    role_arn: str
    audience: str
    mode: Mode
    token_life: int
    regional: bool
    skipped: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """The annotations of both, under one prefix; what cannot be read is told in `warnings`, and its default taken."""

    settings: WebhookSettings
    service_account: Mapping[str, str]
    pod: Mapping[str, str]
    warnings: list[str]

    def wish(self) -> Wish | None:
        """None where the service account asks for no role, or for what would not fit into its pods."""
        role_arn = self._of_account(ROLE_ARN)
        if not role_arn:
            return None
        # Each container gets it: an annotation of 256 KB would make a patch of a hundred megabytes.
        if len(role_arn) > _LONGEST_ARN:
            self._warn(f"{self._key(ROLE_ARN)} has more than {_LONGEST_ARN} characters: the pod is left alone")
            return None
        if not role_arn.startswith("arn:"):
            self._warn(f"{self._key(ROLE_ARN)} is no role's ARN: the gateway will refuse it")
        return Wish(
            role_arn=role_arn,
            audience=self._of_account(AUDIENCE) or self.settings.audience,
            mode=self._mode(),
            token_life=self._token_life(),
            regional=self._regional(),
            skipped=self._skipped(),
        )

    def _mode(self) -> Mode:
        word = self._of_account(INJECT)
        if word is None:
            return self.settings.mode
        if word not in set(Mode):
            self._warn(f"{self._key(INJECT)} is neither `sidecar` nor `environment`: {self.settings.mode} is taken")
            return self.settings.mode
        return Mode(word)

    def _token_life(self) -> int:
        """The pod's wish counts before its service account's."""
        word = self.pod.get(self._key(TOKEN_EXPIRATION)) or self._of_account(TOKEN_EXPIRATION)
        if word is None:
            return LONGEST_TOKEN
        if not (word.isascii() and word.isdigit() and len(word) <= len(str(LONGEST_TOKEN)) + 3):
            self._warn(f"{self._key(TOKEN_EXPIRATION)} is no number of seconds: {LONGEST_TOKEN} is taken")
            return LONGEST_TOKEN
        seconds = min(max(int(word), SHORTEST_TOKEN), LONGEST_TOKEN)
        if seconds != int(word):
            self._warn(f"{self._key(TOKEN_EXPIRATION)} is outside of {SHORTEST_TOKEN} to {LONGEST_TOKEN}: {seconds}")
        return seconds

    def _regional(self) -> bool:
        return _FLAGS.get((self._of_account(REGIONAL_ENDPOINTS) or "true").lower(), True)

    def _skipped(self) -> frozenset[str]:
        """Names as one record of comma-separated values; one that cannot be read skips nobody."""
        text = self.pod.get(self._key(SKIP_CONTAINERS), "")
        try:
            records: Sequence[Sequence[str]] = list(csv.reader([text], strict=True, skipinitialspace=True))
        except csv.Error:
            self._warn(f"{self._key(SKIP_CONTAINERS)} is no list with commas between: no container is skipped")
            return frozenset()
        return frozenset(name.strip() for record in records for name in record if name.strip())

    def _of_account(self, name: str) -> str | None:
        return self.service_account.get(self._key(name))

    def _key(self, name: str) -> str:
        return f"{self.settings.annotation_prefix}/{name}"

    def _warn(self, message: str) -> None:
        self.warnings.append(message)
