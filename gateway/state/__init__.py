"""Short-lived facts that workers and replicas share: once-only ids, counters, records that end, a feed of events.

Owns the interface (`store`), its backends (`memory`, `sqlite`, `redis`) and the throttle of failed logins. Owns neither
sessions, which are sealed and stand in no store, nor what the facts mean: callers name a kind and a key. Entry point:
`open.open_state(url, clock)`.
"""
