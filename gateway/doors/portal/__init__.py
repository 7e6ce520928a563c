"""The portal: pages for people, to sign in, see roles, take credentials and answer programs that ask in their name.

Parses requests, calls `exchange.people` and renders; works without JavaScript. Entry point: `door.routes`.
"""
