"""LDAP and Active Directory: a name and its password in, `Identity` out.

Owns the settings of `type: ldap`, the connections to a directory's servers under all weather, whom a typed name means,
the groups of a person, and what the directory says of an account. Knows no other connector and decides nothing about
roles. Entry point: `connector.LdapConnector`; `settings` alone is light: only `session` loads ldap3.
"""
