"""What HTTP doors share: bounds, request ids, security headers, trusted proxies.

Owns no route and no protocol.
"""
