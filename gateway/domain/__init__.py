"""The field's words as plain values: identities, roles, grants, sessions, credentials, and what can go wrong.

Owns no behaviour beyond parsing and printing its own values; knows no protocol, no file and no clock but the one it
is given. Every other room speaks in these words. Entry points: the modules, one noun each.
"""
