"""`${env:NAME}` and `${file:PATH}`: what they give, what they leave alone, and that nothing of it is ever shown."""

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.settings.faults import ConfigurationError
from gateway.settings.load import load
from tests.unit.settings.written import Written, provider_files

CANARY = "canary-hunter2-canary"
MAPPING = "- {provider: workforce, claims: {sub: CLAIM}, roles: [data-platform/Analyst]}"


def claim_of(written: Written, value: str, **environment: str) -> str:
    configuration = written.load(mappings=MAPPING.replace("CLAIM", value), environment=environment)
    return configuration.mappings[0].claims["sub"][0]


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ('"${env:X}"', "value"),
        ('"a-${env:X}-${env:Y}"', "a-value-${env:X}"),
        ('"$${env:X}"', "${env:X}"),
        ('"$$${env:X}"', "$${env:X}"),
        ('"$${file:/etc/passwd}"', "${file:/etc/passwd}"),
        ('"${aws:username}"', "${aws:username}"),
        ('"${*}${$}${?}"', "${*}${$}${?}"),
        ('"${ENV:X}"', "${ENV:X}"),
        ('"${Env:X} {env:X} $env:X"', "${Env:X} {env:X} $env:X"),
    ],
)
def test_only_our_own_references_are_replaced(written: Written, value: str, meant: str) -> None:
    assert claim_of(written, value, X="value", Y="${env:X}") == meant


def test_a_plain_reference_gives_a_text_whatever_it_looks_like(written: Written) -> None:
    mappings = "- provider: workforce\n  roles: [data-platform/Analyst]\n  claims:\n    sub: ${env:X}"

    configuration = written.load(mappings=mappings, environment={"X": "12345"})

    assert configuration.mappings[0].claims == {"sub": ("12345",)}


def test_a_reference_inside_braces_without_quotes_is_told_with_its_mend(written: Written) -> None:
    error = written.refused(accounts="{a: ${env:X}}")

    assert 'inside [ ] and { } write references in quotes: "${env:NAME}"' in error.faults[0].message


def test_a_file_is_found_beside_the_configuration_and_its_last_newlines_are_dropped(written: Written) -> None:
    (written.folder / "sub").mkdir()
    (written.folder / "sub" / "claim").write_text(" two\nlines\r\n\n")

    assert claim_of(written, '"${file:sub/claim}"') == " two\nlines"


def test_a_number_and_a_duration_may_come_from_outside(written: Written) -> None:
    configuration = written.load(
        roles='data-platform/Analyst: {max_session_duration: "${env:D}"}', environment={"D": "2h"}
    )

    assert configuration.roles[0].maximum_duration == 7200


def test_a_policy_may_come_from_a_json_file(written: Written) -> None:
    document = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}'
    (written.folder / "deny.json").write_text(document)

    configuration = written.load(
        policies="read-lake: ${file:deny.json}",
        roles='data-platform/Analyst: {policies: [read-lake, "${file:deny.json}"]}',
    )

    assert configuration.policies["read-lake"]["Statement"][0]["Effect"] == "Deny"
    assert [policy.document["Version"] for policy in configuration.roles[0].policies] == ["2012-10-17", "2012-10-17"]


def test_variables_of_iam_stay_in_policies(written: Written) -> None:
    resource = "arn:aws:s3:::home/${aws:username}/*"
    configuration = written.load(
        policies=f"read-lake: {{Version: 2012-10-17, Statement: [{{Effect: Allow, Action: '*', Resource: '{resource}'}}]}}"
    )

    assert configuration.policies["read-lake"]["Statement"][0]["Resource"] == resource


