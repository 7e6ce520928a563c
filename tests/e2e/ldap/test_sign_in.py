"""People of a directory get credentials by MinIO's clients, boto3 and bare HTTP from the installed gateway."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from botocore.exceptions import ClientError
from minio.credentials.providers import LdapIdentityProvider, WebIdentityProvider

from tests.e2e.aws import refusal, sts_client
from tests.e2e.canaries import Canaries
from tests.e2e.installation import Installation
from tests.e2e.ldap.directory_gateway import (
    ADMIN,
    RESEARCHER,
    DirectoryGateway,
    assumed,
    element,
    sign_in,
    without_request_id,
)
from tests.e2e.openid_provider import OpenIdProvider
from tests.e2e.server import ANALYST, ENGINEER, error_of, request_id_of
from tests.servers.slapd import Slapd, group, member, person

ATTEMPTS = 5
AUDIT_TIME = "%b %d, %Y, %I:%M:%S %p"
PASSWORD = {name: f"canary-{secrets.token_urlsafe(30)}" for name in ("alice", "bob", "carol", "dave", "erin", "frank")}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    everybody = [name for name in PASSWORD if name != "frank"]
    data = "".join(
        [
            *(
                person(name, password, **({"departmentNumber": "7"} if name == "alice" else {}))
                for name, password in PASSWORD.items()
            ),
            group("everybody", *map(member, everybody)),
            group("librarians", member("dave")),
        ]
    )
    with Slapd(tmp_path_factory.mktemp("directory") / "slapd", data=data, policy=False) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory,
    installed: Installation,
    canaries: Canaries,
    provider: OpenIdProvider,
    directory: Slapd,
) -> Iterator[DirectoryGateway]:
    for name, password in PASSWORD.items():
        canaries.add(f"password of {name}", password)
    folder = tmp_path_factory.mktemp("with-directory") / "gateway"
    with DirectoryGateway(folder, installed, canaries, provider, directory) as running:
        yield running
    assert running.leaks() == [], f"{running.folder} shows secrets"


def test_minios_client_signs_in_with_a_password(gateway: DirectoryGateway) -> None:
    credentials = LdapIdentityProvider(gateway.url, "Alice@Example.test", PASSWORD["alice"]).retrieve()

    assert credentials.secret_key
    assert not credentials.is_expired()
    gateway.remember("SecretAccessKey", credentials.secret_key)
    gateway.remember("SessionToken", credentials.session_token or "")
    event = gateway.audit_by_key(credentials.access_key)
    assert event["eventName"] == "AssumeRoleWithLDAPIdentity"
    assert event["userIdentity"]["userName"] == "alice"


def test_minios_client_asks_for_less_and_for_longer_than_the_role_lasts(gateway: DirectoryGateway) -> None:
    """Without a RoleArn a duration is cut to the role's, as the client sends its token's own life."""
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
    week = 7 * 86_400
    client = LdapIdentityProvider(gateway.url, "bob", PASSWORD["bob"], duration_seconds=week, policy=policy)

    credentials = client.retrieve()

    gateway.remember("SecretAccessKey", credentials.secret_key)
    gateway.remember("SessionToken", credentials.session_token or "")
    event = gateway.audit_by_key(credentials.access_key)
    ends = datetime.strptime(event["responseElements"]["credentials"]["expiration"], AUDIT_TIME).replace(tzinfo=UTC)
    assert abs(ends - datetime.fromisoformat(event["eventTime"]) - timedelta(hours=2)) < timedelta(seconds=5)


def test_minios_client_trades_an_id_token_too(gateway: DirectoryGateway, provider: OpenIdProvider) -> None:
    """The one role of engineers without a RoleArn; with one, one of the two of analysts."""
    alone = WebIdentityProvider(
        jwt_provider_func=lambda: {"id_token": provider.id_token("bob"), "expires_in": "604800"},
        sts_endpoint=gateway.url,
    )
    named = WebIdentityProvider(
        jwt_provider_func=lambda: {"id_token": provider.id_token("alice"), "expires_in": "3600"},
        sts_endpoint=gateway.url,
        role_arn=ANALYST,
        role_session_name="minio",
    )

    for client, role in ((alone, ENGINEER), (named, ANALYST)):
        credentials = client.retrieve()
        gateway.remember("SecretAccessKey", credentials.secret_key)
        gateway.remember("SessionToken", credentials.session_token or "")
        resources = gateway.audit_by_key(credentials.access_key)["resources"]
        assert [one["ARN"] for one in resources] == [role]


@pytest.mark.parametrize("typed", ["alice", "ALICE", " Alice ", "alice@example.test", "ａｌｉｃｅ"])
def test_one_person_is_one_principal_whatever_was_typed(gateway: DirectoryGateway, typed: str) -> None:
    answer = gateway.sign_in(typed, PASSWORD["alice"])

    assert element(answer, "Arn") == "arn:aws:sts::111122223333:assumed-role/Researcher/alice"


def test_a_role_and_a_session_name_may_be_asked_for(gateway: DirectoryGateway) -> None:
    answer = gateway.sign_in("alice", PASSWORD["alice"], RoleArn=RESEARCHER, RoleSessionName="me", ProviderId="corp")
    other = gateway.sign_in("alice", PASSWORD["alice"], RoleArn=ANALYST, RoleSessionName="me")

    assert element(answer, "Arn") == "arn:aws:sts::111122223333:assumed-role/Researcher/me"
    assert error_of(other) == (403, "AccessDenied")


def test_who_may_assume_several_roles_is_told_their_names(gateway: DirectoryGateway) -> None:
    refused = gateway.sign_in("dave", PASSWORD["dave"])

    assert error_of(refused) == (400, "ValidationError")
    assert RESEARCHER in refused.text
    assert "role/Librarian" in refused.text


def test_who_is_in_no_group_that_counts_gets_no_role(gateway: DirectoryGateway) -> None:
    assert error_of(gateway.sign_in("frank", PASSWORD["frank"])) == (403, "AccessDenied")


@pytest.mark.parametrize(("name", "allowed"), [("alice", True), ("bob", False)])
def test_attributes_become_session_tags_and_decide(
    gateway: DirectoryGateway, monkeypatch: pytest.MonkeyPatch, name: str, allowed: bool
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", gateway.url)
    with sts_client(assumed(gateway.sign_in(name, PASSWORD[name]))) as sts:
        assert sts.get_caller_identity()["Arn"].endswith(f"/Researcher/{name}")
        if allowed:
            chained = sts.assume_role(RoleArn=ADMIN, RoleSessionName="chained")["Credentials"]
            gateway.remember("SecretAccessKey", chained["SecretAccessKey"])
            gateway.remember("SessionToken", chained["SessionToken"])
        else:
            with pytest.raises(ClientError) as refused:
                sts.assume_role(RoleArn=ADMIN, RoleSessionName="chained")
            assert refusal(refused.value) == (403, "AccessDenied")


def test_after_five_failures_the_right_password_gets_the_same_answer(
    gateway: DirectoryGateway, directory: Slapd
) -> None:
    spellings = ["carol", "Carol", "carol@example.test", "CAROL ", "carol"]
    wrong = [gateway.sign_in(spellings[at], f"canary-wrong-{secrets.token_urlsafe(24)}") for at in range(ATTEMPTS)]
    binds = directory.count(r'BIND dn="uid=carol,')

    throttled = [gateway.sign_in("carol", PASSWORD["carol"]), gateway.sign_in("Carol@example.test", PASSWORD["carol"])]
    unknown = gateway.sign_in("nobody-at-all", PASSWORD["carol"])

    # One neutral answer to all of them, and the directory's own counter sees none of the throttled ones.
    assert {without_request_id(answer) for answer in [*wrong, *throttled]} == {without_request_id(unknown)}
    assert error_of(unknown) == (403, "AccessDenied")
    assert "Wrong name or password, or too many attempts; try again in 15 minutes" in unknown.text
    assert directory.count(r'BIND dn="uid=carol,') == binds
    assert gateway.sign_in("erin", PASSWORD["erin"]).status_code == 200
    assert gateway.audit(request_id_of(throttled[0]))["errorCode"] == "AccessDenied"


def test_a_success_clears_the_persons_count(gateway: DirectoryGateway) -> None:
    for _ in range(3):
        for _ in range(ATTEMPTS - 1):
            assert error_of(gateway.sign_in("erin", "wrong")) == (403, "AccessDenied")
        assert gateway.sign_in("erin", PASSWORD["erin"]).status_code == 200


def test_a_get_is_refused_and_told_why(gateway: DirectoryGateway) -> None:
    answer = httpx.get(gateway.url, params=sign_in("alice", PASSWORD["alice"]))

    assert answer.status_code in {400, 405}
    assert "POST" in answer.text
    assert "alice" not in answer.text


def test_no_parameter_stands_in_the_query_and_the_form_at_once(gateway: DirectoryGateway) -> None:
    form = sign_in("alice", PASSWORD["alice"])

    answer = httpx.post(gateway.url, params={"LDAPUsername": "bob"}, data=form)

    assert answer.status_code == 400
    assert PASSWORD["alice"] not in answer.text


@pytest.mark.parametrize("name", ["LDAPUsername", "LDAPPassword"])
def test_a_name_and_a_password_are_needed_as_in_minio(gateway: DirectoryGateway, name: str) -> None:
    answer = httpx.post(gateway.url, data=sign_in("alice", PASSWORD["alice"]) | {name: ""})

    assert error_of(answer) == (400, "MissingParameter")
    assert "LDAPUsername and LDAPPassword cannot be empty" in answer.text
