"""The installed gateway with a directory beside its OpenID Connect provider."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.openid_provider import OpenIdProvider
from tests.e2e.server import VERSION, Gateway
from tests.servers.slapd import Slapd

RESEARCHER = "arn:aws:iam::111122223333:role/Researcher"
ADMIN = "arn:aws:iam::111122223333:role/Admin"
SECTIONS: Mapping[str, str] = {
    "roles": """\
data-platform/Researcher: {max_session_duration: 2h, policies: [administrate-by-department]}
data-platform/Librarian: {policies: [read-lake]}
""",
    "policies": """\
administrate-by-department:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: sts:AssumeRole
      Resource: arn:aws:iam::111122223333:role/Admin
      Condition: {StringEquals: {"aws:PrincipalTag/department": "7"}}
""",
    "mappings": """\
- provider: corp
  groups: [everybody]
  roles: [data-platform/Researcher]
  session_tags: {department: "{claims.departmentNumber}"}
- provider: corp
  groups: ["CN=Librarians, ou=Groups,dc=example,dc=test"]
  roles: [data-platform/Librarian]
""",
}
BY_MAIL_TOO = {"base": "ou=people,dc=example,dc=test", "filter": "(|(uid={username})(mail={username}))"}


class DirectoryGateway(Gateway):
    """A gateway whose people are a directory's, too."""

    def __init__(
        self,
        folder: Path,
        installation: Installation,
        canaries: Canaries,
        provider: OpenIdProvider,
        directory: Slapd,
        *,
        settings: str = "",
    ) -> None:
        corp = json.dumps(directory.settings(users=BY_MAIL_TOO))
        super().__init__(
            folder,
            installation,
            canaries,
            issuer=provider.issuer,
            client_secret=provider.client_secret,
            settings=settings,
            sections={**SECTIONS, "providers": f"corp: {corp}"},
        )

    def sign_in(self, username: str, password: str, **parameters: str) -> httpx.Response:
        """AssumeRoleWithLDAPIdentity over bare HTTP, its parameters in the form."""
        answer = httpx.post(self.url, data=sign_in(username, password, **parameters), timeout=30)
        for name in ("SecretAccessKey", "SessionToken"):
            for secret in re.findall(rf"<{name}>([^<]+)</{name}>", answer.text):
                self.remember(name, secret)
        return answer


def sign_in(username: str, password: str, **parameters: str) -> dict[str, str]:
    return {
        "Action": "AssumeRoleWithLDAPIdentity",
        "Version": VERSION,
        "LDAPUsername": username,
        "LDAPPassword": password,
        **parameters,
    }


def element(answer: httpx.Response, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", answer.text)
    assert found is not None, answer.text
    return found[1]


def without_request_id(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, re.sub(r"<RequestId>[^<]*</RequestId>", "", answer.text)


def assumed(answer: httpx.Response) -> Any:
    """The answer's credentials, as boto3 would have them."""
    assert answer.status_code == 200, answer.text
    return {name: element(answer, name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
