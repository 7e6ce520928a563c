"""One row for each mistake that a configuration can hold: where it is told, under which key, with which mend."""

from pathlib import Path

import pytest

from gateway.settings.faults import Fault, UnreadableConfiguration, nearest, shown
from gateway.settings.load import load
from tests.unit.settings.written import Written, marked_line

GATEWAY = "public_url: https://sts.example.com\nkeyring: ./keyring.json\n"
OIDC = 'type: oidc, issuer: "https://login.example.com", audiences: [sts.amazonaws.com]'
ALLOW = "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}"


def gateway(line: str) -> dict[str, str]:
    return {"gateway": f"{GATEWAY}{line}  # HERE"}


def provider(line: str) -> dict[str, str]:
    base = 'workforce:\n  type: oidc\n  issuer: "https://login.example.com"\n  audiences: [sts.amazonaws.com]\n'
    return {"providers": f"{base}  {line}  # HERE", "mappings": ""}


def role(line: str) -> dict[str, str]:
    return {"roles": f"data-platform/Analyst:\n  {line}  # HERE"}


def mapping(line: str, base: str = "groups: [analysts]") -> dict[str, str]:
    return {"mappings": f"- provider: workforce\n  roles: [data-platform/Analyst]\n  {base}\n  {line}  # HERE"}


def key(line: str) -> dict[str, str]:
    return {"users": f"data-platform/ci:\n  access_keys:\n    - {line}  # HERE"}


def service(line: str, base: str = "type: s3\n  hosts: [s3.example.com]") -> dict[str, str]:
    return {"services": f"lake:\n  {base}\n  {line}  # HERE"}


