"""Connectors prove identities: each speaks to one kind of external user store and gives an `Identity`.

Owns the capability protocols (`connector`) and the registry by name and by issuer; each kind has a folder of its own
and knows no other. Nothing here decides what an identity may do.
"""

import gateway.connectors.slim_pydantic  # noqa: F401  before any settings
