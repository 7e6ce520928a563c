"""IAM Identity Center's own API, `/sso-oidc/...` and `/sso/...`, as AWS's SDKs and the CLI call it.

Parses requests, calls `exchange.programs` and renders; pages for people are the portal's. Entry point: `door.routes`.
"""