STORE = "type: s3\n  hosts: [h]\n  proxy_token: token"
SECRET = "secret: 0123456789abcdefghij"
ROWS: dict[str, tuple[dict[str, str], str, str]] = {
    # the whole
    "unknown section": ({"mapings": "x: 1"}, "mapings", "unknown key; did you mean 'mappings'?"),
    "no gateway": ({"gateway": ""}, "gateway", "missing; add `gateway:`"),
    # gateway
    "no public_url": ({"gateway": "keyring: k"}, "gateway.public_url", "missing; add `public_url:`"),
    "no keyring": ({"gateway": "public_url: https://h"}, "gateway.keyring", "missing; add `keyring:`"),
    "unknown key": (gateway("keyrng: x"), "gateway.keyrng", "unknown key; did you mean 'keyring'?"),
    "public_url with path": (
        {"gateway": "keyring: k\npublic_url: https://h/p  # HERE"},
        "gateway.public_url",
        "only scheme, host and port; write https://h",
    ),
    "public_url over http": (
        {"gateway": "keyring: k\npublic_url: http://sts.example.com  # HERE"},
        "gateway.public_url",
        "write https://",
    ),
    "public_url with the scheme's port": (
        {"gateway": "keyring: k\npublic_url: https://h:443  # HERE"},
        "gateway.public_url",
        "write https://h",
    ),
    "public_url in upper case": (
        {"gateway": "keyring: k\npublic_url: https://STS.example.com  # HERE"},
        "gateway.public_url",
        "the host in lower case",
    ),
    "public_url with a user": (
        {"gateway": "keyring: k\npublic_url: https://u@h  # HERE"},
        "gateway.public_url",
        "write https://HOST",
    ),
    "region": (gateway("region: US EAST"), "gateway.region", "characters that cannot stand here"),
    "state": (gateway("state: postgres://h"), "gateway.state", "not a state store; write memory:"),
    "state with a password that is not encoded": (
        gateway("state: redis://:p@ss/w:rd@h"),
        "gateway.state",
        "percent-encode / ? # @ : and %",
    ),
    "proxies as text": (gateway("trusted_proxies: 10.0.0.0/8"), "gateway.trusted_proxies", "write [10.0.0.0/8]"),
    "proxy with host bits": (gateway("trusted_proxies: [10.0.0.1/8]"), "gateway.trusted_proxies[0]", "10.0.0.0/8"),
    "proxy by name": (gateway("trusted_proxies: [proxy]"), "gateway.trusted_proxies[0]", "'proxy' is not a network"),
    "tls without key": (gateway("tls: {certificate: k}"), "gateway.tls.private_key", "missing; add `private_key:`"),
    "listener without port": (gateway("internal_listen: 127.0.0.1"), "gateway.internal_listen", "write HOST:PORT"),
    "listener's port alone": (
        gateway("internal_listen: 9090"),
        "gateway.internal_listen",
        "a port alone; write HOST:PORT: 127.0.0.1:9090",
    ),
    "listener's port": (gateway("internal_listen: h:70000"), "gateway.internal_listen", "not HOST or HOST:PORT"),
    "audit": (gateway("audit: {on_failure: panic}"), "gateway.audit.on_failure", "must be 'refuse' or 'drop'"),
    "idle beyond absolute": (
        gateway("browser_session: {idle: 12h, absolute: 1h}"),
        "gateway.browser_session",
        "lower idle",
    ),
    "throttle": (gateway("throttle: {per_user: 5}"), "gateway.throttle.per_user", "5/15m"),
    # accounts
    "account id without quotes": ({"accounts": "a: 012345678901  # HERE"}, "accounts.a", '"012345678901"'),
    "short account id": ({"accounts": 'a: "1234"  # HERE'}, "accounts.a", "write 12 digits in quotes"),
    "account id twice": (
        {"accounts": 'a: "111122223333"\nb: "111122223333"  # HERE'},
        "accounts.b",
        "two aliases of one account id; the first is accounts.a",
    ),
    "alias in two cases": (
        {"accounts": 'a: "111122223333"\nA: "111122223334"  # HERE'},
        "accounts.A",
        "two aliases that differ only in case",
    ),
    "alias": ({"accounts": 'a/b: "111122223333"  # HERE'}, "accounts.a/b", "not an account alias"),
    # providers
    "provider without type": ({"providers": "p: {issuer: 'https://h'}  # HERE"}, "providers.p.type", "missing"),
    "provider of no type": (
        {"providers": "p: {type: oicd}  # HERE"},
        "providers.p.type",
        "unknown type 'oicd'; did you mean 'oidc'?",
    ),
    "provider without issuer": (
        {"providers": "p: {type: oidc, audiences: [a]}  # HERE"},
        "providers.p.issuer",
        "missing; add `issuer:`",
    ),
    "unknown key of a provider": (
        provider("audience: x"),
        "providers.workforce.audience",
        "unknown key; did you mean 'audiences'?",
    ),
    "unknown key of its claims": (
        provider("claims: {user: x}"),
        "providers.workforce.claims.user",
        "unknown key; did you mean 'username'?",
    ),
    "algorithm": (provider("algorithms: [HS256]"), "providers.workforce.algorithms[0]", "HS256 is not taken"),
    "ca_file that is none": (
        provider("ca_file: ./gateway.yaml"),
        "providers.workforce.ca_file",
        "no PEM certificate is in",
    ),
    "jwks_file that is none": (
        provider("jwks_file: ./gateway.yaml"),
        "providers.workforce.jwks_file",
        "the key set is not JSON",
    ),
    "ca_file": (provider("ca_file: ./nope.pem"), "providers.workforce.ca_file", "there is no such file"),
    "jwks_file": (provider("jwks_file: ./nope.json"), "providers.workforce.jwks_file", "there is no such file"),
    "jwks_file, a folder": (provider("jwks_file: ."), "providers.workforce.jwks_file", "not a regular file"),
    "issuer twice": (
        {"providers": f"a: {{{OIDC}}}\nb: {{{OIDC}}}  # HERE"},
        "providers.b.issuer",
        "two providers with one issuer; give one provider the audiences of both; the first is providers.a.issuer",
    ),
    "issuer twice but for case and slash": (
        {
            "providers": f"a: {{{OIDC}}}\nb: {{type: oidc, issuer: 'https://LOGIN.example.com/', audiences: [a]}}  # HERE"
        },
        "providers.b.issuer",
        "two providers with one issuer",
    ),
    "issuer that is the gateway itself": (
        {"providers": "a: {type: oidc, issuer: 'https://sts.example.com', audiences: [a]}  # HERE", "mappings": ""},
        "providers.a.issuer",
        "is the gateway's own `public_url`, whose tokens it never takes back; name another issuer",
    ),
    "issuer that is the gateway itself but for case and slash": (
        {"providers": "a: {type: oidc, issuer: 'https://STS.example.com/', audiences: [a]}  # HERE", "mappings": ""},
        "providers.a.issuer",
        "is the gateway's own `public_url`",
    ),
    # roles
    "role of an unknown account": (
        {"roles": "data-plattform/Analyst: {}  # HERE"},
        "roles.data-plattform/Analyst",
        "unknown account 'data-plattform'; did you mean 'data-platform'?",
    ),
    "role without account": ({"roles": "Analyst: {}  # HERE"}, "roles.Analyst", "write ACCOUNT/ROLE"),
    "role without value": ({"roles": "data-platform/Analyst:  # HERE"}, "roles.data-platform/Analyst", "has no value"),
    "role in two cases": (
        {"roles": "data-platform/a: {}\ndata-platform/A: {}  # HERE"},
        "roles.data-platform/A",
        "two names that differ only in case",
    ),
    "role's path": (role("path: x/"), "roles.data-platform/Analyst.path", "characters that cannot stand here"),
    "session too long": (
        role("max_session_duration: 13h"),
        "roles.data-platform/Analyst.max_session_duration",
        "write a duration from 15m to 12h",
    ),
    "session too short": (
        role("max_session_duration: 899"),
        "roles.data-platform/Analyst.max_session_duration",
        "write a duration from 15m to 12h",
    ),
    "duration": (
        role("max_session_duration: 4 hours"),
        "roles.data-platform/Analyst.max_session_duration",
        "not a duration; write seconds",
    ),
    "unknown policy": (
        role("policies: [read-lak]"),
        "roles.data-platform/Analyst.policies[0]",
        "unknown policy 'read-lak'; did you mean 'read-lake'?",
    ),
    "unknown boundary": (
        role("permissions_boundary: nope"),
        "roles.data-platform/Analyst.permissions_boundary",
        "unknown policy 'nope'; known: read-lake",
    ),
    "policy that is neither": (
        role("policies: [7]"),
        "roles.data-platform/Analyst.policies[0]",
        "not an IAM document",
    ),
    "tag of AWS": (role("tags: {aws:x: y}"), "roles.data-platform/Analyst.tags", "'aws:x' is no tag key"),
    "tag as number": (role("tags: {cost: 4711}"), "roles.data-platform/Analyst.tags.cost", "in quotes: '4711'"),
    "tag twice": (role("tags: {a: x, A: x}"), "roles.data-platform/Analyst.tags", "differ only in case"),
    "tag value": (role(f"tags: {{a: {'x' * 257}}}"), "roles.data-platform/Analyst.tags", "the value of 'a'"),
    "trust policy": (role("trust_policy: []"), "roles.data-platform/Analyst.trust_policy", "not an IAM document"),
    # policies
    "policy as list": ({"policies": f"read-lake: {ALLOW}\nx: []  # HERE"}, "policies.x", "not an IAM document"),
    "policy name": ({"policies": f"read-lake: {ALLOW}\na b: {ALLOW}  # HERE"}, "policies.a b", "not a policy's name"),
    # mappings
    "mappings as section": ({"mappings": "provider: workforce"}, "mappings", "must be a list"),
    "mapping as text": ({"mappings": "- workforce  # HERE"}, "mappings[0]", "must be a section"),
    "mapping without roles": (
        {"mappings": "- {provider: workforce, groups: [a]}  # HERE"},
        "mappings[0].roles",
        "missing; add `roles:`",
    ),
    "mapping of an unknown provider": (
        {"mappings": "- {provider: workfroce, groups: [a], roles: [data-platform/Analyst]}  # HERE"},
        "mappings[0].provider",
        "unknown provider 'workfroce'; did you mean 'workforce'?",
    ),
    "mapping to an unknown role": (
        {"mappings": "- {provider: workforce, groups: [a], roles: [data-platform/Analist]}  # HERE"},
        "mappings[0].roles[0]",
        "unknown role 'data-platform/Analist'; did you mean 'data-platform/Analyst'?",
    ),
    "groups as text": (mapping("groups: analysts", base=""), "mappings[0].groups", "write [analysts]"),
    "groups empty": (mapping("groups: []", base=""), "mappings[0].groups", "empty; name at least one"),
    "groups forgotten": (mapping("groups:", base=""), "mappings[0].groups", "has no value"),
    "group as number": (mapping("groups: [12]", base=""), "mappings[0].groups[0]", "in quotes: '12'"),
    "claims empty": (mapping("claims: {}"), "mappings[0].claims", "empty; name at least one"),
    "claims forgotten": (mapping("claims:"), "mappings[0].claims", "has no value"),
    "claim without values": (mapping("claims: {sub: []}"), "mappings[0].claims.sub", "an empty list"),
    "claim forgotten": (mapping("claims: {sub: }"), "mappings[0].claims.sub", "has no value"),
    "claim as number": (mapping("claims: {tenant: 42}"), "mappings[0].claims.tenant", "must be a list"),
    "claim in two cases": (
        mapping("claims: {sub: [x], Sub: [x]}"),
        "mappings[0].claims.Sub",
        "the claim differs only in case from 'sub'",
    ),
    "template without pattern": (
        {"mappings": '- {provider: workforce, groups: [a], roles: ["{account}/{role}"]}  # HERE'},
        "mappings[0].roles[0]",
        "a template needs `group_pattern`",
    ),
    "template's field": (
        {"mappings": '- {provider: workforce, group_pattern: "a-{role}", roles: ["{acount}/x"]}  # HERE'},
        "mappings[0].roles[0]",
        "unknown field {acount}; did you mean 'account'?",
    ),
    "template that means nothing": (
        {"mappings": '- {provider: workforce, group_pattern: "a-{role}", roles: ["nope/{role}"]}  # HERE'},
        "mappings[0].roles[0]",
        "means no configured role",
    ),
    "pattern's field": (
        mapping('group_pattern: "aws-{rolle}"', base=""),
        "mappings[0].group_pattern",
        "unknown field {rolle}; did you mean 'role'?",
    ),
    "pattern's brace": (
        mapping('group_pattern: "a-{role"', base=""),
        "mappings[0].group_pattern",
        "without its partner",
    ),
    "pattern of fixed names": (
        mapping("group_pattern: admins", base=""),
        "mappings[0].group_pattern",
        "write fixed names under `groups`",
    ),
    "pattern beside groups": (
        mapping('group_pattern: "a-{role}"'),
        "mappings[0].group_pattern",
        "`groups` and `group_pattern` in one mapping",
    ),
    "pattern that gives two roles one name": (
        {
            "roles": "data-platform/Admin: {}\nweb-shop/Admin: {}",
            "mappings": '- {provider: workforce, group_pattern: "aws-{role}", roles: ["{account}/{role}"]}  # HERE',
        },
        "mappings[0].group_pattern",
        "gives the roles 'data-platform/Admin', 'web-shop/Admin' one group name, 'aws-Admin'",
    ),
    "pattern that gives two roles names unlike in case": (
        {
            "accounts": 'a: "111122223333"\nb: "444455556666"',
            "roles": "a/admin: {}\nb/Admin: {}",
            "users": "",
            "mappings": '- {provider: workforce, group_pattern: "aws-{role}", roles: ["{account}/{role}"]}  # HERE',
        },
        "mappings[0].group_pattern",
        "one group name",
    ),
    "pattern with an ambiguous separator": (
        {
            "accounts": 'a: "111122223333"\na-b: "444455556666"',
            "roles": "a-b/c: {}\na/b-c: {}",
            "users": "",
            "mappings": '- {provider: workforce, group_pattern: "x-{account}-{role}", roles: ["{account}/{role}"]}  # HERE',
        },
        "mappings[0].group_pattern",
        "one group name, 'x-a-b-c'",
    ),
    "tag template": (mapping('session_tags: {a: "{claim.x}"}'), "mappings[0].session_tags", "unknown field {claim.x}"),
    "tag template's brace": (mapping('session_tags: {a: "{username"}'), "mappings[0].session_tags", "its partner"),
    "session tag": (mapping("session_tags: {aws:a: x}"), "mappings[0].session_tags", "'aws:a' is no tag key"),
    "require": (mapping("require: {mfa: true}"), "mappings[0].require.mfa", "unknown key"),
    "require nothing": (mapping("require: {amr: []}"), "mappings[0].require.amr", "an empty list"),
    "require a time": (
        mapping("require: {authenticated_within: soon}"),
        "mappings[0].require.authenticated_within",
        "not a duration",
    ),
    # users
    "user of an unknown account": ({"users": "nope/ci: {}  # HERE"}, "users.nope/ci", "unknown account 'nope'"),
    "access key id": (
        key(f"{{id: AKIA123, {SECRET}}}"),
        "users.data-platform/ci.access_keys[0].id",
        "write AKIA and 16 upper-case letters or digits",
    ),
    "temporary key id": (
        key(f"{{id: ASIAEXAMPLEEXAMPLE22, {SECRET}}}"),
        "users.data-platform/ci.access_keys[0].id",
        "not a long-lived access key id",
    ),
    "access key id twice": (
        {
            "users": f"data-platform/a: {{access_keys: [{{id: AKIAEXAMPLEEXAMPLE22, {SECRET}}}]}}\n"
            f"data-platform/b: {{access_keys: [{{id: AKIAEXAMPLEEXAMPLE22, {SECRET}}}]}}  # HERE"
        },
        "users.data-platform/b.access_keys[0].id",
        "one access key id given twice; the first is users.data-platform/a.access_keys[0].id",
    ),
    "short secret": (
        key("{id: AKIAEXAMPLEEXAMPLE22, secret: abc}"),
        "users.data-platform/ci.access_keys[0].secret",
        "write 16 to 128 printable ASCII characters",
    ),
    "secret as number": (
        key("{id: AKIAEXAMPLEEXAMPLE22, secret: 1234567890123456}"),
        "users.data-platform/ci.access_keys[0].secret",
        "must be a text; write it in quotes",
    ),
    "user's policy": (
        {"users": "data-platform/ci: {policies: [nope]}  # HERE"},
        "users.data-platform/ci.policies[0]",
        "unknown policy 'nope'",
    ),
    # services
    "service type": ({"services": "lake: {hosts: [h]}  # HERE"}, "services.lake.type", "missing; add `type:`"),
    "service of no type": (
        service("type: s4", base="hosts: [h]"),
        "services.lake.type",
        "known: 's3', 'execute-api', 'json'",
    ),
    "service's key of another type": (service("stage: x"), "services.lake.stage", "unknown key"),
    "service's proxy": (service("proxy: haproxy"), "services.lake.proxy", "must be 'envoy', 'nginx' or 'traefik'"),
    "service's account": (service("account: nope"), "services.lake.account", "unknown account 'nope'"),
    "service's callers": (service("principals: [nope]"), "services.lake.principals[0]", "unknown account 'nope'"),
    "service's flag": (service("share_signing_key: yes"), "services.lake.share_signing_key", "not true or false"),
    "service's upstream": (service("upstream: {}"), "services.lake.upstream.endpoint", "missing; add `endpoint:`"),
    "store's address": (
        service("upstream: {endpoint: ftp://s, access_key_id: k, secret_access_key: s}", base=STORE),
        "services.lake.upstream.endpoint",
        "not a store's address; write http://HOST:PORT",
    ),
    "store's secret": (
        service("upstream: {endpoint: http://s, access_key_id: k, secret_access_key: ''}", base=STORE),
        "services.lake.upstream.secret_access_key",
        "empty, or not printable ASCII",
    ),
    # Whoever sends no token at all would be the proxy.
    "empty proxy token": (
        service("proxy_token: ''", base="type: s3\n  hosts: [h]"),
        "services.lake.proxy_token",
        "empty, or not printable ASCII",
    ),
    "proxy token with a line's end": (
        service('proxy_token: "token\\n"', base="type: s3\n  hosts: [h]"),
        "services.lake.proxy_token",
        "empty, or not printable ASCII",
    ),
    "proxy that gets signatures": (
        {
            "gateway": "public_url: https://sts.example.com\nkeyring: ./k\ninternal_listen: 127.0.0.1:9090",
            "services": "lake: {type: s3, hosts: [h], upstream: {endpoint: 'http://s', access_key_id: k, "
            "secret_access_key: s}}  # HERE",
        },
        "services.lake.proxy_token",
        "missing; add `proxy_token:`, which proves the proxy that gets signatures",
    ),
    "proxy at the public listener": (
        {"services": "lake: {type: s3, hosts: [h]}  # HERE"},
        "services.lake.proxy_token",
        "missing; add `proxy_token:`, or `gateway.internal_listen`",
    ),
    "host of two services": (
        {"services": "a: {type: s3, hosts: [h]}\nb: {type: s3, hosts: [h]}  # HERE"},
        "services.b.hosts[0]",
        "one host given to two services",
    ),
    "API without account": (
        {"services": "api: {type: execute-api, hosts: [h], id: x}  # HERE"},
        "services.api.account",
        "missing; add `account:`",
    ),
}


