"""The section `roles`: what may be assumed."""

from typing import Annotated

from pydantic import Field

from gateway.settings.models.section import Document, Policy, SectionModel
from gateway.settings.values import Duration, RolePath, Tags, between

SHORTEST_SESSION = 900
LONGEST_SESSION = 43200


class RoleSection(SectionModel):
    path: RolePath = Field(default="/", description="IAM path inside the role's ARN, beginning and ending with `/`.")
    max_session_duration: Annotated[Duration, between(SHORTEST_SESSION, LONGEST_SESSION)] = Field(
        default=3600, description="Longest session of the role: 15m to 12h."
    )
    policies: tuple[Policy, ...] = Field(
        default=(), description="What the role may do: names under `policies`, or inline IAM documents."
    )
    permissions_boundary: Policy | None = Field(
        default=None, description="A policy that must allow too, whatever `policies` allow."
    )
    tags: Tags = Field(default={}, description="The role's own tags, for conditions on `aws:PrincipalTag`.")
    trust_policy: Document | None = Field(
        default=None,
        description="IAM trust policy beside the mappings: AssumeRole across accounts, conditions, explicit Deny.",
    )
