import pytest
from cryptography.hazmat.primitives import serialization

from gateway.connectors.saml.decryption import decryption_key
from tests.fakes.saml_identity_provider import pem_of, private_key


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