@pytest.mark.parametrize(("sections", "key", "message"), ROWS.values(), ids=ROWS.keys())
def test_a_mistake_is_told_with_its_line_its_key_and_the_mend(
    written: Written, sections: dict[str, str], key: str, message: str
) -> None:
    text = written.text(**sections)

    error = written.refused_text(text)

    found = {(fault.key, fault.message): fault for fault in error.faults}
    fault = next((fault for (at, told), fault in found.items() if at == key and message in told), None)
    assert fault is not None, f"not told; told: {[one.render('error') for one in error.faults]}"
    assert fault.file == written.path
    if "# HERE" in text:
        assert fault.line == marked_line(text)
    elif key.split(".", maxsplit=1)[0] in sections and sections[key.split(".", maxsplit=1)[0]]:
        assert fault.line == text.splitlines().index(f"{key.split('.', maxsplit=1)[0].split('[', maxsplit=1)[0]}:") + 1


def test_the_honest_configuration_of_these_tests_has_no_fault(written: Written) -> None:
    assert written.load().warnings == ()


def test_all_faults_of_one_file_are_told_at_once_in_the_order_of_its_lines(written: Written) -> None:
    error = written.refused(
        gateway=f"{GATEWAY}regoin: x",
        accounts="a: 111122223333",
        roles="a/One: {max_session_duration: 1d, policies: [nope]}",
        mappings="- {provider: nobody, groups: [], roles: [a/Two]}",
        users="b/ci: {access_keys: [{id: x, secret: y}]}",
    )

    keys = [fault.key for fault in error.faults]
    assert set(keys) >= {
        "gateway.regoin",
        "accounts.a",
        "roles.a/One.max_session_duration",
        "roles.a/One.policies[0]",
        "mappings[0].provider",
        "mappings[0].groups",
        "mappings[0].roles[0]",
        "users.b/ci",
        "users.b/ci.access_keys[0].id",
        "users.b/ci.access_keys[0].secret",
    }
    assert [fault.line for fault in error.faults] == sorted(fault.line for fault in error.faults)


