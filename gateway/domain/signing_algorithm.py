"""The algorithms with which the gateway signs ID tokens of its own (RFC 7518 section 3.1)."""

from enum import StrEnum


class SigningAlgorithm(StrEnum):
    """Those of AWS's GetWebIdentityToken."""

    RS256 = "RS256"
    ES384 = "ES384"
