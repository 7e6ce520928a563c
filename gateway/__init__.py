"""sts-gateway: a federated identity gateway that trades external logins for AWS STS-style temporary credentials."""

__version__ = "0.1.0"
