"""The composition root: settings become a running ASGI application. Knows all parts; owns no rule."""
