"""SAML 2.0 identity providers: signed assertions in, `ProvenAssertion` out; requests and logouts in both directions.

Owns the settings of `type: saml`, the providers' metadata, verification of all that they send, and the gateway's own
messages and metadata. Knows no other connector and decides nothing about roles. Uses no assertion up: whoever acts on
one does. Entry point: `connector.SamlConnector`; `settings` alone is light.
"""
