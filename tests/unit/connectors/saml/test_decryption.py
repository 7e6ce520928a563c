import datetime as dt

import pytest
import xmlsec
from cryptography.hazmat.primitives import serialization

from gateway.connectors.saml.decryption import decryption_key
from gateway.connectors.saml.verification import Verification
from gateway.domain.assertion import UNSOLICITED
from gateway.domain.errors import InvalidIdentityToken
from tests.fakes.saml_attacks import World
from tests.fakes.saml_identity_provider import certificate_of, encoded, pem_of, private_key

WORLD = World(now=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))


def test_an_rsa_key_opens():
    assert decryption_key(pem_of(private_key("RSA", "sp"))).key_size == 2048


def test_a_key_of_a_curve_opens_nothing_and_is_told():
    with pytest.raises(ValueError, match="not an RSA key"):
        decryption_key(pem_of(private_key("P-256", "sp")))


def test_a_key_with_a_passphrase_is_told():
    locked = private_key("RSA", "sp").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    with pytest.raises(ValueError, match="without a passphrase"):
        decryption_key(locked.decode())


def test_what_is_no_key_is_told():
    with pytest.raises(ValueError, match="not a PEM private key"):
        decryption_key("none")


@pytest.mark.parametrize("cipher", ["AES128_GCM", "AES256_GCM", "AES128", "AES256"])
def test_wrong_keys_are_told_alike_however_often_they_are_tried(cipher):
    """One wrong key in sixteen leaves a last byte that could be CBC's padding; what follows must not be told."""
    verification = Verification.of(WORLD.idp.trust(private_key=pem_of(private_key("RSA", "sp"))))
    answer = WORLD.idp.encrypted(
        WORLD.facts(), certificate_of("RSA", "another sp"), signed="ar", data=getattr(xmlsec.Transform, cipher)
    )
    told = set()
    for _ in range(80):
        with pytest.raises(InvalidIdentityToken) as refused:
            verification.verify(encoded(answer), UNSOLICITED, WORLD.now)
        told.add((str(refused.value), refused.value.cause))
    assert len(told) == 1
