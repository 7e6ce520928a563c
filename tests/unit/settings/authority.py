"""A certificate for configurations that name a CA's file."""

from tests.fakes.saml_identity_provider import certificate_of
from tests.fakes.saml_world import pem

CA = pem(certificate_of("RSA", "ca"))
