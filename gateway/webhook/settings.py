"""What the webhook is told by its file, as plain values."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

USER: Final = 10001
"""The image's own."""


class Mode(StrEnum):
    """How a pod comes to its credentials: the SDK asks the gateway itself, or a sidecar does for it."""

    ENVIRONMENT = "environment"
    SIDECAR = "sidecar"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """One webhook. `audience` and `mode` are what a service account gets that asks for nothing else.

    `sidecar_user`: user and group of sidecars; None: whom the cluster gives the namespace (OpenShift).
    """

    gateway_url: str
    region: str
    host: str
    port: int
    certificate: Path
    private_key: Path
    annotation_prefix: str
    mode: Mode
    audience: str
    sidecar_image: str | None
    sidecar_user: int | None = USER
