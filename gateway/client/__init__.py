"""Clients of the gateway for programs on other machines: standard library only, so that they start fast.

Owns HTTP, the signature of what is sent, and where AWS credentials are found. Knows the wire's forms, and nothing of
the server behind it. Entry points: `api.GatewayApi`, `aws_credentials.find`.
"""
