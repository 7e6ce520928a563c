"""What operators see: the audit line, the log, counters.

Owns the shape of each line and what must never be in one. Knows no protocol.
"""
