"""The demo's plain pages at the gateway's address: the three people, what to type, and a sign-in that shows its token.

They stand at `/demo` and below. Entry point: `app.portal_doors`.
"""
