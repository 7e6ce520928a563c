import datetime as dt
import hashlib
import logging

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from gateway.connectors.saml.certificates import METHODS, usable_certificates, weakness_of
from tests.fakes.saml_identity_provider import certificate_of, private_key

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
EC_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"


def certificate(key, *, days: int = 1, signer=None) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=7,
        not_valid_before=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        not_valid_after=dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=days),
    )
    return builder.sign(signer or private_key("RSA"), hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def of_unknown_curve() -> bytes:
    """A P-256 certificate that names 1.2.840.10045.3.1.6 as its curve, which cryptography does not know."""
    named = bytes.fromhex("06082a8648ce3d0301")
    return certificate(private_key("P-256")).replace(named + b"\x07", named + b"\x06")


def of_unknown_version() -> bytes:
    return certificate(private_key("RSA")).replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020107"), 1)


@pytest.mark.parametrize("kind", ["RSA", "P-256", "P-384", "P-521"])
def test_usual_keys_are_usable(kind):
    assert weakness_of(certificate_of(kind)) is None


def test_a_certificate_that_has_expired_still_carries_its_key():
    assert weakness_of(certificate(private_key("RSA"))) is None


@pytest.mark.parametrize(
    ("der", "weakness"),
    [
        (lambda: certificate(private_key("RSA1024")), "1024 bits"),
        (lambda: certificate(rsa.generate_private_key(public_exponent=3, key_size=2048)), "exponent"),
        (lambda: certificate(ec.generate_private_key(ec.SECP256K1())), "secp256k1"),
        (lambda: certificate(ed25519.Ed25519PrivateKey.generate()), "neither RSA"),
        (lambda: certificate(dsa.generate_private_key(1024)), "neither RSA"),
        (lambda: b"none", "not an X.509"),
        (of_unknown_curve, "not known here"),
        (of_unknown_version, "not an X.509"),
    ],
    ids=["short RSA", "exponent 3", "another curve", "Ed25519", "DSA", "no certificate", "unknown curve", "version 8"],
)
def test_weak_and_other_keys_are_not(der, weakness):
    assert weakness in weakness_of(der())


def test_those_that_are_not_are_left_out_and_told(caplog):
    good = certificate_of("RSA")
    with caplog.at_level(logging.WARNING):
        keys = usable_certificates([certificate(private_key("RSA1024")), good])
    assert [key.sha256 for key in keys] == [hashlib.sha256(good).hexdigest()]
    assert "1024 bits" in caplog.text


def test_none_left_is_an_error():
    with pytest.raises(ValueError, match="no certificate that may sign"):
        usable_certificates([certificate(private_key("RSA1024"))])


def test_a_key_verifies_only_methods_of_its_kind():
    rsa_key, ec_key = (usable_certificates([certificate_of(kind)])[0] for kind in ("RSA", "P-256"))
    made = private_key("RSA").sign(b"text", padding.PKCS1v15(), hashes.SHA256())
    r, s = decode_dss_signature(private_key("P-256").sign(b"text", ec.ECDSA(hashes.SHA256())))
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    assert rsa_key.holds(RSA_SHA256, made, b"text")
    assert ec_key.holds(EC_SHA256, raw, b"text")
    assert not rsa_key.holds(EC_SHA256, raw, b"text")
    assert not ec_key.holds(RSA_SHA256, made, b"text")
    assert not rsa_key.holds(RSA_SHA256, made, b"texts")
    assert not ec_key.holds(EC_SHA256, raw, b"texts")


@pytest.mark.parametrize("raw", [b"", b"\0" * 64, b"\xff" * 64, b"\0" * 65, b"\1" * 63], ids=len)
def test_numbers_outside_the_curve_hold_nothing(raw):
    assert not usable_certificates([certificate_of("P-256")])[0].holds(EC_SHA256, raw, b"text")


def test_a_signature_in_der_is_none_of_xml():
    der = private_key("P-256").sign(b"text", ec.ECDSA(hashes.SHA256()))
    assert not usable_certificates([certificate_of("P-256")])[0].holds(EC_SHA256, der, b"text")


def test_only_sha_2_is_taken():
    assert {hashing().name for _, hashing in METHODS.values()} == {"sha256", "sha384", "sha512"}
