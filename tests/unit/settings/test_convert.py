"""What a configuration without fault becomes."""

from ipaddress import ip_network

import pytest

from gateway.domain.arn import RoleArn
from gateway.domain.identifiers import role_id, user_id
from gateway.domain.role import Requirement
from gateway.domain.service import Proxy, Service, ServiceType, Upstream
from gateway.settings.configuration import (
    AuditFailure,
    AuditSettings,
    BrowserSessionSettings,
    GatewaySettings,
    ListenAddress,
    Throttle,
    ThrottleSettings,
    TlsSettings,
)
from tests.unit.settings.written import Written, provider_files


def test_what_is_left_out_has_the_documented_default(written: Written) -> None:
    gateway = written.load().gateway

    assert gateway == GatewaySettings(
        public_url="https://sts.example.com",
        keyring=written.folder / "keyring.json",
        region="us-east-1",
        state="memory:",
        trusted_proxies=(),
        tls=None,
        internal_listen=None,
        audit=AuditSettings(path=None, on_failure=AuditFailure.REFUSE),
        browser_session=BrowserSessionSettings(idle=3600, absolute=43200),
        throttle=ThrottleSettings(
            per_user=Throttle(attempts=5, window=900), per_address=Throttle(attempts=100, window=900)
        ),
    )


def test_every_setting_of_the_gateway_arrives_parsed(written: Written) -> None:
    (written.folder / "tls.crt").touch()
    (written.folder / "tls.key").touch()

    gateway = written.load(
        gateway="""
        public_url: http://127.0.0.1:8080
        region: eu-central-1
        keyring: /var/lib/keyring.json
        state: redis://:secret@redis:6379/0
        trusted_proxies: [10.0.0.0/8, "2001:db8::/32"]
        tls: {certificate: ./tls.crt, private_key: tls.key}
        internal_listen: "[::1]:9090"
        audit: {path: audit.log, on_failure: drop}
        browser_session: {idle: 30m, absolute: 8h}
        throttle: {per_user: 3/1h, per_address: 50/900}
        """
    ).gateway

    assert gateway.public_url == "http://127.0.0.1:8080"
    assert gateway.region == "eu-central-1"
    assert str(gateway.keyring) == "/var/lib/keyring.json"
    assert gateway.state == "redis://:secret@redis:6379/0"
    assert gateway.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))
    assert gateway.tls == TlsSettings(certificate=written.folder / "tls.crt", private_key=written.folder / "tls.key")
    assert gateway.internal_listen == ListenAddress(host="::1", port=9090)
    assert gateway.audit == AuditSettings(path=written.folder / "audit.log", on_failure=AuditFailure.DROP)
    assert gateway.browser_session == BrowserSessionSettings(idle=1800, absolute=28800)
    assert gateway.throttle == ThrottleSettings(
        per_user=Throttle(attempts=3, window=3600), per_address=Throttle(attempts=50, window=900)
    )