def test_a_list_whose_one_item_is_wrong_is_not_told_to_be_empty(written: Written) -> None:
    error = written.refused(mappings="- {provider: workforce, groups: [123], roles: [data-platform/Analyst]}")

    assert [fault.key for fault in error.faults] == ["mappings[0].groups[0]"]


def test_bytes_that_are_no_text_are_told_by_their_line(written: Written) -> None:
    written.path.write_bytes(written.text().encode() + b"# caf\xe9\n")

    with pytest.raises(UnreadableConfiguration) as caught:
        load(written.path)
    assert f"not UTF-8 in line {len(written.text().splitlines()) + 1}, at byte" in str(caught.value)


def test_a_role_with_a_mistake_in_it_is_no_unknown_role(written: Written) -> None:
    error = written.refused(roles="data-platform/Analyst: {path: x}")

    assert [fault.key for fault in error.faults] == ["roles.data-platform/Analyst.path"]


@pytest.mark.parametrize("kind", ["missing", "folder", "fifo", "binary", "nul"])
def test_a_path_without_a_configuration_is_unreadable(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "c.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        __import__("os").mkfifo(path)
    elif kind == "binary":
        path.write_bytes(b"gateway: \xff")
    elif kind == "nul":
        path = Path("c\0.yaml")

    with pytest.raises(UnreadableConfiguration) as caught:
        load(path)

    mend = "save it as UTF-8" if kind == "binary" else "give --config a YAML file"
    assert mend in caught.value.faults[0].message


def test_a_file_beyond_its_bound_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"#" * (4 * 1024 * 1024 + 1))

    with pytest.raises(UnreadableConfiguration, match=r"larger than 4096 KiB; spread it over several \*\.yaml"):
        load(path)