def test_files_that_were_read_are_among_the_sources(written: Written) -> None:
    (written.folder / "claim").write_text("x")
    provider_files(written.folder)
    provider = 'workforce: {type: oidc, issuer: "https://h", audiences: [a], ca_file: ca.pem}'

    configuration = written.load(providers=provider, mappings=MAPPING.replace("CLAIM", '"${file:claim}"'))

    assert configuration.sources == (written.path, written.folder / "claim", written.folder / "ca.pem")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('"${env:NOT_SET}"', "the environment variable NOT_SET is not set; set it"),
        ('"${env:}"', "takes the name of an environment variable"),
        ('"${env:A B}"', "takes the name of an environment variable"),
        ('"${env:BELL}"', "gives a control character"),
        ('"${env:BYTES}"', "bytes that are no text"),
        ('"${env:X"', "without its closing `}`"),
        ('"${file:nope}"', "its path counts from the folder of the configuration"),
        ('"${file:.}"', "cannot read"),
        ('"${file:fifo}"', "not a regular file"),
        ('"${file:binary}"', "not UTF-8"),
        ('"${file:large}"', "larger than 1024 KiB"),
        ('"${file:/dev/zero}"', "not a regular file"),
    ],
)
def test_a_reference_without_value_is_the_only_fault_told_of_its_place(
    written: Written, value: str, message: str
) -> None:
    __import__("os").mkfifo(written.folder / "fifo")
    (written.folder / "binary").write_bytes(b"\xff\xfe")
    (written.folder / "large").write_bytes(b"x" * (1024 * 1024 + 1))
    users = f"data-platform/ci: {{access_keys: [{{id: AKIAEXAMPLEEXAMPLE22, secret: {value}}}]}}"

    error = written.refused(users=users, environment={"BELL": "\x07", "BYTES": "\udcff"})

    assert [fault.key for fault in error.faults] == ["users.data-platform/ci.access_keys[0].secret"]
    assert message in error.faults[0].message


def test_references_of_more_than_the_bound_in_all_are_refused(written: Written) -> None:
    (written.folder / "large").write_bytes(b"x" * (1024 * 1024))

    error = written.refused(mappings=MAPPING.replace("CLAIM", '"' + "${file:large}" * 17 + '"'))

    assert "more than 16 MiB in all" in error.faults[0].message


KEYS_OF_TEXTS = [
    "gateway.public_url",
    "gateway.region",
    "gateway.state",
    "gateway.internal_listen",
    "gateway.trusted_proxies",
    "gateway.tls.certificate",
    "gateway.audit.on_failure",
    "gateway.throttle.per_user",
    "gateway.browser_session.idle",
    "accounts.web-shop",
    "providers.workforce.type",
    "providers.workforce.issuer",
    "providers.workforce.algorithms",
    "providers.workforce.ca_file",
    "providers.workforce.claims",
    "roles.data-platform/Analyst.path",
    "roles.data-platform/Analyst.max_session_duration",
    "roles.data-platform/Analyst.policies",
    "roles.data-platform/Analyst.permissions_boundary",
    "roles.data-platform/Analyst.tags",
    "roles.data-platform/Analyst.trust_policy",
    "policies.read-lake",
    "policies.read-lake.Version",
    "policies.read-lake.Statement",
    "users.data-platform/ci.policies",
    "users.data-platform/ci.access_keys",
    "mappings",
    "services",
    "unknown",
]


def _tree(written: Written) -> dict[str, object]:
    tree: dict[str, object] = yaml.safe_load(written.text())
    return tree


def _put(tree: dict[str, object], way: str, value: object) -> None:
    steps = way.split(".")
    here: dict[str, object] = tree
    for step in steps[:-1]:
        here = here.setdefault(step, {})  # type: ignore[assignment]
    here[steps[-1]] = value