def test_a_role_becomes_arn_id_seconds_and_policies_by_value(written: Written) -> None:
    inline = "{Version: 2012-10-17, Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}"
    configuration = written.load(
        roles=f"""
        data-platform/Analyst:
          path: /team/a/
          max_session_duration: 4h
          policies: [read-lake, {inline}]
          permissions_boundary: read-lake
          tags: {{team: analytics}}
        """
    )

    (role,) = configuration.roles
    assert role.arn == RoleArn(account="111122223333", path="/team/a/", name="Analyst")
    assert role.role_id == role_id("111122223333", "Analyst")
    assert role.maximum_duration == 14400
    assert [policy.name for policy in role.policies] == ["read-lake", "roles.data-platform/Analyst.policies[1]"]
    assert role.policies[0].document == configuration.policies["read-lake"]
    assert role.policies[1].document["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    assert role.permissions_boundary == role.policies[0]
    assert role.tags == {"team": "analytics"}
    assert role.trust_policy is None


def test_a_role_of_defaults_lasts_an_hour_and_has_no_policy(written: Written) -> None:
    (role,) = written.load(roles="data-platform/Analyst: {}").roles

    assert (role.maximum_duration, role.arn.path, role.policies, role.permissions_boundary) == (3600, "/", (), None)


def test_a_mapping_keeps_its_place_and_all_its_conditions(written: Written) -> None:
    (mapping,) = written.load(
        mappings="""
        - provider: workforce
          groups: [analysts, ops]
          claims: {sub: "a*", realm_access.roles: [x, "y?"]}
          roles: [data-platform/Analyst, web-shop/Admin, data-platform/Analyst]
          session_tags: {department: "{claims.department}", who: "{username}-{email}"}
          require: {amr: mfa, acr: [gold, silver], authenticated_within: 12h}
        """
    ).mappings

    assert mapping.mapping_id == "mappings[0]"
    assert mapping.groups == {"analysts", "ops"}
    assert mapping.claims == {"sub": ("a*",), "realm_access.roles": ("x", "y?")}
    assert mapping.roles == ("data-platform/Analyst", "web-shop/Admin")
    assert mapping.session_tags == {"department": "{claims.department}", "who": "{username}-{email}"}
    assert mapping.require == Requirement(amr=("mfa",), acr=("gold", "silver"), authenticated_within=43200)
    assert mapping.group_pattern is None


@pytest.mark.parametrize(
    ("pattern", "roles", "expected"),
    [
        (
            "aws-{account}-{role}",
            ["{account}/{role}"],
            {"a/One": "aws-a-One", "a/Two": "aws-a-Two", "b/One": "aws-b-One"},
        ),
        ("{account_id}:{role}", ["a/{role}"], {"a/One": "111122223333:One", "a/Two": "111122223333:Two"}),
        ("{account}-admins", ["{account}/One"], {"a/One": "a-admins", "b/One": "b-admins"}),
        ("only-{role}", ["a/Two"], {"a/Two": "only-Two"}),
        ("g-{account}-{role}", ["a/Two", "b/{role}"], {"a/Two": "g-a-Two", "b/One": "g-b-One"}),
    ],
)
def test_a_group_pattern_becomes_one_mapping_for_each_role_it_means(
    written: Written, pattern: str, roles: list[str], expected: dict[str, str]
) -> None:
    mappings = written.load(
        accounts='a: "111122223333"\nb: "444455556666"',
        roles="a/One: {}\na/Two: {}\nb/One: {}",
        users="",
        mappings=f'- {{provider: workforce, group_pattern: "{pattern}", roles: {roles}}}',
    ).mappings

    assert {role: group for one in mappings for role in one.roles for group in one.groups} == expected
    assert all(len(one.roles) == len(one.groups) == 1 for one in mappings)
    assert {(one.mapping_id, one.group_pattern) for one in mappings} == {("mappings[0]", pattern)}


def test_a_user_becomes_arn_id_and_keys(written: Written) -> None:
    (user,) = written.load(
        users="""
        data-platform/ci:
          access_keys: [{id: AKIAEXAMPLEEXAMPLE22, secret: 0123456789abcdefghij}]
          policies: [read-lake]
        """
    ).users

    assert user.arn == "arn:aws:iam::111122223333:user/ci"
    assert user.account == "111122223333"
    assert user.user_id == user_id("111122223333", "ci")
    assert user.access_keys[0].access_key_id == "AKIAEXAMPLEEXAMPLE22"
    assert user.access_keys[0].secret_access_key == "0123456789abcdefghij"
    assert [policy.name for policy in user.policies] == ["read-lake"]


def test_services_know_their_signing_name_and_accounts_by_number(written: Written) -> None:
    services = written.load(
        services="""
        lake:
          type: s3
          hosts: [s3.example.com, "s3.example.com:9000"]
          region: eu-west-1
          principals: [web-shop]
          proxy: nginx
          proxy_token: lake-token
          upstream: {endpoint: "http://ceph:7480", region: eu-1, access_key_id: K, secret_access_key: S, host: ceph}
        orders: {type: execute-api, hosts: [orders.example.com], id: orders, account: web-shop, proxy_token: t}
        tables: {type: json, hosts: [db.example.com], service: dynamodb, proxy_token: t}
        """
    ).services

    assert services == (
        Service(
            name="lake",
            type=ServiceType.S3,
            hosts=("s3.example.com", "s3.example.com:9000"),
            signing_name="s3",
            region="eu-west-1",
            principals=frozenset({"444455556666"}),
            proxy=Proxy.NGINX,
            proxy_token="lake-token",
            upstream=Upstream(region="eu-1", access_key_id="K", secret_access_key="S", host="ceph"),
        ),
        Service(
            name="orders",
            type=ServiceType.EXECUTE_API,
            hosts=("orders.example.com",),
            signing_name="execute-api",
            account="444455556666",
            api_arn="arn:aws:execute-api:us-east-1:444455556666:orders/$default",
            proxy_token="t",
        ),
        Service(
            name="tables", type=ServiceType.JSON, hosts=("db.example.com",), signing_name="dynamodb", proxy_token="t"
        ),
    )
    assert "lake-token" not in repr(services)
    assert "secret_access_key" not in repr(services)


def test_an_api_has_the_one_account_and_its_own_region_in_its_arn(written: Written) -> None:
    (service,) = written.load(
        accounts="{web-shop: '444455556666'}",
        roles="",
        mappings="",
        users="",
        services="orders: {type: execute-api, hosts: [h.example.com], id: o1, stage: prod, region: eu-west-1, proxy_token: t}",
    ).services

    assert service.api_arn == "arn:aws:execute-api:eu-west-1:444455556666:o1/prod"


def test_the_files_of_providers_are_absolute(written: Written) -> None:
    provider_files(written.folder)

    settings = written.load(
        providers="""
        workforce:
          {type: oidc, issuer: "https://h", audiences: [a], ca_file: ./ca.pem, jwks_file: jwks.json, bearer_token_file: t}
        """
    ).providers["workforce"]

    assert settings.ca_file == written.folder / "ca.pem"
    assert settings.jwks_file == written.folder / "jwks.json"
    assert settings.bearer_token_file == written.folder / "t"


def test_behind_the_internal_listener_a_service_without_upstream_needs_no_token(written: Written) -> None:
    (service,) = written.load(
        gateway="public_url: https://sts.example.com\nkeyring: ./k\ninternal_listen: 127.0.0.1:9090",
        services="lake: {type: s3, hosts: [h]}",
    ).services

    assert service.proxy_token is None
