"""Settings of a SAML provider: defaults, and a sentence with its mend for each fault."""

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.connectors.saml.settings import SamlSettings

HONEST = {"type": "saml", "metadata": "/etc/idp.xml"}
PEM = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"


def test_only_the_metadata_is_needed() -> None:
    settings = SamlSettings.model_validate(HONEST)

    assert settings.allow_idp_initiated is False
    assert settings.max_authentication_age == 90 * 86_400
    assert settings.attributes.model_dump() == {"username": "uid", "groups": "memberOf", "email": "mail"}
    assert settings.entity_id is None


@pytest.mark.parametrize("metadata", ["https://idp.example/metadata", "http://127.0.0.1:8080/metadata", "./idp.xml"])
def test_metadata_stands_in_a_file_or_at_an_address(metadata: str) -> None:
    assert SamlSettings.model_validate({**HONEST, "metadata": metadata}).metadata == metadata


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no metadata": ({"metadata": ""}, "at least 1 character"),
    "metadata over http": ({"metadata": "http://idp.example/metadata"}, "use https"),
    "metadata over another scheme": ({"metadata": "file:///etc/idp.xml"}, "is not a URL of metadata"),
    "metadata with a user": ({"metadata": "https://a:b@idp.example/"}, "user name"),
    "metadata itself": ({"metadata": "<EntityDescriptor/>"}, "holds the content"),
    "an entity id that is none": ({"entity_id": "sts gateway"}, "write a URI"),
    "an age too short": ({"max_authentication_age": "1m"}, "from 5m to 366d"),
    "an age that is none": ({"max_authentication_age": "long"}, "not a duration"),
    "a flag that is none": ({"allow_idp_initiated": "yes"}, "not true or false"),
    "a key without its certificate": ({"private_key": PEM}, "belong together"),
    "a certificate without its key": ({"certificate": "sp.crt"}, "belong together"),
    "a key that is none": ({"certificate": "sp.crt", "private_key": "./sp.key"}, r"\$\{file:PATH\}"),
    "a certificate itself": ({"certificate": "-----BEGIN CERTIFICATE-----", "private_key": PEM}, "holds the content"),
    "an unknown key": ({"audience": "x"}, "Extra inputs"),
    "an attribute without a name": ({"attributes": {"groups": ""}}, "at least 1 character"),
}


@pytest.mark.parametrize(("changes", "told"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_mend(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told) as refused:
        SamlSettings.model_validate({**HONEST, **changes})

    assert PEM not in str(refused.value)
