"""A development OpenID Connect issuer on loopback: discovery, keys, authorization code with PKCE, a page of people.

It asks no password, so it must never leave the machine. Entry point: `app.issuer_app`.
"""
