import datetime as dt

import pytest

from gateway.connectors.saml.trust import NAME_ID, AttributeNames
from gateway.connectors.saml.verification import Verification
from gateway.domain.assertion import UNSOLICITED, RolePair
from gateway.domain.errors import InvalidIdentityToken
from tests.fakes.saml_attacks import World
from tests.fakes.saml_identity_provider import AWS, attribute_xml, encoded

WORLD = World(now=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
METHODS = "http://schemas.microsoft.com/claims/authnmethodsreferences"


def proven(names: AttributeNames | None = None, **changes):
    verification = Verification.of(WORLD.idp.trust(attributes=names or AttributeNames()))
    return verification.verify(encoded(WORLD.honest(**changes)), UNSOLICITED, WORLD.now)


def test_the_username_can_be_the_name_id():
    identity = proven(AttributeNames(username=NAME_ID, email=NAME_ID), name_id="alice@corp.example").identity
    assert (identity.username, identity.email) == ("alice@corp.example", "alice@corp.example")


def test_an_attribute_that_is_called_like_the_name_id_is_not_the_name_id():
    identity = proven(AttributeNames(username=NAME_ID), attributes={NAME_ID: "admin"}).identity
    assert identity.username == "alice"


def test_a_friendly_name_is_nobodys_name():
    friendly = attribute_xml("urn:oid:1", "alice").replace("Name=", 'FriendlyName="uid" Name=', 1)
    with pytest.raises(InvalidIdentityToken, match="does not name its user"):
        proven(attributes={"mail": "a@b.example"}, attributes_xml=friendly)


@pytest.mark.parametrize(
    ("mail", "email"),
    [
        ("a@b.example", "a@b.example"),
        ("a@evil@corp.example", None),
        ("a b@c.example", None),
        ("a@", None),
        ("@b", None),
        ("ab", None),
        ("a\u200b@b.example", None),
        ("a" * 250 + "@b.example", None),
        (("a@b.example", "c@d.example"), None),
    ],
)
def test_only_one_plain_address_is_an_email(mail, email):
    assert proven(attributes={"uid": "alice", "mail": mail}).identity.email == email


@pytest.mark.parametrize(
    "attributes", [{"uid": "alice"}, {"uid": "alice", "memberOf": ("staff",)}], ids=["none", "one"]
)
def test_groups_are_whole_values(attributes):
    assert proven(attributes=attributes).identity.groups == set(attributes.get("memberOf", ()))


def test_methods_of_sign_in_are_those_that_microsoft_names():
    told = ("http://schemas.microsoft.com/claims/multipleauthn", "urn:oasis:names:tc:SAML:2.0:ac:classes:Password")
    assert proven(attributes={"uid": "alice", METHODS: told}).identity.amr == told
    assert proven().identity.amr == ()


def test_what_aws_attributes_ask_for_is_carried_on():
    role, provider = "arn:aws:iam::111122223333:role/Analyst", "arn:aws:iam::111122223333:saml-provider/corp"
    asked = proven(
        attributes={
            "uid": "alice",
            f"{AWS}Role": f"{role},{provider}",
            f"{AWS}RoleSessionName": "alice@corp",
            f"{AWS}SessionDuration": "7200",
            f"{AWS}SourceIdentity": "alice1",
            f"{AWS}PrincipalTag:Team": "lake",
            f"{AWS}TransitiveTagKeys": "Team",
        }
    )
    assert asked.role_pairs == (RolePair(role_arn=role, provider_arn=provider),)
    assert (asked.role_session_name, asked.session_duration) == ("alice@corp", 7200)
    assert asked.identity.source_identity == "alice1"
    assert (asked.identity.session_tags, asked.identity.transitive_tag_keys) == ({"Team": "lake"}, {"Team"})


def test_a_username_may_have_255_characters_and_no_more():
    assert proven(attributes={"uid": "a" * 255}).identity.username == "a" * 255
    with pytest.raises(InvalidIdentityToken):
        proven(attributes={"uid": "a" * 256})


def test_a_format_of_nobody_stays_as_it_is():
    assert proven(name_id_format="urn:x").identity.subject_type == "urn:x"