def test_a_finding_is_one_printable_line() -> None:
    fault = Fault(file=Path("c.yaml"), line=3, key="a\nb: error: x", message="\x1b[2Jgone")

    assert fault.render("error") == "c.yaml:3: error: a\\u000ab: error: x: \\u001b[2Jgone"


def test_a_long_value_is_shown_cut() -> None:
    assert shown("x" * 500) == f"'{'x' * 80}...'"


def test_the_nearest_known_word_is_offered_and_else_the_few_there_are() -> None:
    assert nearest("rigion", ["region", "keyring"]) == "; did you mean 'region'?"
    assert nearest("zzz", ["region", "keyring"]) == "; known: keyring, region"
    assert nearest("zzz", []) == "; none is configured"


@pytest.mark.parametrize(
    ("sections", "keys"),
    [
        (
            {
                "roles": "data-platform/Analyst: {}\ndata-platform/Other: {}",
                "mappings": "- {provider: workforce, groups: [g], role: [data-platform/Analyst]}",
            },
            ["mappings[0].role"],
        ),
        ({"mappings": "- {provider: workforce, group: [g], roles: [data-platform/Analyst]}"}, ["mappings[0].group"]),
        (
            {"mappings": "- {provider: github, claim: {sub: 'repo:us/*'}, roles: [data-platform/Analyst]}"},
            ["mappings[0].claim"],
        ),
        (
            {"roles": "data-platform/Analyst: {}\ndata-platform/Other: {trust_polcy: {}}"},
            ["roles.data-platform/Other.trust_polcy"],
        ),
        ({"mapings": "- {}", "mappings": ""}, ["mapings"]),
        ({"gateway": "public_url: https://h\nkeyrng: k"}, ["gateway.keyrng"]),
    ],
)
def test_a_misspelt_key_is_told_once_and_nothing_that_follows_from_it(
    written: Written, sections: dict[str, str], keys: list[str]
) -> None:
    refused = written.refused(**sections)

    assert [fault.key for fault in refused.faults] == keys
    assert "unknown key; did you mean" in refused.faults[0].message
    assert [warning.message for warning in refused.warnings] == []


def test_a_key_that_is_missing_beside_one_like_no_other_is_told(written: Written) -> None:
    refused = written.refused(mappings="- {provider: workforce, groups: [g], zzz: 1}")

    assert sorted(fault.key for fault in refused.faults) == ["mappings[0].roles", "mappings[0].zzz"]
