"""AWS Signature Version 4, pure: read a signed request, compute what a conforming signer makes, compare.

Owns canonical forms, scopes, dates, payload modes and signing keys. Looks nothing up: the secret or the signing key,
the time and the body's hash are arguments. Judges no action and no principal.
Entry points: `request.parse`, then `scope.check_scope`, `verify.check_time` and `verify.verify`; `sign.sign`; and
`string_to_sign` for a server that shows another one what it received.
"""
