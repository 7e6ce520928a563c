"""The redirect binding: what is signed is the query's own characters, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.saml.certificates import usable_certificates
from gateway.connectors.saml.own_key import OwnKey
from gateway.connectors.saml.redirect_binding import RedirectedMessage, address_with, verified
from gateway.domain.errors import InvalidIdentityToken
from tests.fakes.saml_identity_provider import certificate_of, pem_of, private_key

DOCUMENT = b"<LogoutRequest/>"


def key(kind: str) -> OwnKey:
    return OwnKey(private=private_key(kind), certificate=certificate_of(kind), pem=pem_of(private_key(kind)))


KEYS = usable_certificates([certificate_of("RSA"), certificate_of("P-256")])


def query(relay_state: str | None = None, kind: str = "RSA", document: bytes = DOCUMENT) -> bytes:
    address = address_with("https://idp.example/slo?a=b", "SAMLRequest", document, relay_state, key(kind))
    return address.partition("?a=b&")[2].encode()


@pytest.mark.parametrize("kind", ["RSA", "P-256"])
@pytest.mark.parametrize("relay_state", [None, "", "a b&c=d%"])
def test_what_one_side_signs_the_other_reads(kind: str, relay_state: str | None) -> None:
    assert verified(query(relay_state, kind), KEYS) == RedirectedMessage(
        kind="SAMLRequest", document=DOCUMENT, relay_state=relay_state
    )


def test_other_parameters_are_nobodys() -> None:
    assert verified(b"lang=de&" + query(), KEYS).document == DOCUMENT


def test_a_message_that_inflates_without_end_is_refused() -> None:
    with pytest.raises(InvalidIdentityToken) as refused:
        verified(query(document=b"<a>" + b"x" * 3_000_000 + b"</a>"), KEYS)

    assert "inflates" in refused.value.cause


@given(st.binary(max_size=300))
def test_no_query_is_anything_but_refused(raw: bytes) -> None:
    with pytest.raises(InvalidIdentityToken):
        verified(raw, KEYS)


@given(st.integers(0, 700), st.binary(min_size=1, max_size=3))
def test_a_changed_query_is_refused_or_says_the_same(at: int, put: bytes) -> None:
    honest = query("state")
    changed = honest[: at % len(honest)] + put + honest[at % len(honest) + len(put) :]
    try:
        message = verified(changed, KEYS)
    except InvalidIdentityToken:
        return
    assert (message.document, message.relay_state) == (DOCUMENT, "state")
