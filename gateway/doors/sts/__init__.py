"""AWS STS's Query protocol at the root path: parse, call the exchange, render.

Owns how an HTTP request becomes an action of STS and how an answer goes back; decides nothing. Entry point:
`door.StsDoor`.
"""