@pytest.mark.parametrize("shape", ["text", "list", "section", "list of sections"])
@pytest.mark.parametrize("way", KEYS_OF_TEXTS)
def test_what_came_through_a_reference_is_in_no_fault_and_no_warning(written: Written, way: str, shape: str) -> None:
    reference = "${env:X}"
    values = {
        "text": reference,
        "list": [reference],
        "section": {"id": reference},
        "list of sections": [{"id": reference}],
    }
    tree = _tree(written)
    _put(tree, way, values[shape])

    path = written.write(yaml.safe_dump(tree))

    try:
        told = "\n".join(one.render("warning") for one in load(path, environment={"X": CANARY}).warnings)
    except ConfigurationError as error:
        told = "\n".join([str(error), repr(error), *(one.render("error") for one in error.faults + error.warnings)])

    assert CANARY not in told


@pytest.mark.parametrize(
    "value", [CANARY, "abc", "1234567", "true", "[abcdefg]", "{abcdefg: abcdefg}", "/run/secrets/x"]
)
@pytest.mark.parametrize(
    "place",
    [
        "providers: {p: {type: oidc, issuer: https://h, audiences: [a], client_secret: VALUE}}",
        "providers: {p: {type: ldap, bind_password: VALUE}}",
        "providers: {p: {type: saml, private_key: VALUE}}",
        "providers: {p: {type: oidc, secret: VALUE}}",
        "users: {a/b: {access_keys: [{id: AKIAEXAMPLEEXAMPLE22, secret: VALUE}]}}",
        "users: {a/b: {access_keys: {secret: VALUE}}}",
        "users: {a/b: {secret: VALUE}}",
        "gateway: {tls: {certificate: x, private_key: VALUE}}",
        "services: {s: {type: s3, hosts: [h], proxy_token: VALUE}}",
        "services: {s: {type: s3, hosts: [h], upstream: {secret_access_key: VALUE}}}",
        "services: {s: {type: s3, hosts: [VALUE], proxy_token: VALUE}}",
        "secret: VALUE",
    ],
)
def test_the_value_of_a_secret_key_is_in_no_fault(written: Written, place: str, value: str) -> None:
    error = written.refused_text(place.replace("VALUE", value))

    shown = value.strip("[]{}").split(":")[0]
    told = "\n".join(
        one.message for one in error.faults + error.warnings if "secret" in one.key or "private" in one.key
    )
    assert shown not in told.replace("true or false", "").replace("printable", "")
    if len(shown) >= 6:
        assert shown not in "\n".join(one.render("x") for one in error.faults + error.warnings).replace(
            "abcdefg: unknown key", ""
        )


def test_a_loaded_configuration_shows_no_secret(written: Written) -> None:
    configuration = written.load(
        gateway="public_url: https://h\nkeyring: k\nstate: ${env:STATE}",
        providers='workforce: {type: oidc, issuer: "https://login", audiences: [a], client_id: c, client_secret: "${env:X}"}',
        users='data-platform/ci: {access_keys: [{id: AKIAEXAMPLEEXAMPLE22, secret: "${env:X}"}]}',
        environment={"X": CANARY, "STATE": f"redis://:{CANARY}@redis"},
    )

    assert CANARY not in repr(configuration)
    assert configuration.users[0].access_keys[0].secret_access_key == CANARY


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=20))
def test_any_printable_value_arrives_unchanged(written: Written, value: str) -> None:
    assert claim_of(written, '"${env:X}"', X=value) == value


def test_environment_defaults_to_the_one_of_the_process(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STS_TEST_REGION", "eu-west-1")
    path = written.write(written.text(gateway="public_url: https://h\nkeyring: k\nregion: ${env:STS_TEST_REGION}"))

    assert load(path).gateway.region == "eu-west-1"


def test_paths_in_references_are_relative_to_the_file_that_holds_them(written: Written, tmp_path: Path) -> None:
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "region").write_text("eu-west-1\n")
    path = folder / "c.yaml"
    path.write_text("gateway: {public_url: https://h, keyring: ../k.json, region: '${file:region}'}")
    gateway = load(path).gateway

    assert (gateway.region, gateway.keyring) == ("eu-west-1", folder / ".." / "k.json")
