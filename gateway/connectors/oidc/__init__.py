"""OpenID Connect providers: ID tokens (and other JWTs of the same shape) in, `Identity` out.

Owns the settings of `type: oidc`, the provider's keys under all weather, verification and the table of claims. Knows
no other connector and decides nothing about roles. Entry point: `connector.OidcConnector`; `settings` alone is light.
"""
