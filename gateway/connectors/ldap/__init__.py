"""LDAP and Active Directory. This version has no LDAP connector yet; settings refuse the type."""
