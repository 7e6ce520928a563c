"""Sessions: the session token, minting, and turning a signed request back into its principal.

Owns access key ids, secrets and what a token holds; the envelope itself is `gateway.sealing`'s. Entry points:
`issuer.SessionIssuer`, `authenticator.Authenticator`.
"""
