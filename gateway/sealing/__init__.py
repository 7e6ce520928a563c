"""Sealed values: a keyring (oldest to newest key) and an authenticated envelope around bytes.

Owns key files, key rotation and the token format; knows nothing of what is sealed. Entry points: `envelope.Sealer`,
`live_keyring.LiveKeyring`, `key_file`.
"""
