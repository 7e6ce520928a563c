"""The gateway as an OpenID Connect issuer: `/.well-known/openid-configuration` and `/.well-known/jwks.json`.

Owns the two public documents by which others check the gateway's ID tokens; signs nothing. Entry point:
`documents.routes`.
"""
