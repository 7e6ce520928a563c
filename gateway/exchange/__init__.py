"""The use cases, each a pipeline whose order is its security: assume a role, authorize a signed request.

Every security rule stands here once; doors only translate. Entry point: `exchange.Exchange`.
"""
