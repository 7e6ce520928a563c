"""The embedded world of `make demo`: a development OIDC issuer, a resource server and the gateway on loopback.

Nothing here serves anybody but a newcomer on his own machine: the issuer asks no password. Entry points:
`world.running` (the three servers), `script.tell` (the story in numbered steps).
"""
