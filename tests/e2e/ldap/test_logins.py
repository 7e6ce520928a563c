"""Names and passwords at a real OpenLDAP: whom they mean, and that they mean nobody else."""

from collections.abc import Callable

import pytest

from gateway.connectors.ldap.connector import LdapConnector
from gateway.domain.errors import ProviderUnreachable, RejectedLogin
from tests.e2e.ldap.conftest import BY_MAIL_TOO, Connect, names_of, patient
from tests.servers.slapd import ALICE_ID, GROUPS, PEOPLE, SUFFIX, Slapd, group, member, person, record

SAYS = "Wrong name or password, or too many attempts; try again in 15 minutes"


async def refusal(connector: LdapConnector, username: str, password: str) -> RejectedLogin:
    with pytest.raises(RejectedLogin) as refused:
        await connector.authenticate(username, password)
    assert str(refused.value) == SAYS
    return refused.value


SPELLINGS = ["alice", "Alice", "alice ", " ALICE", "ａｌｉｃｅ", "alice@example.test", "ALICE@Example.Test"]


@pytest.mark.parametrize("typed", SPELLINGS)
async def test_one_person_is_one_principal_however_typed(openldap: Slapd, connect: Connect, typed: str) -> None:
    connector = connect(openldap, users=BY_MAIL_TOO)

    located = await connector.locate(typed, "alice-secret")
    identity = await connector.prove(located)

    assert located.principal_key == "alice"
    assert (identity.username, identity.subject, identity.email) == ("alice", ALICE_ID, "alice@example.test")
    assert names_of(identity.groups) == {"analysts", "everybody"}
    assert identity.issuer == "ldap-provider/corp"
    assert identity.amr == ("pwd",)


@pytest.mark.parametrize(
    "typed", ["CORP\\alice", "alice@corp.example", "\u0430lice", "alice$", "uid=alice", member("alice")]
)
async def test_other_names_are_nobody(openldap: Slapd, connect: Connect, typed: str) -> None:
    await refusal(connect(openldap, users=BY_MAIL_TOO), typed, "alice-secret")


async def test_a_failure_counts_under_the_entry_found_and_under_what_was_typed(
    openldap: Slapd, connect: Connect
) -> None:
    connector = connect(openldap, users=BY_MAIL_TOO)

    known = await refusal(connector, "Alice@example.test", "wrong")
    unknown = await refusal(connector, " NoBody ", "wrong")
    located = await connector.locate("Alice@example.test", "wrong")

    assert (known.principal_key, known.cause) == ("alice", "the password is wrong")
    assert (unknown.principal_key, unknown.cause) == ("nobody", "no entry has the name")
    assert (located.typed_key, located.principal_key) == ("alice@example.test", "alice")
    assert (known.account_state, unknown.account_state) == (None, None)


@pytest.mark.parametrize("password", ["", " ", "\t", "\0", "\0alice-secret", "\u00ad"], ids=repr)
async def test_a_password_that_is_none_is_refused_before_a_socket_opens(
    openldap: Slapd, connect: Connect, password: str
) -> None:
    connector = connect(openldap)
    before = openldap.count("ACCEPT")

    await refusal(connector, "alice", password)

    assert openldap.count("ACCEPT") == before


async def test_a_password_of_letters_that_have_plainer_forms_goes_as_it_was_typed(
    start_openldap: Callable[..., Slapd], connect: Connect
) -> None:
    secret = "gr\u00fcn\u00b2\u00b4\u00bd\u00a0\ufb01x"
    connector = connect(start_openldap(data=person("alice", secret)))

    assert (await connector.authenticate("alice", secret)).username == "alice"


HOSTILE = [
    "*",
    "a*",
    "*)(uid=*))(|(uid=*",
    "alice)(uid=alice",
    "\\61lice",
    "\\2a",
    "\\00",
    "alice,ou=people",
    "a" * 256,
]


@pytest.mark.parametrize("typed", HOSTILE)
async def test_a_hostile_name_is_at_most_one_exact_search(openldap: Slapd, connect: Connect, typed: str) -> None:
    refused = await refusal(connect(openldap), typed, "alice-secret")

    assert refused.cause == "no entry has the name"


async def test_a_name_of_special_characters_finds_its_one_entry(openldap: Slapd, connect: Connect) -> None:
    identity = await connect(openldap).authenticate("we*i(r)d\\2a,+=", "weird-secret")

    assert identity.username == "we*i(r)d\\2a,+="


