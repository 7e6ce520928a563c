"""SAML 2.0 identity providers. This version has no SAML connector yet; settings refuse the type."""
