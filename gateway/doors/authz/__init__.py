"""External authorization: proxies ask here whether a request may pass, and with which headers.

Owns the proxies' dialects, each in a file of its own with one row in `dialects`: which part of a check names the
request that is judged, how an allowance and a refusal are answered. Who signed and what is allowed the exchange
decides. Entry point: `door.AuthzDoor`.
"""
