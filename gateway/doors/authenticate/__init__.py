"""The gateway's own API for resource servers and operators: `/v1/authenticate` and `/v1/revocations`.

Entry point: `door.routes`. Decides nothing: signatures, permissions and revocations are the exchange's.
"""