async def test_a_name_that_two_entries_have_is_nobodys(openldap: Slapd, connect: Connect) -> None:
    connector = connect(openldap, users=BY_MAIL_TOO)

    assert (await refusal(connector, "twins@example.test", "twin-secret")).cause == "the name means several entries"
    # Mallory's address is Bob's name: neither gets in by it, and each by what is theirs alone.
    assert (await refusal(connector, "bob", "bob-secret")).cause == "the name means several entries"
    assert (await refusal(connector, "bob", "mallory-secret")).cause == "the name means several entries"
    assert (await connector.authenticate("mallory", "mallory-secret")).username == "mallory"


async def test_a_user_name_that_two_entries_have_is_nobodys_however_each_is_found(
    start_openldap: Callable[..., Slapd], connect: Connect
) -> None:
    branch = f"ou=branch,{PEOPLE}"
    double = record(
        f"uid=alice,{branch}", "inetOrgPerson", uid="alice", cn="x", sn="x", mail="double@example.test",
        userPassword="double-secret",
    )  # fmt: skip
    data = (
        person("alice", "alice-secret")
        + person("bob", "bob-secret")
        + record(branch, "organizationalUnit", ou="branch")
        + group("g", member("bob"))
    )
    server = start_openldap(data=data)
    connector = connect(server, users=BY_MAIL_TOO)

    assert (await connector.authenticate("alice@example.test", "alice-secret")).username == "alice"
    server.ldapmodify(double.replace("\n", "\nchangetype: add\n", 1))

    refused = await refusal(connector, "double@example.test", "double-secret")
    assert refused.cause == f"other entries than uid=alice,{branch} have its uid"
    assert "have its uid" in (await refusal(connector, "alice@example.test", "alice-secret")).cause
    assert (await connector.inspect("double@example.test")).faults == (f"double@example.test: {refused.cause}",)
    assert (await connector.authenticate("bob@example.test", "bob-secret")).username == "bob"


async def test_a_computer_account_is_nobody_by_any_name(openldap: Slapd, connect: Connect) -> None:
    connector = connect(openldap, users=BY_MAIL_TOO)

    assert "computer" in (await refusal(connector, "host1@example.test", "host-secret")).cause
    assert "computer" in (await refusal(connector, "host1$", "host-secret")).cause


async def test_of_several_names_the_one_in_the_dn_counts_and_without_it_none(openldap: Slapd, connect: Connect) -> None:
    connector = connect(openldap)

    assert (await connector.authenticate("caz", "carol-secret")).username == "carol"
    assert "has not one printable uid" in (await refusal(connector, "one1", "two-secret")).cause


async def test_claims_are_the_attributes_asked_for_and_never_a_password(openldap: Slapd, connect: Connect) -> None:
    wanted = frozenset(
        {"departmentNumber", "employeeType", "employeeNumber", "userPassword", "sn", "no attribute", "a.b", ""}
    )

    identity = await connect(openldap, attributes=wanted).authenticate("alice", "alice-secret")

    assert {name: identity.claims.get(name) for name in wanted} == {
        "departmentNumber": "7",
        "employeeType": ("a", "b"),
        "employeeNumber": None,
        "userPassword": None,
        "no attribute": None,
        "a.b": None,
        "": None,
        "sn": "alice",
    }
    assert identity.claims["dn"] == member("alice")


async def test_who_is_renamed_between_search_and_bind_is_refused(
    start_openldap: Callable[..., Slapd], connect: Connect
) -> None:
    server = start_openldap(data=person("alice", "old-secret"))
    connector = connect(server)

    gone = await connector.locate("alice", "old-secret")
    replaced = await connector.locate("alice", "new-secret")
    server.ldapmodify(f"dn: {member('alice')}\nchangetype: modrdn\nnewrdn: uid=alicia\ndeleteoldrdn: 1\n")
    with pytest.raises(RejectedLogin):
        await connector.prove(gone)
    server.ldapmodify(person("alice", "new-secret").replace("\n", "\nchangetype: add\n", 1))
    with pytest.raises(RejectedLogin, match="try again") as refused:
        await connector.prove(replaced)

    assert "renamed or replaced" in refused.value.cause
    assert (await connector.authenticate("alicia", "old-secret")).username == "alicia"


async def test_a_service_account_that_is_refused_is_told_and_not_tried_again_at_once(
    openldap: Slapd, connect: Connect
) -> None:
    connector = connect(openldap, bind_password="canary-mistyped")
    before = openldap.count(f'BIND dn="cn=svc,{SUFFIX}" method')

    for _ in range(5):
        with pytest.raises(ProviderUnreachable) as refused:
            await connector.authenticate("alice", "alice-secret")
        assert f"service account cn=svc,{SUFFIX} is refused: INVALID_CREDENTIALS (49)" in refused.value.cause
        assert "canary" not in refused.value.cause

    # Each bind is logged twice where it succeeds, once where it does not.
    assert openldap.count(f'BIND dn="cn=svc,{SUFFIX}" method') == before + 1
    assert connector.last_error is not None


