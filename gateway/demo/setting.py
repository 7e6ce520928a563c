"""What the demo world's configuration calls things, for the script and the pages; a test holds the two together."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from gateway.demo.lake.bucket import StoredObject

ACCOUNT: Final = "111122223333"
REGION: Final = "us-east-1"
SERVICE: Final = "lake"
BUCKET: Final = "lake"
ANALYST: Final = f"arn:aws:iam::{ACCOUNT}:role/Analyst"
ENGINEER: Final = f"arn:aws:iam::{ACCOUNT}:role/Engineer"
ROLE_OF: Final[Mapping[str, str]] = MappingProxyType({"ana": ANALYST, "ben": ENGINEER, "carla": ANALYST})
"""The role that each person asks for; Carla gets none."""

REPORT: Final = "reports/2026-q1.csv"
_TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        REPORT: "month,orders\n2026-01,1840\n2026-02,1911\n2026-03,2075\n",
        "reports/2026-q2.csv": "month,orders\n2026-04,2130\n2026-05,2088\n2026-06,2214\n",
        "scratch/research/notes.txt": "Of the team research: whoever is of it may write here.\n",
        "README.txt": "The lake of sts-gateway's demo.\n",
    }
)


def objects_at(now: datetime) -> Mapping[str, StoredObject]:
    """What lies in the lake when the world begins."""
    return {key: _stored(key, text, now) for key, text in _TEXTS.items()}


def _stored(key: str, text: str, now: datetime) -> StoredObject:
    content_type = "text/csv" if key.endswith(".csv") else "text/plain"
    return StoredObject(content=text.encode(), content_type=content_type, modified_at=now)