@pytest.mark.parametrize("base", [f"ou=nowhere,{SUFFIX}", "dc=elsewhere,dc=test"])
async def test_a_base_that_is_not_there_is_told_to_the_operator_and_not_as_a_wrong_password(
    openldap: Slapd, connect: Connect, base: str
) -> None:
    for changed in ({"users": {"base": base}}, {"groups": {"base": base}}):
        with pytest.raises(ProviderUnreachable) as refused:
            await connect(openldap, **changed).authenticate("alice", "alice-secret")
        assert f"{next(iter(changed))}.base {base} cannot be searched" in refused.value.cause


BY_TEMPLATE = {
    "bind_dn": None,
    "bind_password": None,
    "users": {},
    "user_dn_template": f"uid={{username}},{PEOPLE}",
}


async def test_people_bind_by_a_template_without_any_service_account(
    start_openldap: Callable[..., Slapd], connect: Connect
) -> None:
    data = (
        person("alice", "alice-secret")
        + f"\ndn: cn=analysts,{GROUPS}\nobjectClass: groupOfNames\ncn: analysts\nmember: {member('alice')}\n\n"
    )
    server = start_openldap(data=data, others_read=True)
    connector = connect(server, **BY_TEMPLATE)

    identity = await connector.authenticate("Alice", "alice-secret")

    assert (identity.username, names_of(identity.groups)) == ("alice", {"analysts"})
    assert (await refusal(connector, "alice", "wrong")).principal_key == "alice"
    assert (await refusal(connector, "NOBODY", "wrong")).principal_key == "nobody"
    assert server.count("cn=svc") == 0


async def test_who_binds_by_a_template_has_one_count_however_the_directory_folds_names(
    start_openldap: Callable[..., Slapd], connect: Connect
) -> None:
    connector = connect(start_openldap(data=person("alice", "alice-secret"), others_read=True), **BY_TEMPLATE)

    # To OpenLDAP the dotted capital is a plain i.
    located = await connector.locate("al\u0130ce", "alice-secret")

    assert (await connector.prove(located)).username == "alice"
    assert located.principal_key == "alice"


@pytest.mark.parametrize("typed", ["alice,ou=people", "*", "alice+uid=alice", "\\61lice", 'a"b', "x,uid=alice"])
async def test_a_hostile_name_stays_one_value_of_the_template(openldap: Slapd, connect: Connect, typed: str) -> None:
    await refusal(connect(openldap, **BY_TEMPLATE), typed, "alice-secret")


async def test_a_referral_is_never_followed(start_openldap: Callable[..., Slapd], connect: Connect) -> None:
    elsewhere = start_openldap(data=person("alice", "alice-secret"))
    seen = elsewhere.count("ACCEPT")
    referral = record(
        f"ou=away,{PEOPLE}", "referral", "extensibleObject", ou="away", ref=f"{elsewhere.plain_url}/{PEOPLE}"
    )
    server = start_openldap(data=person("bob", "bob-secret") + referral)
    server.ldapmodify(patient("bob"))
    searching = connect(server)
    binding = connect(server, **BY_TEMPLATE | {"user_dn_template": f"uid={{username}},ou=away,{PEOPLE}"})
    based = connect(server, users={"base": f"ou=away,{PEOPLE}"})

    # A continuation among the results, in place of the bind's answer, and in place of the search's.
    assert (await searching.authenticate("bob", "bob-secret")).username == "bob"
    assert (await refusal(searching, "alice", "alice-secret")).cause == "no entry has the name"
    await refusal(binding, "alice", "alice-secret")
    with pytest.raises(ProviderUnreachable) as refused:
        await based.authenticate("alice", "alice-secret")
    assert "REFERRAL (10)" in refused.value.cause

    assert elsewhere.count("ACCEPT") == seen


async def test_a_positive_answer_is_never_kept(start_openldap: Callable[..., Slapd], connect: Connect) -> None:
    server = start_openldap(data=person("alice", "old-secret"))
    # Under the default policy a password that somebody else sets must be changed first.
    server.ldapmodify(patient("alice"))
    connector = connect(server)
    await connector.authenticate("alice", "old-secret")

    server.ldapmodify(f"dn: {member('alice')}\nchangetype: modify\nreplace: userPassword\nuserPassword: new-secret\n")

    assert (await refusal(connector, "alice", "old-secret")).cause == "the password is wrong"
    assert (await connector.authenticate("alice", "new-secret")).username == "alice"
